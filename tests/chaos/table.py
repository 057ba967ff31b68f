"""A run as a table, and its place in docs/crash.md."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.run import Ran

PAGE: Final = Path(__file__).parents[2] / "docs" / "crash.md"
BEGIN: Final = "<!-- the bridge: written by `make chaos` -->"
END: Final = "<!-- end of the bridge -->"


def written(ran: Ran) -> str:
    """Give the table, in Markdown."""
    plan, counts = ran.plan, ran.verdict.counts
    sending = ran.seconds["mails and kills"] + ran.seconds["until nothing waited"]
    lines = [
        ("", ""),
        ("seed, connections, patients", f"{plan.seed}, {plan.clients}, {plan.patients}"),
        ("bridge killed", _away(ran.away["bridge"])),
        ("service killed", _away(ran.away["service"])),
        *((name, f"{count:,}") for name, count in counts.items()),
        *((name, f"{seconds:.0f} s") for name, seconds in ran.seconds.items()),
        ("delivered, kills included", f"{counts['delivered'] / sending:.1f} a second"),
        ("opened", f"{counts['delivered'] / ran.seconds['opening']:.1f} a second"),
        ("**promises broken**", f"**{len(ran.verdict.broken)}**"),
    ]
    head, *rest = [f"| {name} | {value} |" for name, value in lines]
    return "\n".join([head, "| --- | ---: |", *rest])


def write(ran: Ran) -> None:
    """Put the table into the page, in place of the one that was there."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    day = time.strftime("%Y-%m-%d")
    said = f"{day}, {ran.plan.mails:,} mails, on {os.cpu_count()} cores:"
    PAGE.write_text(f"{before}{BEGIN}\n{said}\n\n{written(ran)}\n{END}{after}", encoding="utf-8")


def _away(seconds: Sequence[float]) -> str:
    if not seconds:
        return "0"
    return f"{len(seconds)} times, away for {statistics.median(seconds):.1f} s each"
