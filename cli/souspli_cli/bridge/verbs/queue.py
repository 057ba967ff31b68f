"""``souspli bridge queue|retry``: what waits, and what is tried once more.

Beside a running bridge or without one: all of it is in the ledger and the spool.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from souspli_cli import clock, people
from souspli_cli.bridge.beside import Opened, opened
from souspli_cli.bridge.ledger_rows import OPEN
from souspli_cli.bridge.verbs.quarantine import reason_in_words
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.ledger_rows import Row

# On one screen, and in one --json document.
MOST_SHOWN: Final = 1_000


@verb("bridge_queue", name="queue")
@profile_options
def queue(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """List documents that were not sent, with what they say of their patient."""
    from souspli_cli.bridge import ledger  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.notices import rows as notice_rows  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.standing import damaged_mails  # noqa: PLC0415  (as above)

    with opened(terminal, folder, passphrase_file) as bridge:
        rows = bridge.database.read_now(ledger.rows, OPEN, MOST_SHOWN)
        told = bridge.database.read_now(notice_rows.told, [row.document_id for row in rows])
        shown = [_as_json(bridge, row) | {"notices": told[row.document_id]} for row in rows]
        damaged = damaged_mails(bridge.database, bridge.spool)
    for row, one in zip(rows, shown, strict=True):
        terminal.show(
            "bridge.line",
            id=row.document_id[:8],
            date=people.shown_day(row.received_at),
            name=_name(terminal, one),
            what=_what(terminal, row),
        )
    for queue_id in damaged:
        terminal.show("bridge.damaged_line", id=queue_id)
    if not rows and not damaged:
        terminal.show("bridge.nothing")
    terminal.give({"documents": shown, "damaged": list(damaged)})


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
    with opened(terminal, folder, passphrase_file) as bridge:
        chosen = None if document is None else bridge.find(document)
        count = bridge.database.write_now(ledger.try_again, chosen, now=clock.now())
    if document is not None and not count:
        raise Refused("bridge_not_to_check")
    if count:
        terminal.show("bridge.retried", count=count)
    else:
        terminal.show("bridge.retried_none")
    terminal.give({"retried": count})


def _as_json(bridge: Opened, row: Row) -> dict[str, Any]:
    slip = bridge.slip(row)
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
        "findings": [
            *(() if slip is None else (finding.value for finding in slip.findings)),
            *filter(None, (row.findings or "").split(",")),
        ],
    }


def _name(terminal: Terminal, shown: dict[str, Any]) -> str:
    patient: dict[str, str | None] = shown["patient"] or {}
    names = [patient.get("birth_name"), patient.get("given_names"), patient.get("birth_date")]
    return " ".join(filter(None, names)) or terminal.words("bridge.no_name")


def _what(terminal: Terminal, row: Row) -> str:
    state = terminal.words(f"bridge.is_{row.state.value.replace('-', '_')}")
    return f"{state} : {reason_in_words(terminal, row.reason)}" if row.reason else state
