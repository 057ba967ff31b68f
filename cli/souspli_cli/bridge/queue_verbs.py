"""``souspli bridge status|queue|retry|drop``: what waits, and what a person decides.

Beside a running bridge or without one: all of it is in the ledger and the spool.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from souspli_cli import account as profiles
from souspli_cli import clock, people
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from collections.abc import Generator

    from souspli_cli.account import Account
    from souspli_cli.bridge.ledger import Row
    from souspli_cli.bridge.settings import Folder
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_storage.database import Database

# On one screen, and in one --json document.
MOST_SHOWN: Final = 1_000


@verb("bridge_status", name="status")
@profile_options
def status(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """Count the ledger's documents by state."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.kept_letters import KeptLetters  # noqa: PLC0415  (as above)

    with _opened(terminal, folder, passphrase_file) as (account, place, database):
        counts = database.read_now(ledger.counts)
        letters = KeptLetters(place.letters, account.device.unlocker.secret_bytes()).count()
    for state in ledger.State:
        count = counts.by_state.get(state, 0)
        terminal.show(f"bridge.state_{state.value.replace('-', '_')}", count=count)
    if counts.oldest_waiting is not None:
        minutes = max(0, clock.now() - counts.oldest_waiting) // 60
        terminal.show("bridge.oldest", minutes=minutes)
    if letters:
        terminal.show("bridge.letters_waiting", count=letters)
    terminal.give(
        {
            "documents": {state.value: counts.by_state.get(state, 0) for state in ledger.State},
            "oldest_waiting": counts.oldest_waiting,
            "letters_waiting": letters,
        }
    )


@verb("bridge_queue", name="queue")
@click.option("--to-check", "only_to_check", is_flag=True)
@profile_options
def queue(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, only_to_check: bool
) -> None:
    """List documents that were not sent, with what they say of their patient."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.ledger import State  # noqa: PLC0415  (as above)

    states = (State.TO_CHECK, State.FAILED) if only_to_check else ledger.OPEN
    with _opened(terminal, folder, passphrase_file) as (account, place, database):
        rows = database.read_now(ledger.rows, states, MOST_SHOWN)
        shown = [_as_json(account, place, row) for row in rows]
    for row, one in zip(rows, shown, strict=True):
        terminal.show(
            "bridge.line",
            id=row.document_id[:8],
            date=people.shown_day(row.received_at),
            name=_name(terminal, one),
            what=_what(terminal, row),
        )
    if not rows:
        terminal.show("bridge.nothing")
    terminal.give({"documents": shown})


@verb("bridge_retry", name="retry")
@click.argument("document", required=False, metavar="DOCUMENT")
@click.option("--all", "everything", is_flag=True)
@profile_options
def retry(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str | None,
    everything: bool,
) -> None:
    """Have documents sorted and sent once more; a running bridge does it within seconds."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)

    if (document is None) != everything:
        raise WrongUsage("bridge_which")
    with _opened(terminal, folder, passphrase_file) as (_, _place, database):
        chosen = None if document is None else _find(database, document)
        count = database.write_now(ledger.try_again, chosen, now=clock.now())
    if document is not None and not count:
        raise Refused("bridge_not_to_check")
    terminal.show("bridge.retried", count=count)
    terminal.give({"retried": count})


@verb("bridge_drop", name="drop")
@click.argument("document", metavar="DOCUMENT")
@click.option("--yes", is_flag=True)
@profile_options
def drop(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    yes: bool,
) -> None:
    """Decide that a document is not to be sent; it is deleted here."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.document_spool import covers_path  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.spool import MailSpool  # noqa: PLC0415  (as above)

    with _opened(terminal, folder, passphrase_file) as (account, place, database):
        document_id = _find(database, document)
        if not yes and not terminal.confirm("bridge.drop_ask", option="--yes"):
            raise Refused("bridge_not_dropped")
        if not database.write_now(ledger.drop, document_id, now=clock.now()):
            raise Refused("bridge_not_to_check")
        # A crash from here on leaves files that the bridge's next start removes.
        covers_path(place.spool, document_id).unlink(missing_ok=True)
        row = database.read_now(ledger.document, document_id)
        if row is not None and database.read_now(ledger.is_settled, row.queue_id):
            MailSpool(place.spool, account.device.unlocker.secret_bytes()).remove(row.queue_id)
    terminal.show("bridge.dropped")
    terminal.give({"document_id": document_id})


@contextlib.contextmanager
def _opened(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None
) -> Generator[tuple[Account, Folder, Database]]:
    from souspli_cli.bridge.ledger import open_ledger  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)
    from souspli_storage.errors import StorageError, StorageFullError  # noqa: PLC0415

    account = profiles.open_account(terminal, folder, passphrase_file)
    place = Folder.of(account.profile)
    try:
        with open_ledger(place.ledger) as database:
            yield account, place, database
    except StorageFullError:
        raise Refused("disk_full") from None
    except StorageError:
        raise Refused("bridge_ledger") from None


def _find(database: Database, said: str) -> str:
    """Give the id of the one document whose id begins so."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (as above)

    found = database.read_now(ledger.matching, said.lower())
    if len(found) != 1:
        raise Refused("bridge_document_unknown")
    return found[0]


def _slip(account: Account, place: Folder, row: Row) -> DocumentSlip | None:
    from souspli_cli.bridge.errors import SpoolDamagedError  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.spool import MailSpool  # noqa: PLC0415  (as above)

    spool = MailSpool(place.spool, account.device.unlocker.secret_bytes())
    try:
        mail = spool.read(row.queue_id)
        return mail.documents[mail.number_of(row.document_id)]
    except (SpoolDamagedError, OSError):
        return None


def _as_json(account: Account, place: Folder, row: Row) -> dict[str, Any]:
    slip = _slip(account, place, row)
    traits = None if slip is None else slip.traits
    return {
        "document_id": row.document_id,
        "queue_id": row.queue_id,
        "state": row.state.value,
        "reason": row.reason,
        "attempts": row.attempts,
        "received_at": row.received_at,
        "title": None if slip is None else slip.title,
        "patient": None
        if traits is None
        else {
            "birth_name": traits.birth_name,
            "given_names": traits.given_names,
            "birth_date": traits.birth_date,
            "sex": None if traits.sex is None else traits.sex.value,
        },
        "findings": [] if slip is None else [finding.value for finding in slip.findings],
    }


def _name(terminal: Terminal, shown: dict[str, Any]) -> str:
    patient: dict[str, str | None] = shown["patient"] or {}
    names = [patient.get("birth_name"), patient.get("given_names"), patient.get("birth_date")]
    return " ".join(filter(None, names)) or terminal.words("bridge.no_name")


def _what(terminal: Terminal, row: Row) -> str:
    known = terminal.words.get(f"bridge.reason_{row.reason}") if row.reason else None
    state = terminal.words(f"bridge.is_{row.state.value.replace('-', '_')}")
    return f"{state} : {known or row.reason}" if row.reason else state
