"""``souspli invite``: invites a patient and writes the letter with the claim code.

docs/specs/claim.md §1. The code exists in this process and on the letter; it is in no
other file, no message and no output.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock, consenting, files, people
from souspli_cli.account import open_account
from souspli_cli.causes import disk_error
from souspli_cli.connection import Line, sending_member
from souspli_cli.errors import Refused
from souspli_cli.inviting import (
    DrawnLetter,
    Plan,
    mark_corrected,
    plan,
    plan_correction,
    publish_in_line,
)
from souspli_cli.letter import Letter, render_letter
from souspli_cli.reissue import move_waiting
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.invitation import draw_invitation

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import AddressBook, Traits
    from souspli_exchange.invitation import NewInvitation
    from souspli_exchange.sending import Sending
    from souspli_keys.address import Address


@verb("invite")
@click.argument("address", metavar="E-MAIL")
@click.option("--birth-name", metavar="TEXT")
@click.option("--used-name", metavar="TEXT")
@click.option("--given-names", metavar="TEXT")
@click.option("--birth-date", metavar="DATE")
@click.option("--sex", metavar="F|M|U")
@click.option("--postal-line", "postal_lines", multiple=True, metavar="TEXT")
@click.option("--phone", metavar="TEXT")
@click.option("--consent", metavar="oral|written|online")
@click.option("--patient", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--letter", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True)
@click.option("--again", is_flag=True)
@profile_options
def invite(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    address: str,
    birth_name: str | None,
    used_name: str | None,
    given_names: str | None,
    birth_date: str | None,
    sex: str | None,
    postal_lines: tuple[str, ...],
    phone: str | None,
    consent: str | None,
    patient: Path | None,
    letter: Path | None,
    force: bool,
    again: bool,
) -> None:
    """Invite, publish, write the letter, move what waits for an older one."""
    who = people.address_of(address)
    given = people.PatientFile(
        birth_name=birth_name,
        used_name=used_name,
        given_names=given_names,
        birth_date=birth_date,
        sex=sex,
        postal_address=postal_lines,
        phone=phone,
    )
    if patient is not None:
        given = given.over(people.read_patient_file(patient))
    path = letter or Path(terminal.ask("invite.letter_ask", option="--letter"))
    check_letter_path(path, force=force)
    account = open_account(terminal, folder, passphrase_file)
    known = account.book.patient(who)
    if known is not None:
        given = given.over(people.PatientFile.of(known.traits))
    traits = people.traits_of(_complete(terminal, given))
    order = Order(who, path, force=force, again=again, consent=consent)
    terminal.give(issue(terminal, account, traits, order))


@dataclass(frozen=True)
class Order:
    """A letter that is wanted, and for which address."""

    address: Address
    path: Path
    force: bool = False
    again: bool = True
    """Whether it may take the place of another one."""
    new_account: bool = True
    """Whether one is made although the patient has an account, which it does not lead into."""
    corrects: Address | None = None
    """The wrong address that this one takes the place of."""
    consent: str | None = None
    """How the patient agreed, where that is said now (`--consent`)."""


def issue(terminal: Terminal, account: Account, traits: Traits, order: Order) -> dict[str, object]:
    """Invite, publish, write the letter, move what waits for an older one; say it.

    Returns it as ``--json`` shows it. Raises `CliError`s and `PortError`s.
    """
    who, path = order.address, order.path
    known = account.book.patient(order.corrects or who)
    how = consenting.how_agreed(terminal, order.consent, known)
    terminal.note("invite.working")
    with Line(account, terminal) as line, FolderSpool(account.profile.outbox) as spool:
        sending = line.sending(spool)
        planned = line.run(_plan(sending, account.book, order))
        consenting.check_agreed(planned.words, how, who)
        now = clock.now()

        def draw(planned: Plan) -> DrawnLetter:
            drawn = _draw(account, traits, planned, now=now)
            # Rendered before anything is published: a name that the typeface can't write
            # is found out while nothing has happened. It is written after (claim.md §1).
            printed = render_letter(letter_of(account, traits, drawn))
            said = consenting.agreed(
                sending.sender,
                terminal,
                drawn.record,
                how=how,
                before=planned.words,
                known=known,
                now=now,
            )
            return DrawnLetter(drawn, printed, said)

        planned, done = line.run(
            publish_in_line(sending, account.book, traits, who, planned=planned, draw=draw)
        )
        drawn = done.invitation
        # A crash here: a letter that nobody has, and that the next one replaces.
        if order.corrects is not None:
            mark_corrected(account.book, order.corrects, right=who)
        _write_letter(path, done.letter, force=order.force, address=who)
        moved, failed = line.run(move_waiting(sending, account.book, who, now=now))
    return _show(terminal, path, who, planned, drawn, moved=moved, failed=failed)


async def _plan(sending: Sending, book: AddressBook, order: Order) -> Plan:
    who = order.address
    if order.corrects is None:
        planned = await plan(sending, book, book.patient(who), who, again=order.again)
    else:
        planned = await plan_correction(sending, book, wrong=order.corrects, right=who)
    if planned.new_account and not order.new_account:
        raise Refused("invitation_claimed", address=order.corrects or who)
    return planned


def _draw(account: Account, traits: Traits, planned: Plan, *, now: int) -> NewInvitation:
    return draw_invitation(
        sending_member(account),
        surnames=[name for name in (traits.birth_name, traits.used_name) if name],
        birth_date=traits.birth_date,
        now=now,
        supersedes=planned.supersedes,
    )


def _complete(terminal: Terminal, given: people.PatientFile) -> people.PatientFile:
    """Ask for what nobody has given."""
    return people.PatientFile(
        birth_name=given.birth_name or terminal.ask("invite.birth_name_ask", option="--birth-name"),
        used_name=given.used_name,
        given_names=given.given_names
        or terminal.ask("invite.given_names_ask", option="--given-names"),
        birth_date=given.birth_date or terminal.ask("invite.birth_date_ask", option="--birth-date"),
        sex=given.sex or terminal.ask("invite.sex_ask", option="--sex"),
        postal_address=given.postal_address,
        phone=given.phone,
    )


def check_letter_path(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir() or path.is_dir() or not os.access(path.parent, os.W_OK):
        raise Refused("letter_folder_missing", path=str(path))
    if not force and (path.exists() or path.is_symlink()):
        raise Refused("letter_exists", path=str(path))


def letter_of(account: Account, traits: Traits, drawn: NewInvitation) -> Letter:
    """Give what stands on the letter of a new invitation."""
    practice = account.organisation
    return Letter(
        practice_name=practice.name,
        practice_phone=practice.phone,
        practice_address=practice.postal_address,
        patient_name=f"{traits.given_names} {traits.name.upper()}",
        patient_address=traits.postal_address,
        page=account.profile.settings.page + "/",
        invitation_id=drawn.invitation_id,
        organisation_fingerprint=drawn.organisation,
        letter_number=drawn.letter_number,
        claim_code=drawn.code.secret_symbols(),
        not_after=drawn.not_after,
    )


def _write_letter(path: Path, printed: bytes, *, force: bool, address: Address) -> None:
    try:
        if force:
            files.write_atomically(path, printed)
        else:
            files.create(path, printed)
    except OSError as failure:
        known = disk_error(failure)
        reason = str(known.values.get("reason", "")) if known is not None else ""
        raise Refused(
            "letter_not_written",
            reason=reason or os.strerror(failure.errno or 0),
            address=address,
        ) from failure


def _show(
    terminal: Terminal,
    path: Path,
    address: Address,
    planned: Plan,
    drawn: NewInvitation,
    *,
    moved: int,
    failed: int,
) -> dict[str, object]:
    day = time.strftime("%d/%m/%Y", time.localtime(drawn.not_after))
    if planned.new_account:
        terminal.warn("invite.new_account", address=address)
    terminal.show("invite.done", path=str(path))
    terminal.show("invite.not_after", date=day)
    terminal.note("invite.hand_over")
    if moved:
        terminal.show("invite.resealed", count=moved)
    if failed:
        terminal.warn("invite.resend_later", count=failed)
    return {
        "invitation_id": drawn.invitation_id,
        "address": address,
        "letter": str(path),
        "letter_number": drawn.letter_number,
        "not_after": drawn.not_after,
        "supersedes": planned.supersedes.invitation_id if planned.supersedes else None,
        "moved": moved,
        "not_moved": failed,
    }
