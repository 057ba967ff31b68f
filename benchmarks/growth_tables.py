"""What growth was found, as the tables of docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.growth import GROWTH_TARGET, PAGE_TARGET, Grown
from benchmarks.growth_units import UNITS
from benchmarks.series import figure, ratios, say_ratio, spread


def write_tables(all_grown: Sequence[Grown]) -> str:
    """One section for each database."""
    return "\n".join(line for grown in all_grown for line in _section(grown))


def _section(grown: Grown) -> list[str]:
    sizes = grown.sizes
    lines = [
        f"### {grown.database}, {sizes[0]:,} to {sizes[-1]:,} deliveries",
        "",
        f"| ms for one: median | {' | '.join(f'{size:,}' for size in sizes)} "
        "| largest : smallest, median (min–max) | target |",
        "|---|" + "---|" * len(sizes) + "---|---|",
    ]
    for unit in UNITS:
        medians = [statistics.median(grown.times[unit.name][size]) for size in sizes]
        lines.append(
            f"| {unit.what} | {' | '.join(figure(1e3 * one) for one in medians)} "
            f"| {say_ratio(grown.growth(unit))} | ≤ {GROWTH_TARGET:g} |"
        )
    if grown.mailbox:
        lines += ["", *_mailbox(grown)]
    return [*lines, ""]


def _mailbox(grown: Grown) -> list[str]:
    names = list(grown.mailbox)
    small = grown.mailbox[names[0]]
    lines = [
        f"| mailbox, beside {grown.sizes[-1]:,} deliveries | ms: median (min–max) "
        "| : ten deliveries' | target |",
        "|---|---|---|---|",
    ]
    for name in names:
        low, middle, high = (figure(1e3 * one) for one in spread(grown.mailbox[name]))
        ratio = say_ratio(ratios(grown.mailbox[name], small))
        target = f"≤ {PAGE_TARGET:g}" if name == names[1] else "–"
        lines.append(f"| {name} | {middle} ({low}–{high}) | {ratio} | {target} |")
    return lines


def write_plans(all_grown: Sequence[Grown]) -> str:
    """How the databases carry out what grew, or goes through a whole table."""
    return "\n".join(
        f"--- {grown.database}, {name}\n{plan}\n"
        for grown in all_grown
        for name, some in grown.plans.items()
        for plan in some
    )
