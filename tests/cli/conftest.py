"""Runs the real program, as its users do: in a process of its own, with an empty home."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cli_world import PASSPHRASE, Ended, Practice, Service, Souspli, clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
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
        ended = subprocess.run(
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


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    """A file that holds the passphrase of the tests' profiles."""
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n", encoding="utf-8")
    return path


@pytest.fixture
def service(tmp_path: Path, home: Path) -> Iterator[Service]:
    """A running service, empty but for an admission code."""
    folder = tmp_path / "service"
    folder.mkdir()
    with Service(folder, clean_environment(home), command()) as running:
        yield running


@pytest.fixture
def practice(souspli: Souspli, service: Service, tmp_path: Path, passphrase_file: Path) -> Practice:
    """A practice with its first member, in a profile with a passphrase."""
    profile = tmp_path / "profile"
    made = Practice(souspli, service, profile, passphrase_file, tmp_path)
    ended = made.create()
    assert ended.code == 0, ended.err
    return made
