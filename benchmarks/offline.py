"""`souspli seal` and `souspli open` as whole programs, beside `age`, GnuPG and `cp`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import Measured, interleaved, run, side_by_side
from benchmarks.programs import Programs

MIB = 1024 * 1024
LARGE = 256 * MIB

SEAL_TARGET = 1.0
OPEN_TARGET = 1.2


def random_file(folder: Path, size: int) -> Path:
    """A file of noise, made once for each size; `cp` and all others read the same one."""
    path = folder / f"{size}.bin"
    if not path.exists():
        with path.open("wb") as file:
            left = size
            while left:
                left -= file.write(os.urandom(min(left, 8 * MIB)))
    return path


def emptied(folder: Path) -> Callable[[], None]:
    """Return what removes everything in a folder, and makes it again."""

    def tidy() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    return tidy


def measure(programs: Programs) -> list[Measured]:
    """Seal and open 256 MiB, cold, beside every other program that is there."""
    source = random_file(programs.folder, LARGE)
    out, kept = programs.folder / "out", programs.folder / "kept"
    tidy = emptied(out)
    emptied(kept)()
    run(*programs.seal(source, kept / "sealed"))
    ours_seal = partial(run, *programs.seal(source, out / "sealed"))
    ours_open = partial(run, *programs.open(kept / "sealed", out / "opened"))
    found: list[Measured] = []
    for age in programs.age:
        run(*age.seal(source, kept / "other.age"))
        found.append(
            side_by_side(
                "`souspli seal` 256 MiB: read, hash, encrypt, sign, write, make durable",
                ours=ours_seal,
                yardstick=f"{age.says}: encrypt",
                theirs=partial(run, *age.seal(source, out / "other.age")),
                bytes_each=LARGE,
                target=SEAL_TARGET,
                tidy=tidy,
            )
        )
        found.append(
            side_by_side(
                "`souspli open` 256 MiB: verify everything, decrypt, write, make durable",
                ours=ours_open,
                yardstick=f"{age.says}: decrypt",
                theirs=partial(run, *age.open(kept / "other.age", out / "other")),
                bytes_each=LARGE,
                target=OPEN_TARGET,
                tidy=tidy,
            )
        )
        (kept / "other.age").unlink()
    others: list[tuple[str, tuple[str | Path, ...]]] = [("`cp`", ("cp", source, out / "copy"))]
    if programs.gpg is not None:
        says, line = programs.gpg
        others.insert(0, (f"{says}: encrypt", (*line, "--output", out / "other.gpg", source)))
    found += [
        side_by_side(
            "`souspli seal` 256 MiB",
            ours=ours_seal,
            yardstick=says,
            theirs=partial(run, *line),
            bytes_each=LARGE,
            tidy=tidy,
        )
        for says, line in others
    ]
    return found


def by_size(programs: Programs, sizes: list[int]) -> dict[str, list[tuple[float, ...]]]:
    """Seconds of everybody for a file of each size, for the plot."""
    out, kept = programs.folder / "out", programs.folder / "kept"
    times: dict[str, list[tuple[float, ...]]] = {}
    for size in sizes:
        source = random_file(programs.folder, size)
        emptied(kept)()
        run(*programs.seal(source, kept / "sealed"))
        works: dict[str, Callable[[], object]] = {
            "souspli seal": partial(run, *programs.seal(source, out / "sealed")),
            "souspli open": partial(run, *programs.open(kept / "sealed", out / "opened")),
        }
        for age in programs.age[:1]:
            run(*age.seal(source, kept / "other.age"))
            works["age, encrypt"] = partial(run, *age.seal(source, out / "other.age"))
            works["age, decrypt"] = partial(run, *age.open(kept / "other.age", out / "other"))
        if programs.gpg is not None:
            line = (*programs.gpg[1], "--output", out / "other.gpg", source)
            works["gpg, encrypt"] = partial(run, *line)
        works["cp"] = partial(run, "cp", source, out / "copy")
        seconds = interleaved(list(works.values()), rounds=7, tidy=emptied(out))
        for name, some in zip(works, seconds, strict=True):
            times.setdefault(name, []).append(some)
    return times
