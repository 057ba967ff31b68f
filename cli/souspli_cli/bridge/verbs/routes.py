"""``souspli bridge route``: what a person knows about the address book and routing needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import account as profiles
from souspli_cli import people
from souspli_cli.errors import Refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import Verbs, profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.people.routes import RoutesFile


@verb("bridge_route_practitioner", name="practitioner")
@click.argument("address", metavar="ADDRESS")
@profile_options
def practitioner(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, address: str
) -> None:
    """List an address of the address book as a practitioner's."""
    routes, known = _opened(terminal, folder, passphrase_file, address)
    routes.add_practitioner(known)
    terminal.show("bridge.route_practitioner", address=known)
    terminal.give({"address": known})


@verb("bridge_route_ins", name="ins")
@click.argument("address", metavar="ADDRESS")
@click.argument("matricule", metavar="MATRICULE")
@profile_options
def ins(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    address: str,
    matricule: str,
) -> None:
    """Note a patient's INS."""
    routes, known = _opened(terminal, folder, passphrase_file, address)
    routes.add_ins(matricule, known)
    terminal.show("bridge.route_ins", address=known)
    terminal.give({"address": known})


@verb("bridge_route_remove", name="remove")
@click.argument("address", metavar="ADDRESS")
@profile_options
def remove(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, address: str
) -> None:
    """Forget what was noted of an address."""
    routes, known = _opened(terminal, folder, passphrase_file, address)
    routes.remove(known)
    terminal.show("bridge.route_removed", address=known)
    terminal.give({"address": known})


def _opened(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None, said: str
) -> tuple[RoutesFile, str]:
    """Give the routes and the canonical address, which the address book must have."""
    from souspli_cli.bridge.people.routes import RoutesFile  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)

    account = profiles.open_account(terminal, folder, passphrase_file)
    address = people.address_of(said)
    if account.book.patient(address) is None:
        raise Refused("no_invitation", address=address)
    secret = account.device.unlocker.secret_bytes()
    return RoutesFile(Folder.of(account.profile).routes, secret), address


route = Verbs(
    "route",
    {
        "practitioner": "souspli_cli.bridge.verbs.routes:practitioner",
        "ins": "souspli_cli.bridge.verbs.routes:ins",
        "remove": "souspli_cli.bridge.verbs.routes:remove",
    },
    words_key="bridge_route",
)
