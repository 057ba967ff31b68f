"""Writes the tables of code points that Unicode 14.0 assigns, in both languages.

    python3.11 tests/keys/write_assigned.py

Takes a Python whose own tables are those of Unicode 14.0. A table is a list of numbers
in base 36: how many code points are not assigned, how many are, how many are not, and
so on from U+0000.
"""

import re
import string
import sys
import textwrap
import unicodedata
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "keys" / "souspli_keys" / "assigned.py"
TYPESCRIPT = ROOT / "mailbox" / "web" / "lib" / "keys" / "assigned.ts"
UNICODE_VERSION = "14.0.0"

_DIGITS = string.digits + string.ascii_lowercase
_COLUMNS = 92
_ROW = re.compile(r"""\s*['"][0-9a-z]+( [0-9a-z]+)* ?['"],?""")


def run_lengths() -> list[int]:
    """Return the lengths of the runs, from this Python's own tables."""
    assigned = (unicodedata.category(chr(c)) != "Cn" for c in range(sys.maxunicode + 1))
    # The first run, of code points that are not assigned, is empty: U+0000 is.
    return [0, *(sum(1 for _ in run) for _, run in groupby(assigned))]


def spell(lengths: list[int]) -> str:
    """Return the table as it stands in both files, on one line."""
    return " ".join(map(_in_base_36, lengths))


def table_lines(path: Path) -> str:
    """Return the table that stands in a file, on one line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    quoted = [line.strip().strip("'\",") for line in lines if _is_row(line)]
    return " ".join(" ".join(quoted).split())


def _is_row(line: str) -> bool:
    return _ROW.fullmatch(line) is not None


def _in_base_36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def _replace(path: Path, rows: list[str]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    places = [place for place, line in enumerate(lines) if _is_row(line)]
    lines[places[0] : places[-1] + 1] = rows
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Write both tables."""
    if unicodedata.unidata_version != UNICODE_VERSION:
        sys.exit(f"this Python knows Unicode {unicodedata.unidata_version}")
    rows = textwrap.wrap(spell(run_lengths()), _COLUMNS)
    _replace(PYTHON, [f'    "{row} "' for row in rows])
    _replace(TYPESCRIPT, [f"  '{row}'," for row in rows])


if __name__ == "__main__":
    main()
