"""Runs the harnesses, keeps what they find worth keeping, writes the figures.

    python -m fuzz.run [--inputs 1000000] [--minutes 10] [NAME …]

Inputs go to `tests/fuzz/corpus`, figures into `docs/fuzzing.md`, where a harness's inputs
are added to those of its runs before. Whatever makes a harness fail stays in the corpus
too, as `found-…`, and the exit status is 1.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fuzz.harnesses import HARNESSES, Harness

TESTS = Path(__file__).parent.parent
PAGE = TESTS.parent / "docs" / "fuzzing.md"

MOST_KEPT_INPUTS = 100
MOST_KEPT_BYTES = 120_000  # of one harness: a repository is no place for a whole corpus
SECONDS_FOR_ONE_INPUT = 30  # all take milliseconds; a machine with much else to do, more
MOST_MEMORY_MIB = 1_024
LEAST_PRIORITY = 19

_TOTAL = "| all |"
# Of figures: the page has another table, which says what each harness reads.
_ROW = re.compile(r"\| `(\w+)` \|( [0-9,]+)? \|.*\|")
_STATUS = re.compile(r"#(\d+)\s+\S+\s+cov: (\d+) ft: (\d+)")
_SPEED = re.compile(r"exec/s: (\d+)")
_FINDING = re.compile(r"ERROR: libFuzzer: (.*)")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run of one harness came to."""

    harness: str
    inputs: int
    seconds: float
    edges: int
    features: int
    kept: int
    found: str

    def row(self, *, before: int) -> str:
        """Return the line of the page's table; `before` are the inputs of earlier runs."""
        speed = round(self.inputs / max(self.seconds, 1))
        inputs = before + self.inputs
        return (
            f"| `{self.harness}` | {inputs:,} | {speed:,} | {self.edges} | {self.features} "
            f"| {self.kept} | {self.found} |"
        )


def main() -> int:
    """Run what was asked for; return the program's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each harness")
    parser.add_argument("--minutes", type=float, default=0, help="for each, at the most; 0: any")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of harnesses; none: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - HARNESSES.keys():
        parser.error(f"no harness named {', '.join(sorted(unknown))}")
    os.nice(LEAST_PRIORITY)
    chosen = [HARNESSES[name] for name in arguments.names or HARNESSES]
    results: list[Figures] = []
    for harness in chosen:
        with tempfile.TemporaryDirectory(prefix="souspli-fuzz-") as folder:
            figures = _fuzz(harness, arguments.inputs, arguments.minutes, Path(folder))
        _write_figures(figures)
        results.append(figures)
    return int(any(result.found != "nothing" for result in results))


def _fuzz(harness: Harness, inputs: int, minutes: float, folder: Path) -> Figures:
    seeds, fresh, merged, found = (folder / name for name in ("seeds", "new", "merged", "found"))
    for made in (seeds, fresh, merged, found, harness.corpus):
        made.mkdir(parents=True, exist_ok=True)
    _write_all(seeds, harness.seeds())
    options = [
        f"-runs={inputs}",
        f"-max_total_time={round(minutes * 60)}",  # 0: as long as it takes
        f"-max_len={harness.max_bytes}",
        f"-timeout={SECONDS_FOR_ONE_INPUT}",
        f"-rss_limit_mb={MOST_MEMORY_MIB}",
        f"-artifact_prefix={found}/found-",
        "-verbosity=1",
    ]
    begun = time.monotonic()
    folders = [str(folder) for folder in (fresh, harness.corpus, seeds)]
    done, edges, features, finding = _run(harness, [*options, *folders])
    seconds = time.monotonic() - begun
    if not done:
        # What is kept would be thrown away, for nothing.
        raise RuntimeError(f"{harness.name} did not begin")
    # Seeds first: an input that shows nothing more than they do is not kept.
    shutil.copytree(seeds, merged, dirs_exist_ok=True)
    merge = ["-merge=1", f"-max_len={harness.max_bytes}"]
    _run(harness, [*merge, *map(str, (merged, harness.corpus, fresh))])
    kept = _keep(harness, {p.name: p.read_bytes() for p in merged.iterdir()}, seeds)
    for path in found.iterdir():
        shutil.copy(path, harness.corpus / path.name)
    return Figures(
        harness=harness.name,
        inputs=done,
        seconds=seconds,
        edges=edges,
        features=features,
        kept=kept,
        found=finding or "nothing",
    )


def _run(harness: Harness, arguments: list[str]) -> tuple[int, int, int, str]:
    """Return how many inputs were run, edges, features, and what was found, if anything."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fuzz.one", harness.name, *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONPATH": str(TESTS)},
    )
    inputs = edges = features = 0
    finding = ""
    lines: list[str] = []
    if process.stderr is None:
        raise RuntimeError("the fuzzer's messages can't be read")
    for line in process.stderr:
        lines = [*lines[-60:], line]
        if status := _STATUS.match(line):
            inputs, edges, features = (int(number) for number in status.groups())
            speed = match[1] if (match := _SPEED.search(line)) else "?"
            _tell(f"\r{harness.name:20}{inputs:>12,} inputs {edges:>5} edges {speed:>6}/s")
        if match := _FINDING.search(line):
            finding = match[1].strip()
    if process.wait() != 0:
        finding = finding or "it stopped"
        _tell("\n" + "".join(lines))
    _tell("\n" if inputs else "")
    return inputs, edges, features, finding


def _keep(harness: Harness, merged: dict[str, bytes], seeds: Path) -> int:
    """Put into the corpus what the seeds do not show, smallest first; return how many."""
    known = {path.read_bytes() for path in seeds.iterdir()}
    wanted = sorted((d for d in merged.values() if d not in known), key=lambda d: (len(d), d))
    for path in harness.corpus.iterdir():
        if not path.name.startswith("found-"):
            path.unlink()
    kept: list[bytes] = []
    for data in wanted[:MOST_KEPT_INPUTS]:
        if sum(map(len, kept)) + len(data) <= MOST_KEPT_BYTES:
            kept.append(data)
    _write_all(harness.corpus, kept)
    return len(kept)


def _write_all(folder: Path, inputs: Iterable[bytes]) -> None:
    for data in inputs:
        # A name only: libFuzzer uses the same hash.
        name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        (folder / name).write_bytes(data)


def _write_figures(figures: Figures) -> None:
    """Put the row into the page's table, in the place of the same harness's."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = {m[1]: at for at, line in enumerate(lines) if (m := _ROW.fullmatch(line))}
    if (at := rows.get(figures.harness)) is None:
        raise RuntimeError(f"{PAGE.name} has no row for {figures.harness}")
    lines[at] = figures.row(before=_number(lines[at].split("|")[2]))
    total = _total_row([lines[at] for at in rows.values()])
    changed = [total if line.startswith(_TOTAL) else line for line in lines]
    PAGE.write_text("\n".join(changed) + "\n", encoding="utf-8")


def _total_row(rows: list[str]) -> str:
    columns = [row.split("|") for row in rows]
    inputs, kept = (sum(_number(row[at]) for row in columns) for at in (2, 6))
    return f"{_TOTAL} {inputs:,} | | | | {kept} | |"


def _number(cell: str) -> int:
    return int(cell.strip().replace(",", "") or 0)


def _tell(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
