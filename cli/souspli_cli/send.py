"""``souspli send``: seals a document on this machine and deposits it."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock, document_files, outbox, own_documents, people, recipients
from souspli_cli.account import open_account
from souspli_cli.causes import explained
from souspli_cli.connection import Line, sending_member
from souspli_cli.errors import CliError, Refused, Temporary, WrongUsage
from souspli_cli.examine import examine
from souspli_cli.fates import moment_of
from souspli_cli.late import late_letters, offer_letters
from souspli_cli.resume import resume_all
from souspli_cli.sizes import max_size_option
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal, checked_line
from souspli_cli.verb import profile_options, verb
from souspli_cli.withdraw import show as show_withdrawn
from souspli_cli.withdraw import take_back
from souspli_exchange.contents_sealer import sealed_length
from souspli_exchange.errors import ExchangeError
from souspli_exchange.ids import DocumentId, new_document_id
from souspli_exchange.manifest import Description, Limits, Priority, Sex
from souspli_exchange.manifest import Patient as ManifestPatient
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    NotSignedInError,
    QuotaReachedError,
    StorageFullError,
    UnavailableError,
)
from souspli_exchange.sources import PathSource
from souspli_exchange.withdrawal import WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souspli_cli.account import Account
    from souspli_cli.addressbook import Patient, SentDocument, Traits
    from souspli_cli.document_files import DocumentFile
    from souspli_cli.examine import Examined
    from souspli_exchange.binding import VerifiedRecipient
    from souspli_exchange.sending import Sending
    from souspli_exchange.spool import SpooledDocument

_LOINC = re.compile(r"[0-9]{1,7}-[0-9]", re.ASCII)  # sealed-document.md §3


@dataclass(frozen=True)
class _Outgoing:
    """A document as it was asked for, checked as far as this machine can."""

    files: Sequence[DocumentFile]
    examined: Sequence[Examined]
    patients: Sequence[Patient]
    description: Description
    limits: Limits


@verb("send")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--to", multiple=True, metavar="E-MAIL")
@click.option("--title", metavar="TEXT")
@click.option("--kind", metavar="LOINC")
@click.option("--date", metavar="DATE")
@click.option("--urgent", is_flag=True)
@click.option("--replaces", metavar="DOCUMENT")
@click.option("--withdraw-old", is_flag=True)
@click.option("--urgency", metavar="urgent|soon|routine")
@click.option("--yes", is_flag=True)
@click.option("--resume", is_flag=True)
@max_size_option
@profile_options
def send(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    files: tuple[Path, ...],
    to: tuple[str, ...],
    title: str | None,
    kind: str | None,
    date: str | None,
    urgent: bool,
    replaces: str | None,
    withdraw_old: bool,
    urgency: str | None,
    yes: bool,
    resume: bool,
    max_size: int,
) -> None:
    """Check, show to whom, ask, seal, deposit; or finish what was kept."""
    if resume:
        if files or to or title or kind or date or replaces or withdraw_old:
            raise WrongUsage("resume_alone")
        account = open_account(terminal, folder, passphrase_file)
        resume_all(terminal, account)
        return
    if not files:
        raise WrongUsage("nothing_to_send")
    if not to:
        raise WrongUsage("no_recipient")
    if withdraw_old and not replaces:
        raise WrongUsage("withdraw_old_alone")
    addresses = list(dict.fromkeys(people.address_of(address) for address in to))
    if kind is not None and not _LOINC.fullmatch(kind):
        raise Refused("kind_not_understood")
    day = people.full_date_of(date, option="--date") if date else time.strftime("%Y-%m-%d")
    checked = document_files.check(files, max_bytes=max_size)
    title = checked_line(title or document_files.title_of(checked[0]), option="--title")
    priority = _priority(urgency, urgent=urgent)
    account = open_account(terminal, folder, passphrase_file)
    offer_letters(terminal, account, addresses, ask=not yes)
    patients = [_known(account, address) for address in addresses]
    old = None if replaces is None else _replaced(terminal, account, replaces, patients)
    description = Description(
        title=title,
        date=day,
        patient=_manifest_patient(patients),
        kind=kind,
        priority=priority,
        replaces=None if old is None else DocumentId(old.document_id),
    )
    examined = examine([f.path for f in checked])
    limits = Limits(max_bytes=max_size)
    outgoing = _Outgoing(checked, examined, patients, description, limits)
    say = terminal.note if yes else terminal.say
    _present(terminal, outgoing, say=say)
    _present_old(old, withdraw_old=withdraw_old, say=say)
    if not yes and not terminal.confirm("send.confirm", option="--yes"):
        raise Refused("not_confirmed")
    if old is None or not withdraw_old:
        _show(terminal, _send(terminal, account, outgoing), outgoing)
    else:
        _send_and_withdraw(terminal, account, outgoing, old)
    if waiting := FolderSpool(account.profile.outbox).count():
        terminal.warn("send.waiting", count=waiting)


def _send_and_withdraw(
    terminal: Terminal, account: Account, outgoing: _Outgoing, old: SentDocument
) -> None:
    try:
        sent = _send(terminal, account, outgoing)
    except Temporary:
        terminal.warn("send.old_not_withdrawn")
        raise
    withdrawn, failed = None, None
    try:
        withdrawn = take_back(
            terminal,
            account,
            old,
            reason=WithdrawalReason.REPLACED,
            replaced_by=sent.document_id,
        )
    except (CliError, ExchangeError) as failure:
        failed = explained(failure)
        if failed is None:
            raise
        # The new one is there, whatever becomes of the old one.
        failed.results_given = True
    _show(terminal, sent, outgoing, withdrawn)
    if failed is not None:
        raise failed


def _send(terminal: Terminal, account: Account, outgoing: _Outgoing) -> SentDocument:
    with FolderSpool(account.profile.outbox) as spool:
        try:
            return _seal_and_deposit(terminal, account, spool, outgoing)
        except KeyboardInterrupt:
            if spool.holds_documents():
                terminal.warn("error.kept_interrupted")
            raise


def _seal_and_deposit(
    terminal: Terminal, account: Account, spool: FolderSpool, outgoing: _Outgoing
) -> SentDocument:
    now = clock.now()
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(terminal.progress("send.sealing"))
        try:
            line = stack.enter_context(Line(account, terminal))
            sending = line.sending(spool, lambda _step, done, total: progress.update(done, total))
            _check_taken(line, sending, outgoing)
            found = [
                line.run(recipients.find(sending, account.book, patient, now=now))
                for patient in outgoing.patients
            ]
        except UnavailableError:
            # Sealed for whom we know of; verified again before anything is deposited.
            kept = [recipients.offline(patient, now=now) for patient in outgoing.patients]
            spooled = _seal(account, spool, outgoing, kept, now=now)
            raise _kept(Temporary("kept"), spooled) from None
        spooled = _seal(account, spool, outgoing, found, now=now)
        try:
            return line.run(outbox.deposit(account, sending, spool, spooled, now=now))
        except QuotaReachedError:
            raise _kept(Temporary("kept_quota"), spooled) from None
        except StorageFullError:
            raise _kept(Temporary("kept_full"), spooled) from None
        except ExchangeError as failure:
            if failure.temporary:
                raise _kept(Temporary("kept"), spooled) from None
            if isinstance(failure, BrokenAnswerError | NotSignedInError):
                # Stored or not, nobody can tell; what is deposited again arrives once.
                raise _kept(Temporary("kept_unclear"), spooled) from None
            # Refused for good: nothing was sent, and nothing is kept that never will be.
            outbox.give_up(account, spool, spooled)
            known = recipients.in_words(failure, outgoing.patients[0].address)
            if known is not None and len(outgoing.patients) == 1:
                raise known from failure
            raise


def _check_taken(line: Line, sending: Sending, outgoing: _Outgoing) -> None:
    """Refuse what the service would refuse, before minutes are spent on sealing it."""
    service = line.run(sending.retry.repeat(line.client.service))
    most = service.limits.contents_bytes
    needed = sealed_length((file.name, file.size) for file in outgoing.files)
    if needed > most:
        raise Refused("beyond_service", needed=-(-needed // 1024**2), limit=most // 1024**2)


def _seal(
    account: Account,
    spool: FolderSpool,
    outgoing: _Outgoing,
    to: Sequence[VerifiedRecipient],
    *,
    now: int,
) -> SpooledDocument:
    """Seal into the outbox and note it in the address book: from here on it is kept."""
    with contextlib.ExitStack() as stack:
        sources = [
            stack.enter_context(
                PathSource(file.path, media_type=examined.media_type, name=file.name)
            )
            for file, examined in zip(outgoing.files, outgoing.examined, strict=True)
        ]
        spooled = seal_into_spool(
            sources,
            outgoing.description,
            to,
            document_id=new_document_id(),
            sender=sending_member(account),
            spool=spool,
            now=now,
            limits=outgoing.limits,
        )
    try:
        outbox.note(account, spooled)
    except Exception:
        # A full disk: the command says that nothing happened, so nothing is kept.
        spool.discard(spooled.document_id)
        raise
    return spooled


def _known(account: Account, address: str) -> Patient:
    patient = account.book.patient(address)
    if patient is None:
        raise Refused("no_invitation", address=address)
    recipients.current(patient)
    return patient


def _priority(urgency: str | None, *, urgent: bool) -> Priority:
    """Read ``--urgency``, of which ``--urgent`` is the short form."""
    if urgency is None:
        return Priority.URGENT if urgent else Priority.ROUTINE
    if urgency not in {one.value for one in Priority} or (urgent and urgency != Priority.URGENT):
        raise WrongUsage("urgency_not_understood")
    return Priority(urgency)


def _manifest_patient(patients: Sequence[Patient]) -> ManifestPatient:
    """Give the one person the document is about, whatever their addresses."""
    who = {_person(patient.traits) for patient in patients}
    if len(who) != 1:
        raise Refused("patients_differ")
    traits = patients[0].traits
    return ManifestPatient(
        birth_name=traits.birth_name,
        given_names=traits.given_names,
        birth_date=traits.birth_date,
        sex=Sex(traits.sex),
    )


def _person(traits: Traits) -> tuple[str, str, str, str]:
    return traits.birth_name, traits.given_names, traits.birth_date, traits.sex


def _present(terminal: Terminal, outgoing: _Outgoing, *, say: Callable[..., None]) -> None:
    """Show to whom and what, and what the reader will stumble over."""
    for patient in outgoing.patients:
        traits = patient.traits
        key = {"F": "send.to_f", "M": "send.to_m"}.get(traits.sex, "send.to_u")
        date = people.shown_date(traits.birth_date)
        say(key, name=people.shown_name(traits), date=date)
        say("send.address", address=patient.address)
    say("send.title", title=outgoing.description.title)
    for file, examined in zip(outgoing.files, outgoing.examined, strict=True):
        say("send.file", name=file.name, size=terminal.size(file.size))
        for finding in examined.findings:
            terminal.warn(f"send.finding_{finding.value}", name=file.name)


def _replaced(
    terminal: Terminal, account: Account, said: str, patients: Sequence[Patient]
) -> SentDocument:
    """Give the document that is corrected: one that everybody here was sent."""
    old = own_documents.find_sent(terminal, account.book, said)
    had_it = {to.address for to in old.recipients}
    if any(patient.address not in had_it for patient in patients):
        raise Refused("replaces_another_patient")
    return old


def _present_old(old: SentDocument | None, *, withdraw_old: bool, say: Callable[..., None]) -> None:
    if old is not None:
        key = "send.replaces_and_withdraws" if withdraw_old else "send.replaces"
        say(key, title=old.title, date=moment_of(old.created_at))


def _show(
    terminal: Terminal,
    sent: SentDocument,
    outgoing: _Outgoing,
    withdrawn: SentDocument | None = None,
) -> None:
    for to in sent.recipients:
        terminal.show("send.done", address=to.address)
    terminal.show("send.document", id=sent.document_id)
    if withdrawn is not None:
        show_withdrawn(terminal, withdrawn)
    terminal.note("send.next")
    terminal.give(
        {
            **outbox.as_json(sent),
            "withdrawn": None if withdrawn is None else outbox.as_json(withdrawn),
            "late": late_letters(sent, now=clock.now()),
            "findings": [
                {"file": file.name, "finding": finding.value}
                for file, examined in zip(outgoing.files, outgoing.examined, strict=True)
                for finding in examined.findings
            ],
        }
    )


def _kept(error: CliError, spooled: SpooledDocument) -> CliError:
    error.details["document_id"] = spooled.document_id
    return error
