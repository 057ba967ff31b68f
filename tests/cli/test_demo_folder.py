"""A demo that was killed leaves a folder. The next one removes it, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from souspli_cli import demo_folder
from souspli_cli.demo_folder import PREFIX, remove_abandoned, throw_away_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDS = """
import sys
from souspli_cli.demo_folder import throw_away_folder
with throw_away_folder() as folder:
    (folder / "cabinet").mkdir()
    (folder / "cabinet" / "device.key").write_text("secret")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, for this process and those that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


@pytest.fixture
def another() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another demo that runs, as far as its folder goes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            yield running, Path(running.stdout.readline().strip())
        finally:
            running.kill()


def test_a_folder_is_gone_with_its_demo(temporary: Path) -> None:
    with throw_away_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.joinpath("x").write_text("x", encoding="utf-8")
    assert list(temporary.iterdir()) == []


def test_the_next_demo_removes_what_one_that_was_killed_has_left(
    another: tuple[subprocess.Popen[str], Path],
) -> None:
    running, left = another
    with throw_away_folder():
        assert left.joinpath("cabinet", "device.key").exists(), "a demo that runs lost its folder"
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert left.exists()
    with throw_away_folder() as own:
        assert not left.exists()
        assert own.exists()


def test_a_program_that_outlives_its_demo_holds_nothing(temporary: Path) -> None:
    with throw_away_folder() as folder:
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
        try:
            # As when the demo is killed.
            descriptor = os.open(folder / "demo.lock", os.O_RDWR)
            assert [path.name for path in temporary.iterdir()] == [folder.name]
            os.close(descriptor)
            links = Path(f"/proc/{program.pid}/fd").iterdir()
            assert not [one for one in links if "demo.lock" in str(one.readlink())]
        finally:
            program.kill()
            program.wait()


def test_what_is_not_a_demo_s_own_folder_stays(temporary: Path) -> None:
    kept = temporary / "kept"
    kept.mkdir(mode=0o700)
    kept.joinpath("demo.lock").touch()
    temporary.joinpath(f"{PREFIX}link").symlink_to(kept)
    temporary.joinpath(f"{PREFIX}file").touch()
    # Being made this instant, or by an older version.
    temporary.joinpath(f"{PREFIX}new").mkdir(mode=0o700)
    open_to_others = temporary / f"{PREFIX}open"
    open_to_others.mkdir()
    open_to_others.chmod(0o755)
    open_to_others.joinpath("demo.lock").touch()
    linked_lock = temporary / f"{PREFIX}linked"
    linked_lock.mkdir(mode=0o700)
    linked_lock.joinpath("demo.lock").symlink_to(kept / "demo.lock")
    before = sorted(temporary.iterdir())
    remove_abandoned(temporary)
    assert sorted(temporary.iterdir()) == before
    assert kept.joinpath("demo.lock").exists()


def test_somebody_else_s_folder_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = temporary / f"{PREFIX}theirs"
    theirs.mkdir(mode=0o700)
    theirs.joinpath("demo.lock").touch()
    with monkeypatch.context() as other:
        other.setattr(demo_folder.os, "geteuid", lambda: os.getuid() + 1)
        remove_abandoned(temporary)
    assert theirs.exists()
    remove_abandoned(temporary)
    assert not theirs.exists()


def test_a_link_inside_an_abandoned_folder_is_not_followed(temporary: Path) -> None:
    outside = temporary / "outside"
    outside.mkdir()
    outside.joinpath("x").touch()
    left = temporary / f"{PREFIX}left"
    left.mkdir(mode=0o700)
    left.joinpath("demo.lock").touch()
    left.joinpath("link").symlink_to(outside)
    remove_abandoned(temporary)
    assert not left.exists()
    assert outside.joinpath("x").exists()


def test_a_place_that_can_not_be_listed_stops_no_demo(temporary: Path) -> None:
    remove_abandoned(temporary / "nowhere")
