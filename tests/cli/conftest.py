"""Runs the real program, as its users do: in a process of its own, with an empty home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli.offline_world import People, make_people
from cli_world import PASSPHRASE, Ended, Practice, Service, Souspli, clean_environment, command
from forked import programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def souspli(home: Path) -> Souspli:
    """Run ``souspli`` and wait for its end."""

    def run(
        *arguments: str | Path,
        stdin: str | None = None,
        env: dict[str, str] | None = None,
        limit_file_size: int | None = None,
    ) -> Ended:
        line = command(*arguments)
        if limit_file_size is not None:
            # The disk is full for this process alone; Python ignores SIGXFSZ, so that
            # writing fails with EFBIG as it would with ENOSPC.
            line = ["prlimit", f"--fsize={limit_file_size}", "--", *line]
            # CPython 3.11 would leave half a .pyc behind, for every later run to stumble over.
            env = {"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        ended = programs.run(
            line,
            input=stdin if stdin is not None else "",
            env=clean_environment(home) | (env or {}),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="module")
def passphrase_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds the passphrase of the tests' profiles."""
    path = tmp_path_factory.mktemp("passphrase") / "passphrase"
    path.write_text(PASSPHRASE + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Service]:
    """A running service; tests of a file share it, each with patients of its own."""
    folder = tmp_path_factory.mktemp("service")
    with Service(folder, clean_environment(home), command()) as running:
        yield running


@pytest.fixture(scope="module")
def practice(
    souspli: Souspli,
    service: Service,
    tmp_path_factory: pytest.TempPathFactory,
    passphrase_file: Path,
) -> Practice:
    """A practice with its first member, in a profile with a passphrase."""
    folder = tmp_path_factory.mktemp("practice")
    made = Practice(souspli, service, folder / "profile", passphrase_file, folder)
    ended = made.create()
    assert ended.code == 0, ended.err
    return made


@pytest.fixture(scope="module")
def people(souspli: Souspli, tmp_path_factory: pytest.TempPathFactory) -> People:
    """People with identity files."""
    return make_people(souspli, tmp_path_factory.mktemp("people"))
