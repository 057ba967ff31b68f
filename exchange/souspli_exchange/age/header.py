"""The textual header of an age file: parsed strictly, written canonically.

Knows stanzas of any type and the shape of the MAC, and no key: what a stanza
means is for `hybrid` and others, whether the MAC is right is for whoever holds
the file key (`filekey`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from souspli_exchange.age.errors import AgeUsageError, HeaderError, HeaderIncompleteError
from souspli_exchange.age.rawbase64 import decode_base64, encode_base64

VERSION_LINE = b"age-encryption.org/v1\n"

MAC_BYTES = 32  # HMAC-SHA-256

# age sets no limit. All of a header is read and kept before anything in it can be
# authenticated, so there has to be one: this has room for 640 post-quantum
# recipients. What the product reads is far shorter (sealed_header).
MAX_HEADER_BYTES = 1_048_576

_STANZA_START = b"-> "
_END_START = b"---"
_BODY_COLUMNS = 64
_ARGUMENT = re.compile(rb"[\x21-\x7e]+")  # visible ASCII; an `enc` has 1,494 characters


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file key, wrapped for one recipient in a way that `recipient_type` names."""

    recipient_type: str
    """age's first argument, such as `mlkem768x25519`."""
    arguments: tuple[str, ...]
    """The arguments after the first; visible ASCII, none of them empty."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A well-formed header. Its MAC has not been checked: that takes the file key."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    authenticated: bytes
    """The very bytes that the MAC covers: up to and including `---`."""

    def encode(self) -> bytes:
        """Return the bytes of the whole header, its last line feed included."""
        return self.authenticated + b" " + encode_base64(self.mac) + b"\n"


def authenticated_part(stanzas: Sequence[Stanza]) -> bytes:
    """Return what the MAC of a header of these stanzas is computed over.

    Raises AgeUsageError if there is no stanza, or an argument is not visible ASCII.
    """
    if not stanzas:
        raise AgeUsageError("a header has at least one stanza")
    return VERSION_LINE + b"".join(map(_encode_stanza, stanzas)) + _END_START


def parse_header(data: bytes) -> tuple[Header, int]:
    """Return the header that `data` begins with, and how many bytes it takes.

    `data` may stop anywhere after the header or go on; at most MAX_HEADER_BYTES of
    it are looked at. Raises HeaderIncompleteError if everything so far is right and
    the end is missing, HeaderError for anything that https://c2sp.org/age (Header)
    does not allow.
    """
    lines = _Lines(bytes(data[: MAX_HEADER_BYTES + 1]))
    lines.take_version()
    stanzas: list[Stanza] = []
    while (line := lines.take()).startswith(_STANZA_START):
        stanzas.append(_parse_stanza(line, lines))
    if not stanzas:
        raise HeaderError("a header has at least one stanza")
    if not line.startswith(_END_START + b" "):
        raise HeaderError("neither a stanza nor the header's last line")
    mac = decode_base64(line[len(_END_START) + 1 :])
    if len(mac) != MAC_BYTES:
        raise HeaderError(f"the header's MAC is {len(mac)} bytes long, not {MAC_BYTES}")
    authenticated = lines.taken[: -len(line) - 1] + _END_START
    return Header(stanzas=tuple(stanzas), mac=mac, authenticated=authenticated), lines.position


class _Lines:
    """Hands out the lines of a buffer that may stop before the header does."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    @property
    def taken(self) -> bytes:
        return self._data[: self.position]

    def take_version(self) -> None:
        # Compared before a line feed is looked for: another kind of file is told
        # from its first bytes, not after a megabyte of waiting for more.
        start = self._data[: len(VERSION_LINE)]
        if not VERSION_LINE.startswith(start):
            raise HeaderError("not an age v1 file")
        if len(start) < len(VERSION_LINE):
            raise HeaderIncompleteError("the header stops inside its first line")
        self.position = len(VERSION_LINE)

    def take(self) -> bytes:
        """Return the next line without its line feed."""
        end = self._data.find(b"\n", self.position)
        if end < 0 and len(self._data) <= MAX_HEADER_BYTES:
            raise HeaderIncompleteError("the header has no end")
        if end < 0 or end >= MAX_HEADER_BYTES:
            raise HeaderError(f"the header is longer than {MAX_HEADER_BYTES} bytes")
        line = self._data[self.position : end]
        self.position = end + 1
        return line


def _parse_stanza(line: bytes, lines: _Lines) -> Stanza:
    arguments = line[len(_STANZA_START) :].split(b" ")
    if not all(map(_is_argument, arguments)):
        raise HeaderError("a stanza's arguments are visible ASCII with one space between")
    body = bytearray()
    while len(chunk := lines.take()) == _BODY_COLUMNS:
        body += decode_base64(chunk)
    if len(chunk) > _BODY_COLUMNS:
        raise HeaderError(f"a stanza's body has a line longer than {_BODY_COLUMNS} columns")
    body += decode_base64(chunk)
    recipient_type, *rest = (argument.decode("ascii") for argument in arguments)
    return Stanza(recipient_type=recipient_type, arguments=tuple(rest), body=bytes(body))


def _encode_stanza(stanza: Stanza) -> bytes:
    try:
        arguments = [a.encode("ascii") for a in (stanza.recipient_type, *stanza.arguments)]
    except UnicodeEncodeError:
        arguments = []
    if not arguments or not all(map(_is_argument, arguments)):
        raise AgeUsageError("a stanza's arguments are visible ASCII and not empty")
    body = encode_base64(stanza.body)
    # The last line is shorter than the others, so it is empty after a full one.
    columns = range(0, len(body) + 1, _BODY_COLUMNS)
    wrapped = b"".join(body[i : i + _BODY_COLUMNS] + b"\n" for i in columns)
    return _STANZA_START + b" ".join(arguments) + b"\n" + wrapped


def _is_argument(value: bytes) -> bool:
    return _ARGUMENT.fullmatch(value) is not None
