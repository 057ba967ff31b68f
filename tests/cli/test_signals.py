"""However impatiently a command is ended, nothing of a document stays lying about."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from cli_world import command

from souspli_cli.connection import run_to_end

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.offline_world import People

# Long enough to be met in the middle; a hundredth of it is written within milliseconds.
LENGTH = 600 * 1024**2


@pytest.fixture(scope="module")
def sealed(people: People, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    large = people.folder / "grand.bin"
    with large.open("wb") as file:
        file.truncate(LENGTH)
    out = tmp_path_factory.mktemp("large") / "d"
    assert people.seal(out, large).code == 0
    yield out
    large.unlink()
    (out / "contents.age").unlink()


def begin(people: People, folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    """Start a command that writes below `folder`, and return when it has begun to."""
    # A shell that started the tests in the background had SIGINT ignored, nohup SIGHUP,
    # by children too.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    started = subprocess.Popen(
        command(*words),
        env=os.environ | {"SOUSPLI_LANG": "fr"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    for number, handler in before.items():
        signal.signal(number, handler)
    limit = time.monotonic() + 60
    # A folder has a size of its own, from before there is anything in it.
    while not any(path.is_file() and path.stat().st_size for path in folder.glob(".souspli-*/*")):
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < limit
        time.sleep(0.001)
    return started


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(([signal.SIGINT], 130), id="Ctrl-C"),
        pytest.param(([signal.SIGINT] * 5, 130), id="Ctrl-C held down"),
        pytest.param(([signal.SIGTERM], 143), id="the session is stopped"),
        pytest.param(([signal.SIGHUP, signal.SIGTERM], 129), id="the window is closed"),
    ],
)
@pytest.mark.parametrize("verb", ["open", "seal"])
def test_nothing_is_left_of_a_command_that_was_ended(
    people: People, sealed: Path, tmp_path: Path, verb: str, ending: tuple[list[int], int]
) -> None:
    numbers, code = ending
    own, other = people.jeanne, people.anne
    words: list[str | Path] = ["open", sealed, "--identity", own.secret, "--sender", other.public]
    if verb == "seal":
        large = people.folder / "grand.bin"
        words = ["seal", large, "--to", own.public, "--as", other.secret]
    started = begin(people, tmp_path, *words, "--out", tmp_path / "out")
    for number in numbers:
        started.send_signal(number)
        time.sleep(0.02)
    out, err = started.communicate(timeout=60)
    assert started.returncode == code, err
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in out + err


def test_a_key_that_goes_into_a_file_is_its_owner_s(people: People, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o644)
        subprocess.run(
            command("identity", "age", people.anne.secret),
            stdout=file,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_signal_amid_one_of_several_tasks_ends_them_all_without_a_word() -> None:
    """Sending puts segments side by side; whichever is at work, Ctrl-C ends the command once."""
    complaints: list[object] = []
    ended: list[str] = []

    async def interrupted() -> None:
        raise KeyboardInterrupt

    async def waiting() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waiting")

    async def both() -> None:
        tasks = [asyncio.create_task(one()) for one in (waiting, interrupted)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            ended.append("both")

    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(KeyboardInterrupt):
            run_to_end(runner, both())
        assert ended == ["waiting", "both"]
        gc.collect()
    assert complaints == []
