"""How much memory sealing and opening take, from a line to 4 GiB."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import peak_memory
from benchmarks.offline import MIB, emptied
from benchmarks.programs import Programs

SIZES = {
    "1 KiB": 1024,
    "1 MiB": MIB,
    "64 MiB": 64 * MIB,
    "1 GiB": 1024 * MIB,
    "4 GiB": 4096 * MIB,
}
TARGET_MIB = 150
# Beyond what one document may hold by default.
LIMIT = {"SOUSPLI_MAX_SIZE": "5G"}


@dataclass(frozen=True)
class Peak:
    """Bytes that were resident at most."""

    size: str
    seal: int
    open: int
    age: int | None
    """Of the `age` beside it, encrypting."""

    def row(self) -> str:
        """One row of the table in docs/performance.md."""
        age = "–" if self.age is None else f"{self.age / MIB:.0f} MiB"
        return f"| {self.size} | {self.seal / MIB:.0f} MiB | {self.open / MIB:.0f} MiB | {age} |"


def measure(programs: Programs) -> list[Peak]:
    """Seal and open a file of each size, once: this doesn't vary."""
    return [_measure(programs, label, size) for label, size in SIZES.items()]


def _measure(programs: Programs, label: str, size: int) -> Peak:
    out = programs.folder / "out"
    emptied(out)()
    source = programs.folder / "sparse.bin"
    _make(source, size)
    seal = peak_memory(*programs.seal(source, out / "sealed"), environment=LIMIT)
    opened = peak_memory(*programs.open(out / "sealed", out / "opened"), environment=LIMIT)
    same = subprocess.run(["cmp", source, out / "opened" / source.name], check=False)  # noqa: S603, S607  (our own files)
    if same.returncode:
        raise RuntimeError(f"{label}: the file that came back is another")
    emptied(out)()
    age = None
    if programs.age:
        age = peak_memory(*programs.age[0].seal(source, out / "other.age"))
    emptied(out)()
    source.unlink()
    return Peak(label, seal, opened, age)


def _make(path: Path, size: int) -> None:
    """A file without holes in what is read, and none of it on the disk: it is only read."""
    with path.open("wb") as file:
        file.truncate(size)
