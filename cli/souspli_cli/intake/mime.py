"""Takes a mail apart: its headers that matter, and its leaves with their encoding off.

RFC 2045–2046; docs/specs/intake.md §3. A splitter of our own over the mail's bytes, not
`email.parser`: that one turns a mail into a list of its lines, five times the mail's size,
before anything can be counted. Here every limit is checked before what it bounds is
made, and nothing is copied but the leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_cli.intake.headers import (
    Headers,
    decode_words,
    file_name,
    is_reply_of_a_program,
    read_date,
    read_headers,
    read_message_id,
)
from souspli_cli.intake.transfer import decode_transfer
from souspli_cli.intake.values import Finding

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

_MOST_BOUNDARY_CHARACTERS: Final = 200  # RFC 2046 has 70; some programs write more
_DEFAULT_TYPE = "text/plain"
_RETURN = ord("\r")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Leaf:
    """A part that holds no others."""

    content: bytes
    """Without its transfer encoding."""
    name: str | None
    """As the part gives it, unchanged but decoded: nothing to store a file under."""
    declared_type: str
    is_text: bool
    """Written into the mail, not attached to it."""
    findings: frozenset[Finding]


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Message:
    """A mail, taken apart."""

    message_id: str | None
    is_reply_of_a_program: bool
    date: str | None
    subject: str
    """May be health data, and MSSanté's always is."""
    leaves: tuple[Leaf, ...]
    findings: frozenset[Finding]


@dataclass(frozen=True, slots=True)
class _Part:
    content: bytes
    start: int
    end: int
    depth: int


def read_message(mail: bytes, *, limits: Limits) -> Message:
    """Return what `mail` consists of.

    Raises UnreadableError if it has no headers at all, BeyondLimitsError for its size,
    headers, parts, depth, or what its parts hold when decoded.
    """
    if len(mail) > limits.mail_bytes:
        raise BeyondLimitsError("mail_bytes: the mail is too large")
    headers, _, any_there = read_headers(mail, 0, len(mail), most=limits.header_bytes)
    if not any_there:
        raise UnreadableError("not a mail: it begins with no header field")
    subject, guessed = headers.text("subject")
    subject, guessed_too = decode_words(subject)
    return Message(
        message_id=read_message_id(headers),
        is_reply_of_a_program=is_reply_of_a_program(headers),
        date=read_date(headers),
        subject=subject,
        leaves=tuple(_leaves(mail, limits)),
        findings=frozenset({Finding.CHARSET_GUESSED} if guessed or guessed_too else ()),
    )


def _leaves(mail: bytes, limits: Limits) -> Iterator[Leaf]:
    """Walk the parts in their order, with a stack of our own: depth is the sender's choice."""
    waiting = [_Part(mail, 0, len(mail), 1)]
    parts = decoded_bytes = 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if parts > limits.parts:
            raise BeyondLimitsError("parts: the mail has too many parts")
        if part.depth > limits.depth:
            raise BeyondLimitsError("depth: parts in parts, too many times")
        headers, body, _ = read_headers(
            part.content, part.start, part.end, most=limits.header_bytes
        )
        declared, parameters, _ = headers.value("content-type")
        if declared.startswith("multipart/"):
            boundary = parameters.get("boundary", "")
            spans = _spans(part, body, boundary, most=limits.parts)
            waiting += [_Part(part.content, *span, part.depth + 1) for span in reversed(spans)]
            if spans:
                continue
        encoding = headers.value("content-transfer-encoding")[0]
        if declared == "message/rfc822" and encoding not in {"base64", "quoted-printable"}:
            waiting.append(_Part(part.content, body, part.end, part.depth + 1))
            continue
        content, repaired = decode_transfer(part.content[body : part.end], encoding)
        decoded_bytes += len(content)
        if decoded_bytes > limits.unpacked_bytes:
            raise BeyondLimitsError("unpacked_bytes: the parts hold too much")
        if declared == "message/rfc822":
            # RFC 2046 forbids to encode it, and gateways do.
            waiting.append(_Part(content, 0, len(content), part.depth + 1))
            continue
        yield _leaf(headers, content, declared or _DEFAULT_TYPE, repaired)


def _leaf(headers: Headers, content: bytes, declared: str, repaired: frozenset[Finding]) -> Leaf:
    name, guessed = file_name(headers)
    disposition, _, _ = headers.value("content-disposition")
    findings = repaired | ({Finding.CHARSET_GUESSED} if guessed else set[Finding]())
    if declared.startswith("multipart/"):
        # Its boundary is nowhere, so what is in it can't be told apart.
        findings |= {Finding.BROKEN}
    return Leaf(
        content=content,
        name=name,
        declared_type=declared,
        is_text=(
            declared in {"text/plain", "text/html"} and name is None and disposition != "attachment"
        ),
        findings=findings,
    )


def _spans(part: _Part, body: int, boundary: str, *, most: int) -> list[tuple[int, int]]:
    """Return where the parts between the boundary's lines begin and end.

    Parts that follow the closing line are taken as well; only what stands before the first
    line and behind the closing one is no part (RFC 2046 §5.1.1).
    """
    if not boundary or len(boundary) > _MOST_BOUNDARY_CHARACTERS:
        return []
    escaped = re.escape(boundary.encode("utf-8", "replace"))
    line = re.compile(rb"\n--" + escaped + rb"(--)?+[ \t]*+\r?(?=\n|\Z)")
    spans: list[tuple[int, int]] = []
    start: int | None = None
    # A body begins behind the end of a line.
    for found in line.finditer(part.content, max(0, body - 1), part.end):
        if start is not None:
            spans.append((start, max(start, _without_return(part.content, found.start()))))
        if len(spans) > most:
            raise BeyondLimitsError("parts: the mail has too many parts")
        start = None if found[1] else min(found.end() + 1, part.end)
    if start is not None:
        spans.append((start, part.end))  # cut off, or its program forgot the last line
    return spans


def _without_return(content: bytes, end: int) -> int:
    """The line end before a boundary belongs to the boundary: all of it."""
    return end - 1 if end and content[end - 1] == _RETURN else end
