"""What a load found, as the tables of docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.capture import Captured
from benchmarks.engine_kinds import DatabaseKind
from benchmarks.load import COLLECT, DEPOSIT, NOTIFIED, Found
from benchmarks.load_limits import ROWS
from benchmarks.series import figure, ratios, say_ratio, spread

NAMES: Final = {
    DEPOSIT: "deposits, acknowledged",
    NOTIFIED: "deposits, and their mails handed over",
    COLLECT: "collections: list, cover, contents, receipt",
}
ROWS_TARGETS: Final = {DatabaseKind.SQLITE: 0.3, DatabaseKind.POSTGRESQL: 0.5}
NODES_TARGET: Final = 1.6
HEAD: Final = (
    "| {} | nodes | connections | per second: median (min–max) "
    "| ms: p50 / p90 / p99 / max | errors |\n|---|---|---|---|---|---|"
)
RATIO_HEAD: Final = "| ratio | connections | median (min–max) | target |\n|---|---|---|---|"


def write_tables(all_found: Sequence[Found]) -> str:
    """One section for each pair of engines."""
    return "\n".join(line for found in all_found for line in _section(found))


def _section(found: Found) -> list[str]:
    lines = [f"### {found.engines.says}", "", HEAD.format("work")]
    for (what, nodes, connections), one in found.measured.items():
        series = one.series
        lines.append(
            f"| {NAMES[what]} | {nodes} | {connections} | {series.say_rate()} "
            f"| {series.say_latency()} | {series.say_errors()} |"
        )
    for (name, connections), series in found.limits.series.items():
        lines.append(
            f"| *limit: {name}* | – | {connections} | {series.say_rate()} "
            f"| {series.say_latency()} | {series.say_errors()} |"
        )
    return [
        *lines, "", RATIO_HEAD, *_ratios(found), "", *_processor(found), "",
        *_statements(found.captured), "",
    ]  # fmt: skip


def _ratios(found: Found) -> list[str]:
    target = ROWS_TARGETS[found.engines.database]
    lines: list[str] = []
    measured, limits = found.measured, found.limits.series
    for (what, nodes, connections), one in measured.items():
        if what == DEPOSIT and (limit := limits.get((ROWS, connections))):
            shown = say_ratio(ratios(one.series.rates, limit.rates))
            name = f"deposits, {nodes} node{'s'[: nodes > 1]} : {ROWS}"
            lines.append(f"| {name} | {connections} | {shown} | ≥ {target:g} |")
    for (what, nodes, connections), one in measured.items():
        if nodes == 2 and (alone := measured.get((what, 1, connections))):
            shown = say_ratio(ratios(one.series.rates, alone.series.rates))
            name = f"{NAMES[what]}, 2 nodes : 1"
            lines.append(f"| {name} | {connections} | {shown} | ≥ {NODES_TARGET:g}, free cores |")
    return lines


def _statements(captured: Captured) -> list[str]:
    """What one document asks of the database: the next thing to make less of."""
    steps = {
        "a deposit": captured.deposit,
        "its notification": captured.notify,
        "its collection": captured.collect,
    }
    said = [
        f"{name} {len(some)} transactions ({sum(one.writes for one in some)} that write) "
        f"with {sum(len(one.steps) for one in some)} statements"
        for name, some in steps.items()
    ]
    return [f"One document asks of the database: {'; '.join(said)}."]


def _processor(found: Found) -> list[str]:
    """Whose milliseconds a document costs: what a further core would take over."""
    names = list(dict.fromkeys(name for one in found.measured.values() for name in one.processor))
    lines = [
        "Processor for each document, in ms (median):",
        "",
        f"| work | nodes | connections | {' | '.join(names)} |",
        "|---|---|---" + "|---" * len(names) + "|",
    ]
    for (what, nodes, connections), one in found.measured.items():
        if one.processor:
            each = [figure(spread(one.processor[name])[1]) for name in names]
            lines.append(f"| {NAMES[what]} | {nodes} | {connections} | {' | '.join(each)} |")
    return lines
