"""The S3 server of tests and checks: there while it is needed, and not a moment longer."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from souspli_cli.seaweedfs import SeaweedFailedError, SeaweedFS, SeaweedMissingError

START = """
import sys, time
from pathlib import Path
from souspli_cli.seaweedfs import SeaweedFS
with SeaweedFS(Path(sys.argv[1])) as server:
    print(server.endpoint, flush=True)
    time.sleep(600)
"""


def is_running(folder: Path) -> bool:
    """Whether a server has its data in this folder."""
    return any(
        f"-dir={folder}/".encode() in line and not line.startswith(b"/bin/sh")
        for line in map(command_line, Path("/proc").glob("[0-9]*"))
    )


def command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # ended meanwhile


def test_the_server_ends_with_whoever_started_it_however_that_ended(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    with starter.stdout:
        assert starter.stdout.readline().startswith("http://127.0.0.1:")
    assert is_running(tmp_path)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    limit = time.monotonic() + 60
    while is_running(tmp_path):
        assert time.monotonic() < limit, "still there"
        time.sleep(0.02)


def test_without_the_program_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SeaweedMissingError):
        SeaweedFS(tmp_path)


def test_a_server_that_does_not_start_is_told_and_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = SeaweedFS(tmp_path)
    monkeypatch.setattr("souspli_cli.seaweedfs.START_LIMIT_SECONDS", 0.0)
    with pytest.raises(SeaweedFailedError):
        server.__enter__()
    assert not is_running(tmp_path)
