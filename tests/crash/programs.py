"""The real programs, each a process of its own, without a second of imports each time.

A server process has imported the program and forks one child per start
(multiprocessing's forkserver). The child gets its own environment, arguments and
files, and runs `souspli_cli.main.main` as `souspli` does; what it is then is a process
like any other, and is killed like one.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import warnings
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, Final

from crash import warm

from souspli_cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from crash.saboteur import Sabotage

    from souspli_storage.s3_location import S3Location

PATIENCE_SECONDS: Final = 60
# What multiprocessing says where the server of forks lost a child's exit code, which
# happens once in some hundred runs on a busy machine. Whoever gets it asks again.
UNKNOWN: Final = 255

_FORKS: Final = multiprocessing.get_context("forkserver")
# What a service and a send import on their way; and `pytest`, which every child would
# otherwise import again because the harness was started by it.
_PRELOADED: Final = (
    "crash.saboteur",
    "crash.bugs",
    "souspli_cli.run",
    "souspli_cli.serve",
    "souspli_cli.send",
    "souspli_cli.sent",
    "souspli_cli.invite",
    "souspli_cli.org",
    "souspli_mailbox.app",
    "souspli_mailbox.entry",
    "souspli_mailbox.client",
    "souspli_storage.disk",
    "souspli_storage.postgresql",
    "souspli_storage.s3",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "crash.warm",
    "crash.in_service",
    "crash.in_client",
    "alembic.command",
    "alembic.config",
    "sqlalchemy.dialects.sqlite",
    "pytest",
)


def begin(*, s3: S3Location | None) -> None:
    """Have the server of forks, with a client for this store.

    Once, before the first start and before there are threads: it finds our modules by this
    process's own path, which it is told in the environment.
    """
    _FORKS.set_forkserver_preload(list(_PRELOADED))
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if s3 is not None:
        os.environ[warm.VARIABLE] = warm.described(s3)
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Program:
    """A running `souspli`. Its words are in `out` and `err`, appended to what is there."""

    process: ForkServerProcess
    out: Path
    err: Path
    began: int
    """Where its own words begin in `out`."""

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def said(self) -> str:
        """What it wrote to stdout so far."""
        with self.out.open("rb") as file:
            file.seek(self.began)
            return file.read().decode()

    def wait(self) -> int:
        """Return its exit code once it has ended; a signal's number, negative."""
        self.process.join(PATIENCE_SECONDS)
        code = self.process.exitcode
        assert code is not None, "it never ended"
        return code

    def send_signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.alive:
            self.process.kill()
        self.process.join()


def start(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    out: Path,
    err: Path,
    sabotage: Sabotage,
) -> Program:
    """Start `souspli` with these arguments."""
    out.touch()
    began = out.stat().st_size
    words = [str(argument) for argument in arguments]
    process = _FORKS.Process(
        target=_run, args=(words, dict(environment), out, err, sabotage), daemon=True
    )
    process.start()
    return Program(process, out, err, began)


def _run(
    arguments: list[str], environment: dict[str, str], out: Path, err: Path, sabotage: Sabotage
) -> None:
    _die_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    # The server that forked us ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.simplefilter("error")
    sys.argv = ["souspli", *arguments]
    if arguments[0] == "serve":
        sabotage.install_in_service()
    else:
        sabotage.install_in_client()
    main()


def _die_with_parent() -> None:
    """Leave no service behind when the harness itself is killed.

    The server of forks ends with the last process that holds its pipe: the harness
    shall be the only one. Children end with it by Linux's prctl(PR_SET_PDEATHSIG).
    """
    server: Any = forkserver._forkserver
    os.close(server._forkserver_alive_fd)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
