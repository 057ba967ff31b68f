"""``make bench``: measures everything and writes the table into docs/performance.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import commands, sealing

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"


def main() -> None:
    """Measure, print, and put the table between its marks."""
    rows = [measured.row() for module in (sealing, commands) for measured in module.measure()]
    table = "\n".join(
        [
            f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
            f"Python {platform.python_version()}:",
            "",
            "| what | median | beside | median | ratio | min | max |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(table)  # noqa: T201  (the result)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
