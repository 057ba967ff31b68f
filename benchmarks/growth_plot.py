"""The picture of docs/performance.md that must be flat: cost by deliveries in the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

from benchmarks.growth import GROWTH_TARGET, Grown
from benchmarks.growth_units import UNITS

PICTURE: Final = Path(__file__).parent.parent / "docs" / "pictures" / "growth.svg"

# Told apart without colour as well: by mark and by line.
STYLES: Final[dict[str, dict[str, Any]]] = {
    "deposit": {"color": "#0b5394", "marker": "o", "linewidth": 2.2},
    "notify": {"color": "#b45f06", "marker": "s", "linewidth": 2.2},
    "collect": {"color": "#38761d", "marker": "^", "linewidth": 2.2},
    "mailbox": {"color": "#38761d", "marker": "^", "linestyle": "--"},
    "sent": {"color": "#0b5394", "marker": "o", "linestyle": "--"},
    "work": {"color": "#b45f06", "marker": "s", "linestyle": "--"},
    "sweep": {"color": "#666666", "marker": "x", "linestyle": ":"},
    "sweep-due": {"color": "#666666", "marker": "+", "linestyle": "-."},
    "orphans": {"color": "#741b47", "marker": "d", "linestyle": ":"},
}


def draw(all_grown: Sequence[Grown], *, picture: Path = PICTURE) -> None:
    """Write the picture: above milliseconds, below growth beside what was allowed."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "souspli", "font.size": 10})
    from matplotlib import pyplot as plt  # noqa: PLC0415  (after `use`)

    columns = len(all_grown)
    figure, axes = plt.subplots(
        2, columns, figsize=(5.5 * columns + 1, 8), squeeze=False, sharex=True, sharey="row"
    )
    for column, grown in enumerate(all_grown):
        above, below = axes[0][column], axes[1][column]
        sizes = list(grown.sizes)
        for unit in UNITS:
            every = [grown.times[unit.name][size] for size in sizes]
            middle = [statistics.median(some) for some in every]
            bars = [
                [1e3 * (m - min(some)) for m, some in zip(middle, every, strict=True)],
                [1e3 * (max(some) - m) for m, some in zip(middle, every, strict=True)],
            ]
            milliseconds = [1e3 * one for one in middle]
            style = STYLES[unit.name]
            above.errorbar(sizes, milliseconds, bars, label=unit.what, capsize=2, **style)
            # Round by round, as sizes were measured in turn within each.
            ratios = [
                statistics.median(one / first for first, one in zip(every[0], some, strict=True))
                for some in every
            ]
            below.plot(sizes, ratios, **style)
        below.axhline(
            GROWTH_TARGET, color="#990000", linewidth=1, label=f"allowed: {GROWTH_TARGET:g}"
        )
        above.set(xscale="log", yscale="log", title=str(grown.database))
        below.set(xscale="log", yscale="log", xlabel="deliveries in the table")
        below.set_xticks(sizes, [f"{size:,}" for size in sizes])
        below.set_yticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
        for one in (above, below):
            one.grid(visible=True, which="major", alpha=0.3)
            one.minorticks_off()
        below.legend(fontsize=8, loc="upper left")
    axes[0][0].set_ylabel("ms for one: median, least, most")
    axes[1][0].set_ylabel(f"× the time at {all_grown[0].sizes[0]:,} deliveries")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, loc="lower center", ncols=2)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    picture.parent.mkdir(exist_ok=True)
    figure.savefig(picture, metadata={"Date": None})
    plt.close(figure)
