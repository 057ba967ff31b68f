"""``souspli consent``: notes how a patient wants their documents, or shows what was said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import consent_text, consenting, people, recipients
from souspli_cli.account import open_account
from souspli_cli.connection import Line
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.binding import verify_claim
from souspli_exchange.consent import sign_consent
from souspli_exchange.errors import BindingRefusedError
from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import BackToPaperError
from souspli_keys.statements import Way

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import Patient
    from souspli_exchange.consent import VerifiedWords
    from souspli_exchange.sending import Sending
    from souspli_keys.statements import How


_SHOWN = {
    (Way.ELECTRONIC, True): "consent.electronic_patient",
    (Way.ELECTRONIC, False): "consent.electronic_practice",
    (Way.PAPER, True): "consent.paper_patient",
    (Way.PAPER, False): "consent.paper_practice",
}


@verb("consent")
@click.argument("address", metavar="E-MAIL", required=False)
@click.option("--paper", is_flag=True)
@click.option("--electronic", is_flag=True)
@click.option("--how", metavar="oral|written|online")
@click.option("--text", is_flag=True)
@profile_options
def consent(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    address: str | None,
    paper: bool,
    electronic: bool,
    how: str | None,
    text: bool,
) -> None:
    """Print the text; or ask the service, note if asked to, show what counts."""
    if text:
        if address or paper or electronic or how:
            raise WrongUsage("consent_text_alone")
        _show_text(terminal)
        return
    if address is None:
        raise WrongUsage("option_missing", option="E-MAIL", command="souspli consent")
    if paper and electronic:
        raise WrongUsage("one_way")
    way = Way.PAPER if paper else Way.ELECTRONIC if electronic else None
    if way is None and how is not None:
        raise WrongUsage("how_alone")
    who = people.address_of(address)
    account = open_account(terminal, folder, passphrase_file)
    patient = account.book.patient(who)
    if patient is None:
        raise Refused("no_invitation", address=who)
    told = None
    if way is not None:
        answer = how or terminal.ask("consent.how_ask", option="--how")
        told = consenting.how_of(answer, option="--how")
    with FolderSpool(account.profile.outbox) as spool, Line(account, terminal) as line:
        sending = line.sending(spool)
        words = line.run(_hear(sending, account, patient))
        if way is not None and told is not None:
            line.run(_note(sending, terminal, patient, words, way=way, how=told))
            words = line.run(_hear(sending, account, patient))
    _show(terminal, patient, words, noted=way is not None)


async def _hear(sending: Sending, account: Account, patient: Patient) -> VerifiedWords:
    """Ask the service, verify and keep."""
    patient = account.book.patient(patient.address) or patient
    newest = recipients.current(patient)
    own = recipients.own_copy(patient, newest)
    view = await sending.retry.repeat(
        lambda: sending.directory.invitation(InvitationId(newest.invitation_id))
    )
    identity = None
    if view.binding is not None:
        try:
            identity = verify_claim(view.binding, own).binding.identity
        except BindingRefusedError:
            raise Refused("red_stop", address=patient.address) from None
    words = consenting.hear(
        account.book, patient, view, own, sender=sending.sender, identity=identity
    )
    if words.closed is not None:
        try:
            words.check_electronic()
        except BackToPaperError as closed:
            raise consenting.on_paper(closed, patient.address) from None
    return words


async def _note(
    sending: Sending,
    terminal: Terminal,
    patient: Patient,
    words: VerifiedWords,
    *,
    way: Way,
    how: How,
) -> None:
    now = int(time.time())
    newest = recipients.current(patient)
    read = consent_text.load(terminal.words.language)
    statement = sign_consent(
        sending.sender,
        subject=recipients.own_copy(patient, newest).invitation.line.subject,
        before=words,
        way=way,
        how=how,
        given_at=now,
        # Back to paper needs no text: nobody is asked to read one.
        text=(read.version, read.sha256) if way is Way.ELECTRONIC else None,
        now=now,
    )
    invitation_id = InvitationId(newest.invitation_id)
    await sending.retry.repeat(lambda: sending.directory.note_consent(invitation_id, statement))


def _show_text(terminal: Terminal) -> None:
    read = consent_text.load(terminal.words.language)
    terminal.show_line(read.text)
    terminal.show("consent.text_version", version=read.version, sha256=read.sha256)
    terminal.give({"version": read.version, "sha256": read.sha256, "text": read.text})


def _show(terminal: Terminal, patient: Patient, words: VerifiedWords, *, noted: bool) -> None:
    counts, consent = words.in_force, words.consent
    if noted:
        terminal.note("consent.noted")
    if counts is None:
        terminal.show("consent.unknown", address=patient.address)
    else:
        terminal.show(
            _SHOWN[counts.way, counts.by_patient],
            address=patient.address,
            date=people.shown_day(counts.since),
        )
    if counts is not None and counts.way is Way.PAPER:
        terminal.note("consent.print")
    terminal.give(
        {
            "address": patient.address,
            "way": None if counts is None else counts.way.value,
            "since": None if counts is None else counts.since,
            "by_patient": counts is not None and counts.by_patient,
            "noted": None
            if consent is None
            else {
                "way": consent.way.value,
                "how": consent.how.value,
                "given_at": consent.given_at,
                "text_version": consent.text_version,
            },
        }
    )
