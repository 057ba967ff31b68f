"""``souspli send --resume``: sends what was kept, oldest first, and keeps every failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from souspli_cli import clock, outbox
from souspli_cli.causes import explained
from souspli_cli.connection import Line
from souspli_cli.errors import CliError, Refused, Temporary
from souspli_cli.spool import FolderSpool
from souspli_exchange.errors import ExchangeError
from souspli_exchange.port_errors import UnavailableError

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import SentDocument
    from souspli_cli.terminal import Terminal
    from souspli_exchange.spool import SpooledDocument


@dataclass
class _Outcome:
    sent: list[SentDocument] = field(default_factory=list["SentDocument"])
    failed: dict[str, CliError] = field(default_factory=dict[str, CliError])
    """By document id."""
    damaged: list[str] = field(default_factory=list[str])

    def end(self) -> CliError | None:
        """How the command ends; None where everything was sent."""
        away = [error for error in self.failed.values() if isinstance(error, Temporary)]
        if away:
            return Temporary("still_kept", count=len(away))
        if self.failed or self.damaged:
            return Refused("outbox_failed", count=len(self.failed) + len(self.damaged))
        return None

    def as_json(self) -> dict[str, object]:
        return {
            "sent": [outbox.as_json(document) for document in self.sent],
            "failed": [
                {"document_id": document_id, "name": error.name.replace("_", "-")}
                for document_id, error in self.failed.items()
            ],
            "damaged": self.damaged,
        }


def resume_all(terminal: Terminal, account: Account) -> None:
    """Deposit every kept document that no other program is working on.

    Raises:
        Temporary: The service is away; what is left stays kept.
        Refused: Some could not be sent; each was named with what to do.
    """
    outcome = _Outcome()
    with FolderSpool(account.profile.outbox) as spool:
        waiting, damaged = spool.take_all()
        for document_id in damaged:
            terminal.warn("error.spool_damaged")
            spool.discard(document_id)
            outcome.damaged.append(document_id)
        if waiting:
            _send_all(terminal, account, spool, waiting, outcome=outcome)
        elif not damaged:
            terminal.show("send.nothing_kept")
    terminal.give(outcome.as_json())
    end = outcome.end()
    if end is not None:
        end.results_given = True
        raise end


def _send_all(
    terminal: Terminal,
    account: Account,
    spool: FolderSpool,
    waiting: list[SpooledDocument],
    *,
    outcome: _Outcome,
) -> None:
    # Until it is tried, a document stays because the service is away.
    outcome.failed |= {document.document_id: Temporary("away") for document in waiting}
    now = clock.now()
    try:
        with terminal.progress("send.sealing") as progress, Line(account, terminal) as line:
            sending = line.sending(spool, lambda _step, done, total: progress.update(done, total))
            for document in waiting:
                try:
                    outbox.note(account, document)
                    stored = line.run(
                        outbox.deliver_kept(account, sending, spool, document, now=now)
                    )
                except UnavailableError:
                    raise
                except (CliError, ExchangeError) as failure:
                    error = explained(failure)
                    if error is None:
                        raise
                    terminal.warn(f"error.{error.name}", **error.values)
                    outcome.failed[document.document_id] = error
                else:
                    terminal.show("send.resumed", title=stored.title)
                    outcome.sent.append(stored)
                    del outcome.failed[document.document_id]
    except UnavailableError:
        return
