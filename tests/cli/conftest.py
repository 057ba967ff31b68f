"""Runs the real program, as its users do: in a process of its own, with an empty home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "cheval correct agrafe batterie"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its one JSON document."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> str:
        """The stable name of its error."""
        name: str = self.json["error"]["name"]
        return name


class Souspli(Protocol):
    """Runs ``souspli`` with arguments."""

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | None = None,
        env: dict[str, str] | None = None,
        limit_file_size: int | None = None,
    ) -> Ended: ...


def command(*arguments: str | Path) -> list[str]:
    """Give the command line that runs the program from this tree."""
    return [sys.executable, "-m", "souspli_cli", *map(str, arguments)]


def clean_environment(home: Path) -> dict[str, str]:
    """Give an environment without the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    return kept | {"HOME": str(home), "LANG": "fr_FR.UTF-8", "PYTHONWARNINGS": "error"}


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
