"""Breaks a program from outside: wraps its real adapters, then lets its real main run.

Production code has no hooks. What is wrapped are the classes behind the ports
(database, store, relay), the answers of the service, and the steps of `souspli send`.
A process is given one `Sabotage` before its main begins.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import hashlib
import os
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Self

from crash.journal import Journal
from crash.points import Act, Kind, Point

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from crash.bugs import Bug

# A worker notices a moved clock this soon, instead of after two seconds.
POLL_SECONDS: Final = 0.2
# Waiting between two attempts is cut to this part: what is waited for is back at once.
PATIENCE: Final = 0.1
# A line that says nothing for so long is given up, instead of after a minute, or five
# for a whole part.
READ_SECONDS: Final = 3.0
TOTAL_SECONDS: Final = 10.0
# Longer than any test holds; beyond it a forgotten process ends.
HELD_SECONDS: Final = 120
# The methods of a store that write.
BLOB_METHODS: Final = ("begin", "put_part", "complete", "abort", "delete")


@dataclass(frozen=True)
class Sabotage:
    """What is to happen in a process; it can be sent to one."""

    folder: Path
    """Where processes and harness leave each other notes."""
    point: Point | None = None
    bug: Bug | None = None

    @property
    def struck(self) -> Path:
        """Is there once the point was reached."""
        return self.folder / "struck"

    @property
    def go(self) -> Path:
        """Made by the harness, so that what is held goes on."""
        return self.folder / "go"

    @property
    def journal(self) -> Path:
        """What a client sealed and what it was told, a line each."""
        return self.folder / "journal"

    @property
    def clock(self) -> Path:
        """By how many seconds the service's clock is off; read at each look."""
        return self.folder / "clock"

    @property
    def spent(self) -> Sabotage:
        """The same folder and clock, and nothing that happens."""
        return replace(self, point=None, bug=None)

    @property
    def clock_is_off(self) -> int:
        """By so many seconds, now."""
        return int(self.clock.read_text()) if self.clock.exists() else 0

    def move_clock(self, seconds: int) -> None:
        """Have it jump, while the service runs."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(str(self.clock_is_off + seconds))
        beside.replace(self.clock)

    def now(self) -> float:
        """The clock of a service under sabotage."""
        return time.time() + self.clock_is_off

    def install_in_service(self) -> None:
        """Wrap what a service is made of."""
        trap = Trap(self)
        _wrap_clock(self)
        _wrap_store_patience()
        _wrap_units(trap)
        _wrap_blobs(trap)
        _wrap_relay(trap)
        _wrap_answers(trap, self)
        if self.bug is not None:
            self.bug.install()

    def install_in_client(self) -> None:
        """Wrap the steps of `souspli send`, and write down what it seals and is told."""
        _wrap_patience()
        _wrap_client(Trap(self), self.journal)


@dataclass
class Trap:
    """Waits for its point, and strikes once."""

    sabotage: Sabotage
    _seen: int = 0
    _armed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        point = self.sabotage.point
        self._armed = point is None or point.step.until is None

    def meets(self, kind: Kind, of: str) -> Act | None:
        """Say what is to happen at this step, now: None for every other one."""
        point = self.sabotage.point
        if point is None or (point.step.kind, point.step.of) != (kind, of):
            return None
        with self._lock:
            if not self._armed:
                return None
            self._seen += 1
            if self._seen != point.step.occurrence:
                return None
        if not point.act.kills:
            self.note()
        return point.act

    def committed(self, unit: str) -> None:
        """Begin to count, if this is what the step waits for."""
        point = self.sabotage.point
        if point is not None and point.step.until == unit:
            with self._lock:
                self._armed = True

    def note(self) -> None:
        """Tell the harness that the point was reached."""
        self.sabotage.struck.touch()

    def hold(self) -> None:
        """Wait here until the harness says go."""
        limit = time.monotonic() + HELD_SECONDS
        while not self.sabotage.go.exists():
            if time.monotonic() > limit:
                raise TimeoutError("nobody said go")
            time.sleep(0.02)

    def die(self) -> None:
        """End this process as `kill -9` does: nothing is tidied up."""
        self.note()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # not reached, and nothing must follow


def _wrap_clock(sabotage: Sabotage) -> None:
    from souspli_mailbox import jobs, process  # noqa: PLC0415  (a client loads neither)
    from souspli_storage import disk, s3  # noqa: PLC0415  (the same)

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(sabotage.now(), tz)

    make_app = process.make_app  # type: ignore[attr-defined]  # what it imports, it calls
    process.make_app = functools.partial(make_app, clock=sabotage.now)  # type: ignore[attr-defined]
    jobs.POLL_SECONDS = POLL_SECONDS  # type: ignore[misc]
    disk.time = SimpleNamespace(time=sabotage.now)  # type: ignore[assignment, attr-defined]
    s3.datetime = SimpleNamespace(  # type: ignore[assignment, attr-defined]
        datetime=Shifted, timedelta=datetime.timedelta, UTC=datetime.UTC
    )


def _wrap_store_patience() -> None:
    """Have a store that says nothing given up sooner."""
    from souspli_storage import s3  # noqa: PLC0415  (as above)

    s3.ANSWER_SECONDS = READ_SECONDS  # type: ignore[misc]


def _wrap_units(trap: Trap) -> None:
    from souspli_storage.postgresql import PostgresqlDatabase  # noqa: PLC0415  (as above)
    from souspli_storage.sqlite import SqliteDatabase  # noqa: PLC0415  (as above)

    for kind in (SqliteDatabase, PostgresqlDatabase):
        kind.write_now = _writing(trap, kind.write_now)  # type: ignore[method-assign]


def _writing(trap: Trap, original: Callable[..., Any]) -> Callable[..., Any]:
    def write_now(self: Any, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name = name_of(unit)
        act = trap.meets(Kind.UNIT, name)

        # A partial has no name for `wraps` to take over; marks on a function it does.
        @functools.wraps(unit)
        def within(*args: Any, **kwargs: Any) -> Any:
            value = unit(*args, **kwargs)
            trap.die()
            return value

        made = within if act is Act.KILL_WITHIN else unit
        value = _broken(trap, act, lambda: original(self, made, *args, **kwargs), _database_error)
        trap.committed(name)
        return value

    return write_now


def name_of(unit: Callable[..., Any]) -> str:
    """Return the name of a unit of work's function."""
    while True:
        if isinstance(unit, functools.partial):
            unit = unit.func
        elif hasattr(unit, "__wrapped__"):
            unit = unit.__wrapped__
        else:
            return unit.__name__


