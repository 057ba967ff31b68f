"""``souspli bridge findings``: what was sent although something was seen in its PDFs."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from souspli_cli import clock, people
from souspli_cli.bridge.beside import Opened, opened
from souspli_cli.errors import CliError
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.sent_findings import SentWithFindings

# On one screen, and in one --json document.
MOST_SHOWN: Final = 1_000
MOST_DAYS: Final = 730
"""As long as any row is kept."""


@verb("bridge_findings", name="findings")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, metavar="DAYS")
@profile_options
def findings(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, days: int
) -> None:
    """List what was sent in the last days, to whom, and what was seen in it."""
    from souspli_cli.bridge import sent_findings  # noqa: PLC0415  (SQLAlchemy: 0.3 s)

    with opened(terminal, folder, passphrase_file) as bridge:
        found = bridge.database.read_now(
            sent_findings.recent, MOST_SHOWN, now=clock.now(), days=days
        )
        shown = [_as_json(bridge, one) for one in found]
    for one in shown:
        terminal.show(
            "bridge.findings_line",
            id=one["document_id"][:8],
            date=people.shown_day(one["received_at"]),
            to=", ".join(to["name"] or to["address"] for to in one["to"]) or "–",
            what=", ".join(terminal.words(f"bridge.finding_{word}") for word in one["findings"]),
        )
    if not shown:
        terminal.show("bridge.findings_none", days=days)
    terminal.give({"documents": shown, "days": days})


def _as_json(bridge: Opened, one: SentWithFindings) -> dict[str, Any]:
    title, addresses = _said_by_book(bridge, one.document_id)
    return {
        "document_id": one.document_id,
        "state": one.state.value,
        "received_at": one.received_at,
        "title": title,
        "to": [{"address": address, "name": _name(bridge, address)} for address in addresses],
        "findings": list(one.findings),
    }


def _said_by_book(bridge: Opened, document_id: str) -> tuple[str | None, list[str]]:
    """Give title and addresses; nothing of an entry that is damaged or is not there."""
    with contextlib.suppress(CliError):
        document = bridge.account.book.document(document_id)
        if document is not None:
            return document.title, [to.address for to in document.recipients]
    return None, []


def _name(bridge: Opened, address: str) -> str | None:
    with contextlib.suppress(CliError):
        patient = bridge.account.book.patient(address)
        return None if patient is None else people.shown_name(patient.traits)
    return None
