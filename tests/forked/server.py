"""Imports the command line once, then forks a child for each request: see `forked.programs`.

``python -P server.py LINE``, where LINE is the descriptor of a socket: a message is a request
with four files (the standard ones, and where to tell the child's id and its end).
"""

from __future__ import annotations

import array
import atexit
import ctypes
import gc
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

# What commands import once they run; verbs themselves are asked for their table.
IMPORTED: Final = (
    "alembic.command",
    "alembic.config",
    "psycopg",
    "souspli_cli.bridge.running",
    "souspli_cli.causes",
    "souspli_cli.letter",
    "souspli_cli.letter_reading",
    "souspli_exchange.claim",
    "souspli_exchange.receive",
    "souspli_mailbox.app",
    "souspli_mailbox.client",
    "souspli_mailbox.entry",
    "souspli_mailbox.logs",
    "souspli_storage.disk",
    "souspli_storage.postgresql",
    "souspli_storage.s3",
    "souspli_storage.sqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
)
# A request is a command line and its environment: some kilobytes.
MOST_BYTES: Final = 200_000


def main(line: socket.socket) -> None:
    """Fork until the other end is closed; a child returns once it is ready to run."""
    # Ctrl-C is for whoever runs the tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_all()
    told, woken = socket.socketpair()
    for one in (told, woken):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken.fileno())
    children: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(line, selectors.EVENT_READ)
        waiting.register(told, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in waiting.select()}
            if told in ready:
                with suppress(BlockingIOError):
                    while told.recv(4096):
                        pass
                _tell_ends(children)
            if line in ready:
                request, files = _received(line)
                if not files:
                    os._exit(0)
                words, report = json.loads(request), socket.socket(fileno=files.pop())
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    for one in (line, told, woken, report, *children.values()):
                        one.close()
                    break
                children[pid] = report
                # Whoever asked may have gone.
                with suppress(OSError):
                    report.send(str(pid).encode())
                for file in files:
                    os.close(file)
    _be(words, files)


def _import_all() -> None:
    from souspli_cli.run import VERBS  # noqa: PLC0415  (after the signal)

    for name in (*(place.partition(":")[0] for place in VERBS.values()), *IMPORTED):
        import_module(name)
    # Children share what nobody looks through.
    gc.collect()
    gc.freeze()


def _received(line: socket.socket) -> tuple[bytes, list[int]]:
    """A request and its files; none at the end."""
    files = array.array("i")
    request, rights, _, _ = line.recvmsg(MOST_BYTES, socket.CMSG_SPACE(4 * files.itemsize))
    for _, _, data in rights:
        files.frombytes(data)
    return request, list(files)


def _tell_ends(children: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        with children.pop(pid) as report, suppress(OSError):
            report.send(str(ended).encode())


def _be(request: dict[str, object], files: list[int]) -> None:
    """Have what a new process would be given; `arguments` are run by our caller."""
    _end_with_parent()
    for standard, file in enumerate(files):
        os.dup2(file, standard)
    for file in files:
        if file > 2:
            os.close(file)
    # Ours would believe that they can be sought in, as what they were opened on could.
    sys.stdin = sys.__stdin__ = _stream(0, "r", errors="strict")
    sys.stdout = sys.__stdout__ = _stream(1, "w", errors="strict")
    sys.stderr = sys.__stderr__ = _stream(2, "w", errors="backslashreplace")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    os.chdir(str(request["folder"]))
    # As with `python -m`.
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  (a text)
    sys.argv = list(request["words"])  # type: ignore[call-overload]


def _stream(standard: int, mode: str, *, errors: str) -> io.TextIOWrapper:
    """What Python makes of one of the three when it starts."""
    opened = os.fdopen(standard, mode, encoding="utf-8", errors=errors, closefd=False)
    assert isinstance(opened, io.TextIOWrapper)
    opened.reconfigure(line_buffering=standard == 2 or opened.isatty())
    return opened


def _end_with_parent() -> None:
    """Leave no program behind when the tests themselves are killed: Linux's prctl."""
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(module: str) -> NoReturn:
    """Run a module as `python -m` does, and end as Python does.

    But for taking all modules apart, one object after the other: a tenth of a second for
    memory that the system takes back in any case.
    """
    code: object = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = 0 if end.code is None else end.code
        if not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201  (as Python does)
            code = 1
    except BaseException:  # noqa: BLE001  (as Python does)
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(int(code))  # type: ignore[call-overload]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
    run(sys.argv[0])
