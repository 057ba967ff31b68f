"""``make mutation``: changes the code of a package a little, thousands of times.

    make mutation MUTATE=keys
    make mutation MUTATE="exchange bundle.py manifest.py"

Every change (mutant) that no test notices is a fact that nobody tests, or one that
makes no difference. What survived, and why each survivor may: docs/mutation.md.

The package and its tests are copied: mutmut wants a package at the root of a project,
and nobody's working copy is to be changed while they read it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from undecorate import undecorated

ROOT = Path(__file__).parents[2]
MUTMUT = Path(sys.executable).with_name("mutmut")


@dataclass(frozen=True)
class Part:
    """A part of the code and the tests that are about it: fast ones, in one process."""

    folder: str
    package: str
    tests: tuple[str, ...]
    """Folders and files below tests/."""
    modules: str = "*"
    but: str = ""


PARTS = {
    "keys": Part("keys", "souspli_keys", ("keys",)),
    "age": Part("exchange", "souspli_exchange", ("age",), modules="age/*"),
    "exchange": Part(
        "exchange", "souspli_exchange", ("exchange", "properties"), but="souspli_exchange/age/*"
    ),
}
# The first starts programs of its own, which would not see the mutant, the second reads the
# source of both languages;
LEFT_OUT = ("exchange/test_cross_language.py", "keys/test_assigned.py")
# the first of these looks at the whole source, which is not there, the others press Ctrl-C.
DESELECTED = (
    "tests/age/test_stream.py::test_only_tests_seal_under_a_nonce_of_their_choice",
    "tests/exchange/test_ctrl_c.py::test_ctrl_c_ends_all_threads",
    "tests/exchange/test_ctrl_c.py::test_a_second_ctrl_c_leaves_no_thread_either",
)
ARGUMENTS = ["-p", "no:cacheprovider", *(f"--deselect={test}" for test in DESELECTED)]

SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = [".", "tests"]
addopts = ["--import-mode=importlib", "--strict-markers"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"

[tool.mutmut]
source_paths = ["{package}"]
only_mutate = {only}
do_not_mutate = {but}
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
mutate_only_covered_lines = false
use_git_change_detection = false
# What an error says is for people; what a test recognises is its type.
do_not_mutate_patterns = ['^\\s*raise \\w+(Error|Refused)\\(']
track_dependencies = false
"""


def stage(folder: Path, part: Part, only: list[str]) -> None:
    """Lay out a project of one package, its tests and what they read."""
    name = part.package
    shutil.copytree(ROOT / part.folder / name, folder / name, ignore=_no_caches)
    for path in (folder / name).rglob("*.py"):
        source = undecorated(_without_annotations(path.read_text("utf-8")))
        path.write_text(source, encoding="utf-8")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=_no_caches)
    shutil.rmtree(folder / "tests" / "mutation")
    for left_out in LEFT_OUT:
        (folder / "tests" / left_out).unlink(missing_ok=True)
    for link in (folder, folder / "mutants"):
        link.mkdir(exist_ok=True)
        for read_by_tests in ("docs", "mailbox"):
            (link / read_by_tests).symlink_to(ROOT / read_by_tests)
    settings = SETTINGS.format(
        arguments=ARGUMENTS,
        package=name,
        only=[f"{name}/{pattern}" for pattern in only or [part.modules]],
        but=[part.but] if part.but else [],
        tests=[f"tests/{test}" for test in part.tests],
    )
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")


def _without_annotations(source: str) -> str:
    """Leave annotations unread: mutmut moves methods, and a method `list` hides the type."""
    future = "from __future__ import annotations\n"
    if future in source:
        return source
    docstring = re.match(r'""".*?"""\n', source, re.DOTALL)
    end = docstring.end() if docstring else 0
    return source[:end] + future + source[end:]


def _no_caches(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"__pycache__", "corpus"}}


def print_table(results: list[tuple[str, str]]) -> None:
    """Print how many changes each module had and what became of them: the table of the docs."""
    verdicts = ("killed", "survived", "no tests", "timeout")
    modules: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mutant, verdict in results:
        module = re.sub(r"\.x(_|ǁ).*", "", mutant).partition(".")[2]
        modules[module][verdict if verdict in verdicts else "other"] += 1
    for module, counts in sorted(modules.items()):
        row = [f"`{module}`", counts.total(), *(counts[key] for key in (*verdicts, "other"))]
        print("|", " | ".join(map(str, row)), "|")  # noqa: T201  (the result)


def print_survivors(folder: Path, results: list[tuple[str, str]]) -> None:
    """Print what was not noticed, as patches."""
    for mutant, verdict in results:
        if verdict != "killed":
            print(f"=== {mutant}: {verdict}")  # noqa: T201  (the result)
        if verdict in {"survived", "timeout"}:
            subprocess.run([MUTMUT, "show", mutant], cwd=folder, check=True)


def read_results(folder: Path) -> list[tuple[str, str]]:
    """Return every change and its verdict."""
    line = [MUTMUT, "results", "--all", "true"]
    text = subprocess.run(line, cwd=folder, check=True, capture_output=True, encoding="utf-8")
    lines = (line.strip().partition(": ") for line in text.stdout.splitlines())
    return [(mutant, verdict) for mutant, _, verdict in lines]


def main() -> None:
    """Try the changes in a folder of their own; print the table, and what survived."""
    name, *only = sys.argv[1:] or ["keys"]
    part = PARTS[name]
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="souspli-mutation-") as made:
        folder = Path(os.environ.get("SOUSPLI_MUTATION_FOLDER", made))
        if not (folder / "mutants").exists():
            folder.mkdir(exist_ok=True)
            stage(folder, part, only)
            subprocess.run([sys.executable, here / "prepare.py"], cwd=folder, check=True)
        tests = [f"tests/{test}" for test in part.tests]
        line = [sys.executable, "-m", "pytest", "--rootdir=.", "-q", "-p", "loop", *ARGUMENTS]
        subprocess.run(
            [*line, *tests],
            cwd=folder / "mutants",
            check=True,
            env={**os.environ, "PYTHONPATH": str(here), "MUTANT_UNDER_TEST": ""},
        )
        results = read_results(folder)
        print_table(results)
        print_survivors(folder, results)


if __name__ == "__main__":
    main()
