"""docs/performance.md, of which each benchmark writes the part between its own two marks."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"


class NoMarksError(Exception):
    """The page has no place for this part."""


def put(mark: str, text: str, *, page: Path = PAGE) -> None:
    """Put `text` between `<!-- mark -->` and `<!-- end of mark -->`; NoMarksError."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->\n"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise NoMarksError(mark)
    page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


def where_and_when() -> str:
    """Say on what machine, and on what day."""
    return (
        f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
