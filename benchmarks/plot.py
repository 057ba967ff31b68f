"""The picture in docs/performance.md: time and memory by size."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.memory import SIZES, TARGET_MIB, Peak
from benchmarks.offline import MIB

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "performance.svg"

# Told apart without colour as well: by mark and by line.
STYLES: dict[str, dict[str, Any]] = {
    "souspli seal": {"color": "#0b5394", "marker": "o", "linewidth": 2.2},
    "souspli open": {"color": "#0b5394", "marker": "o", "linestyle": "--", "linewidth": 2.2},
    "age, encrypt": {"color": "#b45f06", "marker": "s"},
    "age, decrypt": {"color": "#b45f06", "marker": "s", "linestyle": "--"},
    "gpg, encrypt": {"color": "#38761d", "marker": "^"},
    "cp": {"color": "#666666", "marker": "x", "linestyle": ":"},
}


def draw(sizes: list[int], times: dict[str, list[tuple[float, ...]]], peaks: list[Peak]) -> None:
    """Write the picture; the text in it stays text, for readers of the page's source."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "souspli", "font.size": 10})
    from matplotlib import pyplot as plt  # noqa: PLC0415  (after `use`)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4))
    for name, by_size in times.items():
        middle = [statistics.median(seconds) for seconds in by_size]
        lows = [m - min(s) for m, s in zip(middle, by_size, strict=True)]
        highs = [max(s) - m for m, s in zip(middle, by_size, strict=True)]
        left.errorbar(sizes, middle, [lows, highs], label=name, capsize=2, **STYLES[name])
    left.set(xscale="log", yscale="log", xlabel="size of the file", ylabel="seconds, whole program")
    left.set_xticks(sizes, [say(size) for size in sizes])
    left.set_title("Median of 7 rounds, with minimum and maximum")
    lengths = [SIZES[peak.size] for peak in peaks]
    for name, values in (
        ("souspli seal", [peak.seal for peak in peaks]),
        ("souspli open", [peak.open for peak in peaks]),
        ("age, encrypt", [peak.age for peak in peaks if peak.age is not None]),
    ):
        if len(values) == len(lengths):
            right.plot(lengths, [value / MIB for value in values], label=name, **STYLES[name])
    right.axhline(TARGET_MIB, color="#990000", linewidth=1, label=f"limit: {TARGET_MIB} MiB")
    right.set(xscale="log", ylim=(0, TARGET_MIB * 1.1), xlabel="size of the file", ylabel="MiB")
    right.set_xticks(lengths, [peak.size for peak in peaks])
    right.set_title("Memory at most")
    for axes in (left, right):
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.minorticks_off()
        # Or the last two, a factor of four apart, touch.
        axes.tick_params(axis="x", labelsize=8)
        axes.legend(fontsize=8)
    figure.tight_layout()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, metadata={"Date": None})


def say(size: int) -> str:
    """1 KiB, 16 MiB, 1 GiB."""
    for unit, length in (("GiB", 1024 * MIB), ("MiB", MIB), ("KiB", 1024)):
        if size >= length:
            return f"{size // length} {unit}"
    return f"{size} B"