def _wrap_blobs(trap: Trap) -> None:
    from souspli_storage.disk import DiskBlobs  # noqa: PLC0415  (as above)
    from souspli_storage.disk_ledger import DiskLedger  # noqa: PLC0415  (as above)
    from souspli_storage.s3 import S3Blobs  # noqa: PLC0415  (as above)
    from souspli_storage.s3_ledger import S3Ledger  # noqa: PLC0415  (as above)

    wrapped: tuple[tuple[Kind, type, tuple[str, ...]], ...] = (
        (Kind.BLOB, DiskBlobs, BLOB_METHODS),
        (Kind.BLOB, S3Blobs, (*BLOB_METHODS, "presign_parts")),
        (Kind.LEDGER, DiskLedger, ("append",)),
        (Kind.LEDGER, S3Ledger, ("append",)),
    )
    for what, kind, names in wrapped:
        for name in names:
            setattr(kind, name, _blob_method(trap, what, name, getattr(kind, name)))


def _blob_method(
    trap: Trap, kind: Kind, name: str, original: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        act = trap.meets(kind, name)
        return _broken(trap, act, lambda: original(*args, **kwargs), _store_error)

    return method


def _database_error() -> Exception:
    from souspli_storage.errors import DatabaseError  # noqa: PLC0415  (as above)

    return DatabaseError("broken by the saboteur")


def _store_error() -> Exception:
    from souspli_storage.errors import StoreUnavailableError  # noqa: PLC0415  (as above)

    return StoreUnavailableError("broken by the saboteur")


def _broken(
    trap: Trap, act: Act | None, call: Callable[[], Any], error: Callable[[], Exception]
) -> Any:
    """Make the call, with what is to happen around it."""
    if act is Act.KILL_BEFORE:
        trap.die()
    if act is Act.HELD_BEFORE:
        trap.hold()
    if act is Act.NOT_APPLIED:
        raise error()
    value = call()
    if act is Act.KILL_AFTER:
        trap.die()
    if act is Act.HELD_AFTER:
        trap.hold()
    if act is Act.APPLIED_BUT_FAILED:
        raise error()
    return value


async def _broken_later(
    trap: Trap, act: Act | None, call: Callable[[], Awaitable[Any]], error: Callable[[], Exception]
) -> Any:
    """Do the same where the call is awaited."""
    if act is Act.KILL_BEFORE:
        trap.die()
    if act is Act.HELD_BEFORE:
        await asyncio.to_thread(trap.hold)
    if act is Act.NOT_APPLIED:
        raise error()
    value = await call()
    if act is Act.KILL_AFTER:
        trap.die()
    if act is Act.HELD_AFTER:
        await asyncio.to_thread(trap.hold)
    if act is Act.APPLIED_BUT_FAILED:
        raise error()
    return value


def _wrap_relay(trap: Trap) -> None:
    from souspli_mailbox.errors import MailDelayedError  # noqa: PLC0415  (as above)
    from souspli_mailbox.notify import SmtpRelay  # noqa: PLC0415  (as above)

    original = SmtpRelay.send

    async def send(self: SmtpRelay, message: Any, **kwargs: Any) -> None:
        await _broken_later(
            trap,
            trap.meets(Kind.MAIL, "send"),
            lambda: original(self, message, **kwargs),
            lambda: MailDelayedError("broken by the saboteur"),
        )

    SmtpRelay.send = send  # type: ignore[method-assign]


def _wrap_answers(trap: Trap, sabotage: Sabotage) -> None:
    from aiohttp import web  # noqa: PLC0415  (as above)

    from souspli_mailbox import process  # noqa: PLC0415  (as above)
    from souspli_mailbox.answers import problem_answer  # noqa: PLC0415  (as above)
    from souspli_mailbox.errors import Refusal  # noqa: PLC0415  (as above)
    from souspli_mailbox.middlewares import route_template  # noqa: PLC0415  (as above)
    from souspli_mailbox.protocol.problems import ProblemKind  # noqa: PLC0415  (as above)

    last: set[int] = set()

    @web.middleware
    async def answers(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        if response.status >= 400:
            return response
        match trap.meets(Kind.ANSWER, f"{request.method} {route_template(request)}"):
            case Act.KILL_BEFORE:
                trap.die()
            case Act.KILL_AFTER:
                last.add(id(response))
            case Act.NOT_APPLIED:
                # No answer at all: the line is cut.
                assert request.transport is not None
                request.transport.abort()
            case Act.APPLIED_BUT_FAILED:
                return problem_answer(Refusal(ProblemKind.UNAVAILABLE))
            case _:
                pass
        return response

    write_eof = web.Response.write_eof

    async def write_last(self: web.Response, data: bytes = b"") -> None:
        await write_eof(self, data)
        if id(self) in last:
            trap.die()

    web.Response.write_eof = write_last  # type: ignore[method-assign]
    make_app = process.make_app  # type: ignore[attr-defined]  # as above

    def sabotaged(*args: Any, **kwargs: Any) -> web.Application:
        app = make_app(*args, **kwargs)
        app.middlewares.insert(0, answers)
        return app

    process.make_app = sabotaged  # type: ignore[attr-defined]  # as above


def _wrap_patience() -> None:
    from souspli_exchange.retry import RetryPolicy  # noqa: PLC0415  (a service doesn't load it)
    from souspli_mailbox.client import transport  # noqa: PLC0415  (the same)

    transport.READ_SECONDS = READ_SECONDS  # type: ignore[misc]
    transport.TOTAL_SECONDS = TOTAL_SECONDS  # type: ignore[misc]
    wait = RetryPolicy._wait
    RetryPolicy._wait = lambda *args: PATIENCE * wait(*args)  # type: ignore[method-assign]


def _wrap_client(trap: Trap, journal: Path) -> None:
    from souspli_cli.addressbook import AddressBook  # noqa: PLC0415  (as above)
    from souspli_cli.spool import FolderSpool  # noqa: PLC0415  (as above)
    from souspli_exchange.errors import SpoolError  # noqa: PLC0415  (as above)
    from souspli_exchange.port_errors import UnavailableError  # noqa: PLC0415  (as above)
    from souspli_mailbox.client import MailboxClient  # noqa: PLC0415  (as above)

    def spool_error() -> Exception:
        return SpoolError("broken by the saboteur")

    def line_error() -> Exception:
        return UnavailableError("broken by the saboteur")

    write = Journal(journal)
    for kind, name, error in (
        (FolderSpool, "put_segment", spool_error),
        (FolderSpool, "commit", spool_error),
        (FolderSpool, "discard", spool_error),
        (AddressBook, "change_document", spool_error),
    ):
        setattr(kind, name, _client_method(trap, write, kind, name, error))
    for name in ("open_deposit", "put_segment", "complete_deposit"):
        setattr(MailboxClient, name, _client_call(trap, write, MailboxClient, name, line_error))


def _client_method(
    trap: Trap, write: Journal, kind: type, name: str, error: Callable[[], Exception]
) -> Callable[..., Any]:
    original = getattr(kind, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        act = trap.meets(Kind.CLIENT, f"{kind.__name__}.{name}")
        if name == "put_segment":
            # Before it is done: sealed is sealed, kept or not.
            write("sealed", args[0], args[1], hashlib.sha256(args[2]).hexdigest())
        return _broken(trap, act, lambda: original(self, *args, **kwargs), error)

    return method


def _client_call(
    trap: Trap, write: Journal, kind: type, name: str, error: Callable[[], Exception]
) -> Callable[..., Any]:
    original = getattr(kind, name)

    @functools.wraps(original)
    async def call(self: Any, document_id: str, *args: Any, **kwargs: Any) -> Any:
        async def told() -> Any:
            value = await original(self, document_id, *args, **kwargs)
            match name:
                case "put_segment":
                    write("kept", document_id, args[0], kwargs["sha256"].hex())
                case "complete_deposit":
                    write("stored", document_id, 0, "")
                case _:
                    pass
            return value

        act = trap.meets(Kind.CLIENT, f"{kind.__name__}.{name}")
        return await _broken_later(trap, act, told, error)

    return call
