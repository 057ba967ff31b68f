"""Bytes as text, in the character set that they declare or else the likeliest one.

docs/specs/intake.md §4. Only sets that stand in the table are ever asked for: Python knows
codecs by name that are no character sets, some that take quadratic time (punycode), and
remembers every name that it did not find.
"""

from __future__ import annotations

import codecs
from encodings.aliases import aliases
from typing import Final

from souspli_cli.intake.charsets import find_charset

_SETS: Final = frozenset(
    {"ascii", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "cp437", "cp850", "cp858"}
    | {"mac_roman", "koi8_r", "latin_1"}
    | {f"iso8859_{number}" for number in (*range(2, 12), *range(13, 17))}
    | {f"cp{number}" for number in range(1250, 1259)}
)
_NAMES: Final = {
    **{name: name for name in _SETS},
    **{alias: name for alias, name in aliases.items() if name in _SETS},
    **{f"windows_{number}": f"cp{number}" for number in range(1250, 1259)},
    **{f"iso_8859_{number}": f"iso8859_{number}" for number in range(2, 17) if number != 12},
    "iso_8859_1": "latin_1",
    "x_mac_roman": "mac_roman",
    "ansi": "cp1252",
}
_PYTHONS: Final = {"utf_8": "utf-8", "latin_1": "iso8859-1"}
"""As `charsets` writes them."""
_WIDE: Final = frozenset({"utf_16", "utf_16_le", "utf_16_be"})
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)


def decode_text(raw: bytes, declared: str = "") -> tuple[str, bool]:
    """Return `raw` as text, and whether its character set had to be guessed.

    It had to if the declared one is unknown or does not fit, and if none was declared and
    the bytes are no UTF-8. Never raises.
    """
    name = declared.strip().lower().replace("-", "_")
    codec = _NAMES.get(name)
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            codec, raw = marked, raw[len(mark) :]
            break
    if codec in _WIDE:
        try:
            return raw.decode(codec), False
        except UnicodeDecodeError:
            codec = None
    found = find_charset(raw, declared=None if codec is None else _PYTHONS.get(codec, codec))
    unknown = codec is None and bool(name) and not raw.isascii()
    return raw.decode(found.codec), found.guessed or unknown
