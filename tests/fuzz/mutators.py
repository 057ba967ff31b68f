"""Changes that keep most of an input's structure, so that they get past the first check.

A flipped bit in canonical JSON is refused by the first line that looks. These change
one value, and write all of it again as it should be written.
"""

import base64
import json
import random
import re
from collections.abc import Callable
from typing import Any

Native = Callable[[bytes], bytes]
"""libFuzzer's own mutations."""
Mutator = Callable[[bytes, random.Random, Native], bytes]

_NATIVE_SHARE = 0.3  # of all mutations, left to libFuzzer

_NUMBERS = (0, 1, -1, 511, 512, 65_536, 2**31, 2**33 - 1, 2**33, 2**53 - 1, 2**53, 10**30)
_TEXTS = (
    *("", "é", "e\u0301", "\u202e", "\u2028", "\x7f", "\\", '"', "\ufeff", "🩺", "\ud83e", "a/b"),
    "soon",
    *("..", "00", "1950-02-00", "2026-02-29", "0" * 32, "0" * 64, "A" * 64, "routine", "urgent"),
    *("claim", "share", "email", "bridge", "application/pdf", "__proto__", "x" * 201, "é" * 128),
)
_BASE64_LINES = re.compile(rb"(?:(?<=\n)[A-Za-z0-9+/]{4,76}={0,2}\r?\n)+")
_TAG = re.compile(rb"(<[^<>]*>)")
_VALUE = re.compile(rb'"[^"<]*"')
_MARKUP = (
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<a>",
    b"</a>",
    b"&#233;",
    b"&x;",
    b"<!DOCTYPE a>",
    b"<?x ?>",
)
_VALUES = (
    *(
        "RPLC",
        "BR",
        "SP",
        "B64",
        "DF",
        "GZ",
        "INVISIBLE_PATIENT",
        "F",
        "M",
        "UN",
        "19740821",
        "1974",
    ),
    *("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.10", "274087511610162", "1.2^3", "PID-5|A^B^^^^^L"),
    *("D0", "D1", "DOC1.PDF", "%2e", "mailto:a@b.example", "official", "entered-in-error", "#p"),
)
_KEYS = ("a", "version", "checkpoint", "payloadType", "keyid", "__proto__", "A", "")


def of_json(*, prefix_bytes: int = 0, suffix: bytes = b"", multiple: int = 1) -> Mutator:
    """Return a mutator of canonical JSON between prefix and suffix, padded to a multiple."""

    def mutate(data: bytes, rng: random.Random, native: Native) -> bytes:
        prefix, encoded = data[:prefix_bytes], data[prefix_bytes:].rstrip(b" ")
        value = _read(encoded)
        if not isinstance(value, dict) or rng.random() < _NATIVE_SHARE:
            return native(data)
        for _ in range(rng.randint(1, 3)):
            value = _mutate_value(value, rng, native)
        if prefix and rng.random() < 0.1:
            prefix = bytes([rng.randrange(256)])
        written = _write(value, rng) + (suffix if rng.random() < 0.95 else b"")
        missing = -len(written) % multiple
        return prefix + written + b" " * (missing if rng.random() < 0.9 else rng.randrange(40))

    return mutate


