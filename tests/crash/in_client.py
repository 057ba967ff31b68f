"""The steps of `souspli send` and `invite`, wrapped: what they seal, note, ask the service."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any, Final

from crash.journal import Journal
from crash.points import Kind
from crash.saboteur import READ_SECONDS, TOTAL_SECONDS, broken, broken_later

from souspli_cli.addressbook import AddressBook
from souspli_cli.spool import FolderSpool
from souspli_exchange.errors import SpoolError
from souspli_exchange.port_errors import UnavailableError
from souspli_exchange.retry import RetryPolicy
from souspli_mailbox.client import MailboxClient, transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crash.saboteur import Trap

# Waiting between two attempts is cut to this part: what is waited for is back at once.
PATIENCE: Final = 0.1


def install(trap: Trap, journal: Path) -> None:
    """Wrap all of it, in this process."""
    _wrap_patience()
    _wrap_steps(trap, Journal(journal))


def _wrap_patience() -> None:

    transport.READ_SECONDS = READ_SECONDS  # type: ignore[misc]
    transport.TOTAL_SECONDS = TOTAL_SECONDS  # type: ignore[misc]
    wait = RetryPolicy._wait
    RetryPolicy._wait = lambda *args: PATIENCE * wait(*args)  # type: ignore[method-assign]


def _wrap_steps(trap: Trap, write: Journal) -> None:

    def spool_error() -> Exception:
        return SpoolError("broken by the saboteur")

    def line_error() -> Exception:
        return UnavailableError("broken by the saboteur")

    for kind, name, error in (
        (FolderSpool, "put_segment", spool_error),
        (FolderSpool, "commit", spool_error),
        (FolderSpool, "discard", spool_error),
        (AddressBook, "change_document", spool_error),
        (AddressBook, "change_patient", spool_error),
    ):
        setattr(kind, name, _client_method(trap, write, kind, name, error))
    for name in (
        "open_deposit",
        "put_segment",
        "complete_deposit",
        "publish_invitation",
        "withdraw",
    ):
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
        return broken(trap, act, lambda: original(self, *args, **kwargs), error)

    return method


def _client_call(
    trap: Trap, write: Journal, kind: type, name: str, error: Callable[[], Exception]
) -> Callable[..., Any]:
    original = getattr(kind, name)

    @functools.wraps(original)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        async def told() -> Any:
            value = await original(self, *args, **kwargs)
            match name:
                case "put_segment":
                    write("kept", args[0], args[1], kwargs["sha256"].hex())
                case "complete_deposit":
                    write("stored", args[0], 0, "")
                case _:
                    pass
            return value

        act = trap.meets(Kind.CLIENT, f"{kind.__name__}.{name}")
        return await broken_later(trap, act, told, error)

    return call
