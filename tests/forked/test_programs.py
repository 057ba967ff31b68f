"""A forked command is like one that was started: nobody who uses it can tell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from cli_world import clean_environment, command
from forked import programs

PATIENCE_SECONDS = 60


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["send", "--help"], 0),
        (["nonsense"], 2),
        (["sent", "--json"], 1),
        (["identity", "new", "--lang", "en", "--json"], 2),
    ],
    ids=str,
)
def test_it_says_and_ends_as_one_that_was_started(
    tmp_path: Path, words: list[str], code: int
) -> None:
    environment = clean_environment(tmp_path)
    told = [
        run(
            command(*words),
            env=environment,
            cwd=tmp_path,
            input="",
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        for run in (programs.run, subprocess.run)
    ]
    assert told[0].returncode == code, told[0].stderr
    assert told[0].stdout == told[1].stdout
    assert told[0].stderr == told[1].stderr


def test_it_reads_what_it_is_given_and_finds_its_folder_and_environment(tmp_path: Path) -> None:
    tmp_path.joinpath("probe.py").write_text(
        "import os, sys, tempfile\n"
        "print(os.getcwd(), sys.argv[1:], sys.stdin.read(), os.environ['GIVEN'])\n"
        "print(__name__, tempfile.gettempdir(), sys.stdout.isatty(), file=sys.stderr)\n"
        "sys.exit('the end')\n"
    )
    told = programs.run(
        [sys.executable, "-m", "probe", "a", "é"],
        env=clean_environment(tmp_path) | {"GIVEN": "œuf", "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        input="ligne",
        capture_output=True,
        encoding="utf-8",
    )
    assert told.stdout == f"{tmp_path} ['a', 'é'] ligne œuf\n"
    assert told.stderr == f"__main__ {tmp_path} False\nthe end\n"
    assert told.returncode == 1


def test_it_is_killed_by_its_id(tmp_path: Path) -> None:
    with _serving(tmp_path) as serving:
        assert serving._forked is not None
        assert serving.poll() is None
        os.kill(serving.pid, signal.SIGKILL)
        assert serving.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(serving.pid, 0)


@pytest.mark.parametrize(
    "environment",
    [{"LANG": "C"}, {"SSL_CERT_FILE": "/nowhere"}, {"PYTHONPATH": "/nowhere"}, {"TZ": "UTC"}],
    ids=str,
)
def test_where_python_would_start_differently_it_is_started(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    given = clean_environment(tmp_path) | environment
    with programs.Popen(command("--version"), env=given, stdout=subprocess.DEVNULL) as started:
        assert started._forked is None
        assert started.wait(PATIENCE_SECONDS) == 0


def test_none_is_forked_where_somebody_says_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(programs.SWITCH, "no")
    with _serving(tmp_path) as serving:
        assert serving._forked is None
        serving.terminate()


def test_none_is_forked_where_a_test_says_no(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    for forked in (True, False):
        with contextlib.ExitStack() as stack:
            if not forked:
                stack.enter_context(programs.started_anew())
            program = programs.Popen(
                command("--version"), env=environment, stdout=subprocess.DEVNULL
            )
            with program:
                assert (program._forked is not None) is forked


def test_none_is_left_when_the_tests_are_killed(tmp_path: Path) -> None:
    tests = textwrap.dedent(
        """
        import os, signal
        from pathlib import Path
        from forked.test_programs import _serving
        serving = _serving(Path.cwd())
        print(serving.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    killed = subprocess.run(
        [sys.executable, "-c", tests],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    limit = time.monotonic() + PATIENCE_SECONDS
    while Path("/proc", killed.stdout.strip()).exists():
        assert time.monotonic() < limit
        time.sleep(0.05)


def _serving(folder: Path) -> programs.Popen:
    """A service that has said that it listens."""
    started = programs.Popen(
        command("serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--json"),
        env=clean_environment(folder) | {"SOUSPLI_MAILBOX_SERVE_PAGE": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline().startswith("{")
    return started