def of_lines(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change an age header or armor line by line, or the bytes that one of them spells."""
    lines = data.split(b"\n")
    if len(lines) < 3 or rng.random() < _NATIVE_SHARE:
        return native(data)
    changes = (_move_lines, _change_line)
    rng.choice(changes)(lines, rng.randrange(len(lines)), rng, native)
    return b"\n".join(lines)


def _move_lines(lines: list[bytes], at: int, rng: random.Random, _native: Native) -> None:
    match rng.randrange(6):
        case 0:
            lines.insert(at, rng.choice(lines))
        case 1:
            del lines[at]
        case 2:
            lines.insert(at, lines.pop(rng.randrange(len(lines))))
        case 3:
            lines[at : at + 2] = [b"".join(lines[at : at + 2])]
        case 4:
            lines[at:at] = lines[at : at + rng.randint(2, 3)]  # a stanza has two lines or more
        case _:
            lines[at:at] = [b"-> x", b""]


def _change_line(lines: list[bytes], at: int, rng: random.Random, native: Native) -> None:
    words = lines[at].split(b" ")
    match rng.randrange(4):
        case 0:
            lines[at] = b" ".join([*words, rng.choice((b"", b"x", b"\x7f", b"!"))])
        case 1:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        case 2:
            lines[at : at + 1] = _wrapped(rng.randbytes(rng.choice((0, 16, 31, 32, 33, 48, 96))))
        case _:
            lines[at] = b" ".join([*words[:-1], _respelled(words[-1], native)])


def of_markup(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change XML tag by tag, or what stands in one or between two."""
    pieces = _TAG.split(data)
    if len(pieces) < 3 or rng.random() < _NATIVE_SHARE:
        return native(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(pieces))
        match rng.randrange(5):
            case 0:
                del pieces[at : at + rng.choice((1, 2, 4))]
            case 1:
                pieces[at:at] = pieces[at : at + rng.randint(1, 12)]
            case 2:
                pieces.insert(at, rng.choice(pieces) if pieces else b"")
            case 3:
                pieces[at : at + 1] = [_mutate_markup(b"".join(pieces[at : at + 1]), rng, native)]
            case _:
                words = (text.encode("utf-8", "replace") for text in _TEXTS)
                pieces.insert(at, rng.choice((*_MARKUP, *words)))
        pieces = pieces or [b""]
    return b"".join(pieces)


def _mutate_markup(piece: bytes, rng: random.Random, native: Native) -> bytes:
    values = _VALUE.findall(piece)
    if values and rng.random() < 0.7:
        chosen = rng.choice(values)
        text = rng.choice((*_VALUES, *_TEXTS)).encode("utf-8", "replace")
        return piece.replace(chosen, b'"' + text + b'"', 1)
    return native(piece) if piece else rng.choice(_MARKUP)


def of_mail(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change a mail line by line, or a file inside it, which is encoded again."""
    blocks = list(_BASE64_LINES.finditer(data))
    if not blocks or rng.random() < 0.5:
        return of_lines(data, rng, native)
    block = rng.choice(blocks)
    inner = _decoded(re.sub(rb"\s", b"", block[0]).decode())
    encoded = base64.encodebytes(of_json_or_markup(inner, rng, native))
    return data[: block.start()] + encoded + data[block.end() :]


def of_json_or_markup(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change JSON value by value, XML tag by tag."""
    change = of_markup if data.startswith(b"<") else of_json()
    return change(data, rng, native)


_RECORD_PIECES = (
    *(
        b"",
        b"|",
        b"^",
        b"~",
        b"\\",
        b"&",
        b'""',
        b"\r",
        b"\n",
        b"\x0b",
        b"\x1c",
        b"\0",
        b"\xff\xfe",
    ),
    *(b"MSH|^~\\&|", b"BHS|", b"PID|", b"OBX|", b"OBR|", b"NTE|", b"PRT|", b"TXA|", b"A|", b"P|1"),
    *(b"H|~^\\&|", b"L|1", b"****FIN****", b"****FINFICHIER****", b"****LAB****", b"RES|", b"TEX|"),
    *(
        b"ED",
        b"TX",
        b"CE",
        b"SN",
        b"Base64",
        b"Hex",
        b"A",
        b"C",
        b"D",
        b"W",
        b"LN",
        b"11502-2",
        b"ORU",
    ),
    *(b"MDM^T10", b"UNICODE UTF-8", b"8859/15", b"JVBERi0", b"INS", b"&1.2.250.1.213.1.4.8&ISO"),
    *(
        b"\\F\\",
        b"\\XC3A9\\",
        b"\\.br\\",
        b"\xe9",
        b"\xc3\xa9",
        b"\x82",
        b"01/01/2000",
        b"20260229",
    ),
    *(b"MetaDMPMSS", b"INVISIBLE_PATIENT^x^MetaDMPMSS", b"RCT", b"a@b.example", b"%PDF-", b"MZ\0"),
)
_RECORD_SIGNS = b"|^~\\&"


def of_records(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change lines, or what stands between the delimiters of one of them."""
    line_end = b"\n" if b"\n" in data and rng.random() < 0.5 else b"\r"
    lines = data.split(line_end)
    if rng.random() < _NATIVE_SHARE:
        return native(data)
    if len(lines) > 2 and rng.random() < 0.3:
        _move_lines(lines, rng.randrange(len(lines)), rng, native)
        return line_end.join(lines)
    at = rng.randrange(len(lines))
    sign = _RECORD_SIGNS[(place := rng.randrange(len(_RECORD_SIGNS))) : place + 1]
    values = lines[at].split(sign)
    where = rng.randrange(len(values))
    match rng.randrange(5):
        case 0:
            values[where] = rng.choice(_RECORD_PIECES)
        case 1:
            values[where] += rng.choice(_RECORD_PIECES)
        case 2:
            values[where] = rng.choice(rng.choice(lines).split(sign))
        case 3:
            values[where:where] = [b""] * rng.randint(1, 12)
        case _:
            values[where] = native(values[where])
    lines[at] = sign.join(values)
    return line_end.join(lines)


_ZIP_RECORDS = {b"PK\x03\x04": 30, b"PK\x01\x02": 46, b"PK\x05\x06": 22, b"PK\x06\x06": 56}
"""How each of a zip's records begins, and how long its fixed part is."""
_ZIP_NUMBERS = (0, 1, 8, 9, 20, 45, 0x800, 0xFFFF, 0xFFFFFFFF)


def of_zip(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Change a number in one of a zip's records, or a name in both of its places."""
    at = [m.start() for m in re.finditer(rb"PK[\x01\x03\x05\x06][\x02\x04\x06]", data)]
    if not at or rng.random() < _NATIVE_SHARE:
        return native(data)
    if rng.random() < 0.2:
        names = re.findall(rb"[A-Za-z_/.\[\]-]+(?=[^A-Za-z])", data)
        words = (b"METADATA.XML", b"mimetype", b"..", b"a/b", b"word/", b"._a", b"A", b"\x82")
        if names:
            # Of the same length, so that all else stays where it is.
            name = rng.choice(names)
            other = rng.choice(words)[: len(name)].ljust(len(name), b"x")
            return data.replace(name, other)
    place = rng.choice(at)
    length = _ZIP_RECORDS.get(data[place : place + 4], 30)
    field = place + 4 + 2 * rng.randrange((length - 4) // 2)
    size = rng.choice((2, 4))
    old = int.from_bytes(data[field : field + size], "little")
    new = rng.choice((*_ZIP_NUMBERS, old + 1, old - 1, len(data), place, rng.choice(at)))
    return data[:field] + (new % 256**size).to_bytes(size, "little") + data[field + size :]


def of_bytes(data: bytes, rng: random.Random, native: Native) -> bytes:
    """Leave everything to libFuzzer."""
    return native(data)


def _read(encoded: bytes) -> Any:
    try:
        return json.loads(encoded)
    except (ValueError, RecursionError):
        return None


def _write(value: object, rng: random.Random) -> bytes:
    well = rng.random() < 0.95
    text = json.dumps(
        value,
        sort_keys=well,
        ensure_ascii=not well,
        separators=(",", ":") if well or rng.random() < 0.5 else None,
    )
    return text.encode("utf-8", "surrogatepass")


def _mutate_value(value: Any, rng: random.Random, native: Native) -> Any:  # noqa: PLR0911  (one per type)
    """Return `value` with one change, somewhere in it."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        return value | {key: _mutate_value(value[key], rng, native)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], _mutate_value(value[at], rng, native), *value[at + 1 :]]
    if rng.random() < 0.15:
        return _other(rng)
    match value:
        case dict():
            return _mutate_object(value, rng)
        case list():
            return _mutate_list(value, rng)
        case bool() | None:
            return _other(rng)
        case int():
            return rng.choice((value + 1, value - 1, -value, rng.choice(_NUMBERS)))
        case str():
            return _mutate_text(value, rng, native)
    return _other(rng)


def _mutate_object(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    changed = dict(value)
    keys = list(value)
    match rng.randrange(3):
        case 0 if keys:
            changed.pop(rng.choice(keys))
        case 1 if keys:
            changed[rng.choice(_KEYS)] = changed.pop(rng.choice(keys))
        case _:
            changed[rng.choice(_KEYS)] = _other(rng)
    return changed


def _mutate_list(value: list[Any], rng: random.Random) -> list[Any]:
    if not value:
        return [_other(rng)]
    match rng.randrange(4):
        case 0:
            return [*value, rng.choice(value)]
        case 1:
            return value[:-1]
        case 2:
            return value[::-1]
        case _:
            return value * rng.choice((2, 3, 9))


def _mutate_text(value: str, rng: random.Random, native: Native) -> str:  # noqa: PLR0911  (one per kind)
    inner = _decoded(value)
    if inner.startswith(b"{") and rng.random() < 0.8:
        # An envelope's payload: canonical JSON again.
        return base64.b64encode(of_json()(inner, rng, native)).decode()
    at = rng.randrange(len(value) + 1)
    match rng.randrange(6):
        case 0:
            return rng.choice(_TEXTS)
        case 1:
            return value[:at] + rng.choice(_TEXTS) + value[at:]
        case 2:
            return value[:at]
        case 3:
            return value[:at] + value[at + 1 :]
        case 4:
            return value.swapcase()
        case _:
            changed = native(value.encode("utf-8", "surrogatepass"))
            return changed.decode("utf-8", errors="ignore")


def _other(rng: random.Random) -> Any:
    return rng.choice((None, True, False, [], {}, rng.choice(_NUMBERS), rng.choice(_TEXTS)))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _respelled(word: bytes, native: Native) -> bytes:
    try:
        value = base64.b64decode(word + b"=" * (-len(word) % 4), validate=True)
    except ValueError:
        return native(word)
    return base64.b64encode(native(value)).rstrip(b"=")


def _wrapped(body: bytes) -> list[bytes]:
    text = base64.b64encode(body).rstrip(b"=")
    return [text[at : at + 64] for at in range(0, len(text) + 1, 64)]
