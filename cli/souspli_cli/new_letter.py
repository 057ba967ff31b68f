"""``souspli reissue``: a new letter for a patient who is known, and their right address.

docs/specs/claim.md §1. What waits for the letter before goes to the new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import people
from souspli_cli.account import open_account
from souspli_cli.errors import Refused
from souspli_cli.invite import Order, check_letter_path, issue
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.addressbook import Patient
    from souspli_keys.address import Address


@verb("reissue")
@click.argument("patient", metavar="E-MAIL")
@click.option("--address", metavar="E-MAIL")
@click.option("--letter", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--force", is_flag=True)
@click.option("--consent", metavar="oral|written|online")
@profile_options
def reissue(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    patient: str,
    address: str | None,
    letter: Path | None,
    force: bool,
    consent: str | None,
) -> None:
    """Make the letter; with another address, correct that first."""
    known_as = people.address_of(patient)
    right = people.address_of(address) if address is not None else known_as
    path = letter or Path(terminal.ask("invite.letter_ask", option="--letter"))
    check_letter_path(path, force=force)
    account = open_account(terminal, folder, passphrase_file)
    known = known_patient(account, known_as)
    if right == known_as and known.moved_to is not None:
        raise Refused("address_corrected", address=known_as, right=known.moved_to)
    order = Order(
        right,
        path,
        force=force,
        # Used since the list was made: then no letter is missing. After a red stop it was
        # somebody else who used it.
        new_account=known.stopped is not None,
        corrects=known_as if right != known_as else None,
        consent=consent,
    )
    terminal.give(issue(terminal, account, known.traits, order))


def known_patient(account: Account, address: Address) -> Patient:
    """Give the entry of somebody who was invited from here; ``Refused`` if there is none."""
    patient = account.book.patient(address)
    if patient is None or not patient.invitations:
        raise Refused("no_invitation", address=address)
    return patient
