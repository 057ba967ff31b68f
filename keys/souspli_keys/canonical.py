"""Canonical JSON: one spelling for every value, the same in every language.

The rules 1–7 are those of encoding.md §3. Whoever signs or seals JSON writes it
with `encode`; whoever verified a signature reads it with `decode`.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from souspli_keys.assigned import check_assigned
from souspli_keys.errors import CanonicalError, MisuseError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_BYTES = 1_048_576  # rule 6
MAX_DEPTH = 8  # rule 4
MAX_INTEGER = 2**53 - 1  # rule 1: beyond it JavaScript's numbers skip some

# Rule 2. Beginning with a letter keeps out `__proto__`, which is no ordinary key in
# JavaScript, and digits, which its objects move to the front.
_KEY = re.compile(r"[a-z][a-z0-9_]*|payloadType")

# Rule 3. Escapes, since most of these can't be seen in an editor.
_FORBIDDEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u061c\\u200e\\u200f"
    "\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)

_PRINTABLE = bytes(range(0x20, 0x7F))
_PLAIN = _PRINTABLE.replace(b"\\", b"")


def encode(value: Mapping[str, object]) -> bytes:
    """Return the canonical JSON of `value`; `decode` gives the same value back.

    Takes dictionaries, lists, tuples, text, integers, booleans and None. Raises
    CanonicalError for whatever a reader would refuse.
    """
    encoded = _written(value, _quote)
    if len(encoded) > MAX_BYTES:
        raise CanonicalError(f"more than {MAX_BYTES} bytes")
    return encoded


def decode(encoded: bytes) -> dict[str, JsonValue]:
    """Return the object that `encoded` is the canonical JSON of.

    Raises CanonicalError, and nothing else, if any of the rules is broken. Its text
    and its causes hold nothing of what was read.
    """
    # Before parsing: a parsed value takes some thirty times the memory.
    if len(encoded) > MAX_BYTES:
        raise CanonicalError(f"more than {MAX_BYTES} bytes")
    value = _parse(encoded)
    if not isinstance(value, dict):
        raise CanonicalError("not an object of JSON in UTF-8")
    # What json.loads makes of JSON; writing it again checks every rule.
    result = cast("dict[str, JsonValue]", value)
    # Texts are most of the bytes. Where all bytes are such as need no look, nor an escape,
    # neither does any text.
    quote = _quote if encoded.translate(None, _PLAIN) else _quote_plain
    if _written(result, quote) != encoded:
        raise CanonicalError("not the canonical spelling of its value")
    return result


def encode_padded(value: Mapping[str, object], *, multiple: int) -> bytes:
    """Return the canonical JSON of `value` and spaces up to a multiple of `multiple` bytes."""
    if multiple < 1:
        raise MisuseError("a multiple is at least 1")
    encoded = encode(value)
    return encoded + b" " * (-len(encoded) % multiple)


def decode_padded(padded: bytes, *, multiple: int) -> dict[str, JsonValue]:
    """Return the object that `encode_padded` wrote, or raise CanonicalError.

    Fewer or more spaces than the rule gives are refused like any other spelling.
    """
    encoded = padded.rstrip(b" ")
    if len(padded) - len(encoded) != -len(encoded) % multiple:
        raise CanonicalError("not padded as the rule says")
    return decode(encoded)


def check_text(text: str) -> str:
    """Return `text` if it may stand in canonical JSON (rule 3), or raise CanonicalError."""
    # Most texts are keys and hashes, and of ASCII exactly what can be printed is allowed.
    # Deleting that and looking what is left is some ten times as fast as looking for others.
    if text.isascii() and not text.encode("ascii").translate(None, _PRINTABLE):
        return text
    if _FORBIDDEN.search(text):
        raise CanonicalError("a character that no text may hold")
    # First: of other characters, versions of Unicode differ on what is in NFC.
    check_assigned(text)
    if not unicodedata.is_normalized("NFC", text):
        raise CanonicalError("a text that is not in NFC")
    return text


def _parse(encoded: bytes) -> object:
    """Return what Python's parser makes of the bytes, None if it makes nothing of them.

    It reads more than JSON (NaN), keeps the last of two equal keys and turns 1.0 into a
    float; all of that comes out differently when written again, or is not written.
    """
    try:
        return json.loads(encoded.decode("utf-8"))
    except (ValueError, RecursionError):
        # Swallowed, not chained: JSONDecodeError and UnicodeDecodeError carry the
        # whole document along, into whatever prints a traceback.
        return None


def _written(value: Mapping[str, object], quote: Callable[[str], str]) -> bytes:
    pieces: list[str] = []
    _write(value, depth=1, pieces=pieces, quote=quote)
    # Each by itself: one letter with an accent would make the slow way of all of them.
    return b"".join(map(str.encode, pieces))


def _write(value: object, *, depth: int, pieces: list[str], quote: Callable[[str], str]) -> None:
    # The most frequent first; a boolean before the integers, of which it is one.
    if isinstance(value, str):
        pieces.append(quote(value))
    elif isinstance(value, dict):
        members = cast("dict[object, object]", value)
        _write_object(members, depth=depth, pieces=pieces, quote=quote)
    elif isinstance(value, list | tuple):
        _write_array(cast("Sequence[object]", value), depth=depth, pieces=pieces, quote=quote)
    elif value is None:
        pieces.append("null")
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif isinstance(value, int):
        pieces.append(str(_check_integer(value)))
    elif isinstance(value, Mapping):
        mapped = cast("Mapping[object, object]", value)
        _write_object(mapped, depth=depth, pieces=pieces, quote=quote)
    else:
        raise CanonicalError("neither object, array, text, integer, boolean nor null")


def _write_object(
    value: Mapping[object, object], *, depth: int, pieces: list[str], quote: Callable[[str], str]
) -> None:
    _check_depth(depth)
    separator = "{"
    # Keys are ASCII by rule 2, so all languages sort them alike.
    for key in sorted(_check_key(key) for key in value):
        pieces += (separator, f'"{key}":')
        _write(value[key], depth=depth + 1, pieces=pieces, quote=quote)
        separator = ","
    pieces.append("{}" if separator == "{" else "}")


def _write_array(
    value: Sequence[object], *, depth: int, pieces: list[str], quote: Callable[[str], str]
) -> None:
    _check_depth(depth)
    separator = "["
    for item in value:
        pieces.append(separator)
        _write(item, depth=depth + 1, pieces=pieces, quote=quote)
        separator = ","
    pieces.append("[]" if separator == "[" else "]")


def _quote(text: str) -> str:
    # Whatever else JSON would escape, rule 3 has refused.
    return '"' + check_text(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quote_plain(text: str) -> str:
    return f'"{text}"'


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonicalError(f"containers nested deeper than {MAX_DEPTH}")


def _check_key(key: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise CanonicalError("an object key outside [a-z][a-z0-9_]*")
    return key


def _check_integer(value: int) -> int:
    if abs(value) > MAX_INTEGER:
        raise CanonicalError("an integer beyond 2^53 - 1")
    return int(value)
