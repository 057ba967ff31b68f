"""``souspli sent``: what became of the documents, with what is proved and what is only said.

Receipts count when they verify against the identity that *we* verified and the
manifest that *we* sealed; whatever else the service says is shown as its word.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock, fates, outbox, people, recipients
from souspli_cli.account import open_account
from souspli_cli.errors import CliError, Refused, Temporary
from souspli_cli.fates import moment_of
from souspli_cli.known import known_to, refreshed_book, show_damaged
from souspli_cli.terminal import Terminal
from souspli_cli.todo import as_json, to_do
from souspli_cli.verb import profile_options, verb
from souspli_exchange.ports.states import DeliveryState

if TYPE_CHECKING:
    from souspli_cli.addressbook import Patient, SentDocument, SentTo
    from souspli_cli.refresh import Refreshed

DEFAULT_LIMIT = 50  # what a screen or two show


@verb("sent")
@click.option("--limit", type=click.IntRange(min=0), default=DEFAULT_LIMIT, metavar="NUMBER")
@click.option("--todo", is_flag=True)
@profile_options
def sent(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    limit: int,
    todo: bool,
) -> None:
    """Refresh, verify, show; a red stop ends with a failure."""
    account = open_account(terminal, folder, passphrase_file)
    now = clock.now()
    refreshed = refreshed_book(terminal, account, now=now)
    known = known_to(account)
    patients, documents = known.patients, known.documents
    items = to_do(documents, patients, now=now)
    if todo:
        pressing = {item.item.document_id for item in items}
        documents = [document for document in documents if document.document_id in pressing]
    shown = documents[:limit] if limit else documents
    _show_news(terminal, refreshed, patients)
    only = {(one.item.document_id, one.item.address) for one in items} if todo else None
    _show_table(terminal, shown, patients, now=now, only=only)
    result = _as_json(shown, patients, refreshed)
    terminal.give(result | {"items": [as_json(item) for item in items]} if todo else result)
    end = _end(refreshed, patients, show_damaged(terminal, account))
    if end is not None:
        end.results_given = True
        raise end


def _end(refreshed: Refreshed, patients: dict[str, Patient], damaged: int) -> CliError | None:
    stops = sum(patient.stopped is not None for patient in patients.values())
    if stops:
        return Refused("red_stops", count=stops)
    if refused := len(refreshed.certificates.refused):
        return Refused("certificates_refused", count=refused)
    if damaged:
        return Refused("entries_damaged", count=damaged)
    return Temporary("away") if refreshed.away else None


def _show_news(terminal: Terminal, refreshed: Refreshed, patients: dict[str, Patient]) -> None:
    for address in refreshed.claimed:
        name = people.shown_name(patients[address].traits)
        terminal.show("sent.claimed", name=name, address=address)
    for address in refreshed.certificates.kept:
        terminal.show("sent.certified", name=_name(patients, address), address=address)
    for address in refreshed.certificates.unfinished:
        terminal.show("sent.uncertified", name=_name(patients, address), address=address)
    for address in refreshed.certificates.refused:
        terminal.warn("sent.certificate_refused", name=_name(patients, address), address=address)
    for patient in patients.values():
        if patient.stopped is not None:
            name = people.shown_name(patient.traits)
            terminal.warn("sent.stop", name=name, address=patient.address)


def _name(patients: dict[str, Patient], address: str) -> str:
    patient = patients.get(address)
    return address if patient is None else people.shown_name(patient.traits)


def _show_table(
    terminal: Terminal,
    documents: list[SentDocument],
    patients: dict[str, Patient],
    *,
    now: int,
    only: set[tuple[str, str]] | None,
) -> None:
    if not documents:
        terminal.show("sent.none" if only is None else "worklist.none")
        return
    say = terminal.words
    columns = ("sent.head_date", "sent.head_title", "sent.head_to", "sent.head_state")
    head = [say(key) for key in (*columns, "sent.head_next")]
    rows = [
        [
            moment_of(document.created_at),
            document.title,
            _recipient(terminal, to, patients.get(to.address)),
            _state(terminal, document, to),
            _to_do(terminal, document, to, patients.get(to.address), now=now),
        ]
        for document in documents
        for to in document.recipients
        if only is None or (document.document_id, to.address) in only
    ]
    terminal.table(head, rows)


def _recipient(terminal: Terminal, to: SentTo, patient: Patient | None) -> str:
    if patient is None:
        return to.address
    name = people.shown_name(patient.traits)
    return terminal.words("sent.recipient", name=name, address=to.address)


def _state(terminal: Terminal, document: SentDocument, to: SentTo) -> str:
    say = terminal.words
    if not document.stored:
        return say("sent.state_kept")
    if to.state is None or to.state == outbox.LOST:
        return say("sent.state_unknown" if to.state is None else "sent.state_lost")
    if document.withdrawal is not None:
        return fates.shown(terminal, document.withdrawal, to)
    if to.state == DeliveryState.OPENED.value and not to.opened_verified:
        return say("sent.state_unproved")
    return say(
        f"sent.state_{to.state}", date=moment_of(to.moments.get(to.state, document.created_at))
    )


def _to_do(
    terminal: Terminal, document: SentDocument, to: SentTo, patient: Patient | None, *, now: int
) -> str:
    if patient is not None and patient.stopped is not None:
        key = "sent.do_stop"
    elif not document.stored:
        key = "sent.do_resume"
    elif to.state == DeliveryState.OPENED.value and not to.opened_verified:
        key = "sent.do_unproved"
    elif document.withdrawal is not None:
        key = "sent.do_wait" if document.withdrawal.taken else "sent.do_withdraw"
    elif to.state == DeliveryState.WITHDRAWN.value:
        key = "sent.do_not_ours"
    elif to.state == DeliveryState.BOUNCED.value:
        key = "sent.do_bounced"
    elif to.state == outbox.LOST:
        key = "sent.do_lost"
    elif to.state == DeliveryState.EXPIRED.value:
        key = "sent.do_purged"
    else:
        key = _about_letter(to, patient, now=now)
    return terminal.words(key, address=to.address)


def _about_letter(to: SentTo, patient: Patient | None, *, now: int) -> str:
    """Say what to do about a document whose reader may still need the letter."""
    own = [
        invitation
        for invitation in (patient.invitations if patient is not None else ())
        if invitation.invitation_id == to.invitation_id
    ]
    waits = to.state in {DeliveryState.STORED.value, DeliveryState.NOTIFIED.value}
    if patient is None or not own or not waits or recipients.accepted(patient, own[0]) is not None:
        return "sent.do_wait"
    return "sent.do_expired" if now > own[0].not_after else "sent.do_claim"


def _as_json(
    documents: list[SentDocument], patients: dict[str, Patient], refreshed: Refreshed
) -> dict[str, object]:
    return {
        "documents": [outbox.as_json(document) for document in documents],
        "claimed": refreshed.claimed,
        "stopped": [p.address for p in patients.values() if p.stopped is not None],
        "refreshed": not refreshed.away,
    }
