"""What a service is made of, wrapped: its clock, units of work, store, relay and answers."""

from __future__ import annotations

import datetime
import errno
import functools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import web
from crash.points import Act, Kind
from crash.saboteur import READ_SECONDS, broken, broken_later

from souspli_mailbox import jobs, process
from souspli_mailbox.answers import problem_answer
from souspli_mailbox.errors import MailDelayedError, Refusal
from souspli_mailbox.middlewares import route_template
from souspli_mailbox.notify import SmtpRelay
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_storage import disk, disk_ledger, s3
from souspli_storage.disk import DiskBlobs
from souspli_storage.disk_ledger import DiskLedger
from souspli_storage.errors import DatabaseError, StoreUnavailableError
from souspli_storage.postgresql import PostgresqlDatabase
from souspli_storage.s3 import S3Blobs
from souspli_storage.s3_ledger import S3Ledger
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from crash.saboteur import Sabotage, Trap

# A worker notices a moved clock this soon, instead of after two seconds.
POLL_SECONDS: Final = 0.2
# The methods of a store that write.
BLOB_METHODS: Final = ("begin", "put_part", "complete", "abort", "delete")


def install(sabotage: Sabotage, trap: Trap) -> None:
    """Wrap all of it, in this process."""
    _wrap_clock(sabotage)
    # A store that says nothing is given up sooner.
    s3.ANSWER_SECONDS = READ_SECONDS  # type: ignore[misc]
    for kind in (SqliteDatabase, PostgresqlDatabase):
        kind.write_now = _writing(trap, kind.write_now)  # type: ignore[method-assign]
    _wrap_stores(trap)
    _wrap_files(trap)
    _wrap_relay(trap)
    _wrap_answers(trap)


def _wrap_clock(sabotage: Sabotage) -> None:

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(sabotage.now(), tz)

    make_app = process.make_app  # type: ignore[attr-defined]  # what it imports, it calls

    def with_clock(*args: Any, **kwargs: Any) -> web.Application:
        app: web.Application = make_app(*args, **{**kwargs, "clock": sabotage.now})
        return app

    process.make_app = with_clock  # type: ignore[attr-defined]  # as above
    jobs.POLL_SECONDS = POLL_SECONDS  # type: ignore[misc]
    disk.time = SimpleNamespace(time=sabotage.now)  # type: ignore[assignment, attr-defined]
    s3.datetime = SimpleNamespace(  # type: ignore[assignment, attr-defined]
        datetime=Shifted, timedelta=datetime.timedelta, UTC=datetime.UTC
    )


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
        value = broken(trap, act, lambda: original(self, made, *args, **kwargs), _database_error)
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


def _wrap_stores(trap: Trap) -> None:
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
        # Most sweeps have no tombstone to write.
        nothing = kind is Kind.LEDGER and not args[1]
        act = None if nothing else trap.meets(kind, name)
        return broken(trap, act, lambda: original(*args, **kwargs), _store_error)

    return method


def _wrap_files(trap: Trap) -> None:
    """Have half of what is written to a file be there, and then nothing any more."""
    write = disk.write
    append = disk_ledger._write

    def write_file(path: Path, data: bytes) -> None:
        _torn(trap, "part", data, lambda some: write(path, some))

    def write_lines(descriptor: int, data: bytes, offset: int) -> None:
        _torn(trap, "lines", data, lambda some: append(descriptor, some, offset))

    disk.write = write_file  # type: ignore[attr-defined]  # what it imports, it calls
    disk_ledger._write = write_lines


def _torn(trap: Trap, of: str, data: bytes, write: Callable[[bytes], None]) -> None:
    match trap.meets(Kind.FILE, of):
        case Act.KILL_MIDDLE:
            write(data[: len(data) // 2])
            trap.die()
        case Act.EIO:
            write(data[: len(data) // 2])
            raise OSError(errno.EIO, "broken by the saboteur")
        case _:
            write(data)


def _database_error() -> Exception:

    return DatabaseError("broken by the saboteur")


def _store_error() -> Exception:

    return StoreUnavailableError("broken by the saboteur")


def _wrap_relay(trap: Trap) -> None:

    original = SmtpRelay.send

    async def send(self: SmtpRelay, message: Any, **kwargs: Any) -> None:
        await broken_later(
            trap,
            trap.meets(Kind.MAIL, "send"),
            lambda: original(self, message, **kwargs),
            lambda: MailDelayedError("broken by the saboteur"),
        )

    SmtpRelay.send = send  # type: ignore[method-assign]


def _wrap_answers(trap: Trap) -> None:

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
