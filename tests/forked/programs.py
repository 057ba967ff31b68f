"""Runs ``python -m souspli_cli …`` as `subprocess` does, without its imports each time.

A new process spends half a second of a processor on importing what it needs, which was
most of what the tests of commands cost. So a server (`forked.server`) has imported it once
and forks one child a command. The child has its own arguments, environment, folder and
files, runs the module as ``python -m`` does, and is a process like any other: it is waited
for, signalled, stopped and killed by its id.

What the server can't stand for is started anew, as ever: another program, options of
`Popen` that nobody needs here, and an environment in which Python or a library would start
differently. `SOUSPLI_TEST_FORKED=no make test` starts everything anew.
"""

from __future__ import annotations

import array
import atexit
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SWITCH: Final = "SOUSPLI_TEST_FORKED"

# As `cli_world.clean_environment` says them: the server was started with these.
LANGUAGE: Final = "fr_FR.UTF-8"
WARNINGS: Final = "error"

# Read once, when Python or a library starts: where one differs, so might the program.
_AT_START: Final = ("LC_", "LD_", "MAGIC", "OPENSSL_", "SSL_", "TZ")
# Pythons whose `Popen` is known inside; in any other everything is started anew.
_KNOWN: Final = {(3, 11), (3, 12), (3, 13)}
_LATER: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
_OPTIONS: Final = frozenset({"env", "cwd", "stdin", "stdout", "stderr", "text", "encoding"})

# What is sure to fit, with its environment, into one message to the server.
_MOST_CHARACTERS: Final = 30_000


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` in everything but where the process comes from.

    Three of its inner methods are replaced: the one that makes the process, and the two that
    ask whether it has ended, which only its parent can know.
    """

    _forked: socket.socket | None = None
    """Where the server tells how it ended; None for a process of our own."""

    def __init__(self, line: Sequence[str | Path], **options: Any) -> None:
        self._words = [str(word) for word in line]
        self._may_be_forked = (
            os.environ.get(SWITCH) != "no"
            and sys.version_info[:2] in _KNOWN
            and self._words[:2] == [sys.executable, "-m"]
            and sum(map(len, self._words)) < _MOST_CHARACTERS
            and options.keys() <= _OPTIONS
            and _starts_alike(options.get("env"))
        )
        super().__init__(self._words, **options)

    def _execute_child(self, *given: Any) -> None:
        if not self._may_be_forked:
            super()._execute_child(*given)  # type: ignore[misc]  # typeshed tells nobody
            return
        named = inspect.signature(super()._execute_child).bind(*given).arguments  # type: ignore[misc]
        ours = (named["p2cread"], named["c2pwrite"], named["errwrite"])
        files = [standard if file == -1 else file for standard, file in enumerate(ours)]
        request = {
            "words": self._words[2:],
            "environment": dict(named["env"]),
            "folder": str(named["cwd"] or Path.cwd()),
        }
        self.pid, self._forked = _server().fork(request, files)
        self._child_created = True
        names = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(named[name] for name in names))  # type: ignore[attr-defined]

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if self._forked is None:
            return super()._try_wait(flags)  # type: ignore[misc, no-any-return]
        try:
            ended = self._forked.recv(16, socket.MSG_DONTWAIT if flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, 0
        assert ended, "the server of forks has gone"
        self._forked.close()
        return self.pid, int(ended)

    def _internal_poll(self, *given: Any, **more: Any) -> int | None:
        if self._forked is None:
            return super()._internal_poll(*given, **more)  # type: ignore[misc, no-any-return]
        lock: threading.Lock = self._waitpid_lock  # type: ignore[attr-defined]
        if self.returncode is None and lock.acquire(blocking=False):
            try:
                # Once more: somebody else may have waited meanwhile.
                if self.returncode is None:
                    pid, ended = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(ended)  # type: ignore[attr-defined]
            finally:
                lock.release()
        return self.returncode


def run(
    line: Sequence[str | Path],
    *,
    input: str | None = None,  # noqa: A002  (subprocess's)
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run`."""
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(line, **options) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    ended = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        ended.check_returncode()
    return ended


def _starts_alike(environment: Mapping[str, str] | None) -> bool:
    """Say whether a program would start in this environment as the server did in its own."""
    if environment is None or environment.get("LANG") != LANGUAGE:
        return False
    python = {name for name in environment if name.startswith("PYTHON")} - {*_LATER}
    return (
        not any(name.startswith(_AT_START) for name in environment)
        and python <= {"PYTHONWARNINGS", "PYTHONPATH"}
        and environment.get("PYTHONWARNINGS") == WARNINGS
        and environment.get("PYTHONPATH") == os.environ.get("PYTHONPATH")
    )


@contextmanager
def started_anew() -> Iterator[None]:
    """Meanwhile no program is forked: each starts as it does for its users."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "no"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before


@cache
def _server() -> _Server:
    """The one of this process, started when the first command is."""
    return _Server()


class _Server:
    """The server of forks, and the line to it."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        # Its end is that of our line; nobody waits for it.
        atexit.register(self._line.close)
        kept = {"PATH", "PYTHONPATH"}
        environment = {name: value for name, value in os.environ.items() if name in kept}
        environment |= {"LANG": LANGUAGE, "PYTHONWARNINGS": WARNINGS}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", Path(__file__).with_name("server.py"), str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        # Ctrl-C is for us; a server that still imports would say a traceback.
        self._process.returncode = 0  # and `Popen` complains of no process that runs on

    def fork(
        self, request: Mapping[str, object], files: Sequence[int]
    ) -> tuple[int, socket.socket]:
        """Have a child; return its id, and where its end will be told (as `waitpid` does)."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            sent = array.array("i", [*files, theirs.fileno()]).tobytes()
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)]
            with self._lock:
                self._line.sendmsg([json.dumps(request).encode()], rights)
        pid = ours.recv(16)
        assert pid, "the server of forks has gone"
        return int(pid), ours
