"""``souspli bridge quarantine list|show|open``: what a person must look at.

Beside a running bridge or without one: it never touches what is in quarantine by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from souspli_cli import clock, people
from souspli_cli.bridge.beside import Opened, opened
from souspli_cli.bridge.ledger_rows import QUARANTINE
from souspli_cli.errors import Refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import Verbs, profile_options, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.spool import SpooledMail

# On one screen, and in one --json document.
MOST_SHOWN: Final = 1_000

SHOWN: Final = ("title", "kind", "date", "report_id")
"""What is shown of a document, ``bridge.show_<name>``, where it says so."""
TRAITS: Final = ("birth_name", "used_name", "given_names", "birth_date", "sex", "ins")
"""``bridge.trait_<name>``."""


@verb("bridge_quarantine_list", name="list")
@profile_options
def list_(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """List what waits for a person; nothing of what is in it."""
    from souspli_cli.bridge import ledger, sent_findings  # noqa: PLC0415  (SQLAlchemy: 0.3 s)

    with opened(terminal, folder, passphrase_file) as bridge:
        rows = bridge.database.read_now(ledger.rows, QUARANTINE, MOST_SHOWN)
        accounts = bridge.database.read_now(ledger.accounts, {row.queue_id for row in rows})
        noticed = bridge.database.read_now(sent_findings.count, now=clock.now())
    for row in rows:
        terminal.show(
            "bridge.quarantine_line",
            id=row.document_id[:8],
            date=people.shown_day(row.received_at),
            account=accounts.get(row.queue_id, "–"),
            reason=reason_in_words(terminal, row.reason),
        )
    if rows:
        terminal.note("bridge.quarantine_next", id=rows[0].document_id[:8])
    else:
        terminal.show("bridge.quarantine_empty")
    if noticed:
        # Nobody decides on these any more, and whoever looks here is who will be called.
        terminal.note("bridge.findings_recent", count=noticed)
    terminal.give(
        {
            "documents": [
                {
                    "document_id": row.document_id,
                    "state": row.state.value,
                    "reason": row.reason,
                    "received_at": row.received_at,
                    "account": accounts.get(row.queue_id),
                }
                for row in rows
            ]
        }
    )


@verb("bridge_quarantine_show", name="show")
@click.argument("document", metavar="DOCUMENT")
@profile_options
def show(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, document: str
) -> None:
    """Show what was read in a document: on the terminal, and nowhere else."""
    with opened(terminal, folder, passphrase_file) as bridge:
        row = bridge.in_quarantine(document)
        mail = bridge.mail(row)
        number = mail.number_of(row.document_id)
        seen = (
            row.findings.split(",")
            if row.findings is not None
            else _seen_in_pdfs(bridge, mail, number)
        )
    slip = mail.documents[number]
    said = _as_json(slip, mail, [word for word in seen if word])
    terminal.show("bridge.show_id", id=row.document_id, date=people.shown_day(row.received_at))
    terminal.show("bridge.show_reason", reason=reason_in_words(terminal, row.reason))
    terminal.show("bridge.show_account", account=mail.slip.account, sender=mail.slip.mail_from)
    for address in mail.slip.recipients:
        terminal.show("bridge.show_to", address=address)
    for address in slip.copies_to:
        terminal.show("bridge.show_copy", address=address)
    for name, value in _traits(terminal, slip):
        terminal.show("bridge.show_trait", name=name, value=value)
    for key in SHOWN:
        if said[key] is not None:
            terminal.show(f"bridge.show_{key}", value=said[key])
    urgency = terminal.words(f"worklist.urgency_{slip.priority.value}")
    terminal.show("bridge.show_urgency", value=urgency)
    terminal.show(f"bridge.show_change_{slip.change.value}")
    for file in slip.contents.files:
        terminal.show(
            "bridge.show_file",
            name=file.name,
            media_type=file.media_type,
            size=terminal.size(file.size),
        )
    for word in said["findings"]:
        terminal.show("bridge.show_finding", text=terminal.words(f"bridge.finding_{word}"))
    terminal.give(
        {"document_id": row.document_id, "state": row.state.value, "reason": row.reason, **said}
    )


@verb("bridge_quarantine_open", name="open")
@click.argument("document", metavar="DOCUMENT")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER")
@profile_options
def open_(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    document: str,
    out: Path,
) -> None:
    """Write a document's files, in clear, into a new folder."""
    from souspli_cli import offline_words  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.errors import SpoolDamagedError  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.opening import open_into  # noqa: PLC0415  (as above)
    from souspli_exchange.errors import OutputError  # noqa: PLC0415  (as above)

    with opened(terminal, folder, passphrase_file) as bridge:
        row = bridge.in_quarantine(document)
        mail = bridge.mail(row)
        number = mail.number_of(row.document_id)
        try:
            paths = open_into(bridge.account, bridge.spool, mail, number, out)
        except OutputError as failure:
            raise offline_words.output_refusal(failure, out) or failure from failure
        except (SpoolDamagedError, FileNotFoundError):
            raise Refused("bridge_spool_damaged") from None
    for path in paths:
        terminal.show("bridge.opened_file", path=str(path))
    terminal.warn("bridge.opened_in_clear", path=str(out))
    terminal.give({"document_id": row.document_id, "paths": [str(path) for path in paths]})


