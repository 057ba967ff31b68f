"""A table as spreadsheets open it: semicolons, UTF-8 with its mark, lines of RFC 4180.

A French Excel takes commas for decimals and opens only this with a double click.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell that a spreadsheet calculates begins with (OWASP, CSV injection)."""

_MARKED: Final = "utf-8-sig"


def csv_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return the file's bytes; no cell of it is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode(_MARKED)


def harmless(cell: str) -> str:
    """Give a cell that is shown as it is: an apostrophe before what would be calculated."""
    # Full-width forms too: some spreadsheets take them for the plain ones.
    begins = cell.lstrip(" \u00a0")
    return f"'{cell}" if begins.startswith((*_FORMULA, "＝", "＋", "－", "＠")) else cell