def reason_in_words(terminal: Terminal, reason: str | None) -> str:
    """Say why a document was not sent; of a word of the service's own, whom to ask."""
    if reason is None:
        return ""
    known = terminal.words.get(f"bridge.reason_{reason}")
    return known or terminal.words("bridge.reason_of_service", reason=reason)


def _traits(terminal: Terminal, slip: DocumentSlip) -> Sequence[tuple[str, str]]:
    traits = slip.traits
    said = {
        "birth_name": traits.birth_name,
        "used_name": traits.used_name,
        "given_names": traits.given_names,
        "birth_date": traits.birth_date,
        "sex": None if traits.sex is None else traits.sex.value,
        "ins": None if traits.ins is None else traits.ins[0],
    }
    return [
        (terminal.words(f"bridge.trait_{name}"), value)
        for name, value in said.items()
        if value is not None
    ]


def _as_json(slip: DocumentSlip, mail: SpooledMail, seen: Sequence[str]) -> dict[str, Any]:
    traits = slip.traits
    return {
        "queue_id": mail.slip.queue_id,
        "received_at": mail.slip.received_at,
        "account": mail.slip.account,
        "mail_from": mail.slip.mail_from,
        "recipients": list(mail.slip.recipients),
        "copies_to": list(slip.copies_to),
        "format": slip.format.value,
        "patient": {
            "birth_name": traits.birth_name,
            "used_name": traits.used_name,
            "given_names": traits.given_names,
            "birth_date": traits.birth_date,
            "sex": None if traits.sex is None else traits.sex.value,
            "ins": None if traits.ins is None else traits.ins[0],
        },
        "title": slip.title,
        "kind": slip.kind,
        "date": slip.date,
        "priority": slip.priority.value,
        "report_id": slip.report_id,
        "change": slip.change.value,
        "files": [
            {"name": file.name, "media_type": file.media_type, "size": file.size}
            for file in slip.contents.files
        ],
        "findings": [*(finding.value for finding in slip.findings), *seen],
    }


def _seen_in_pdfs(bridge: Opened, mail: SpooledMail, number: int) -> Sequence[str]:
    """Say what is in the PDFs of a document that has not come so far yet."""
    from souspli_cli.bridge.errors import SpoolDamagedError  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.pdf.examiners import PdfExaminers  # noqa: PLC0415  (as above)
    from souspli_cli.bridge.sending.opening import pdfs_of  # noqa: PLC0415  (as above)

    try:
        pdfs = pdfs_of(bridge.account, bridge.spool, mail, number)
        with PdfExaminers(1) as examiners:
            found = (examiners.examine(pdf).findings for pdf in pdfs)
            return sorted(frozenset[str]().union(*found))
    except (SpoolDamagedError, OSError):
        return ()


quarantine = Verbs(
    "quarantine",
    {
        "list": "souspli_cli.bridge.verbs.quarantine:list_",
        "show": "souspli_cli.bridge.verbs.quarantine:show",
        "open": "souspli_cli.bridge.verbs.quarantine:open_",
        "assign": "souspli_cli.bridge.verbs.decisions:assign",
        "reject": "souspli_cli.bridge.verbs.decisions:reject",
    },
    words_key="bridge_quarantine",
)
