"""``souspli init``: prepares this device's profile."""

from __future__ import annotations

from pathlib import Path

import click

from souspli_cli import keyfile, passphrase, profile
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb


@verb("init")
@click.option("--service", required=True, metavar="URL")
@click.option("--origin", default=profile.DEFAULT_ORIGIN, metavar="NAME")
@click.option("--page", metavar="URL")
@click.option("--no-passphrase", is_flag=True)
@profile_options
def init(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    service: str,
    origin: str,
    page: str | None,
    no_passphrase: bool,
) -> None:
    """Make a profile: a private folder, its settings, the device's key."""
    made = make_profile(
        terminal,
        folder,
        service=service,
        origin=origin,
        page=page,
        passphrase_file=passphrase_file,
        no_passphrase=no_passphrase,
    )
    terminal.show("init.done", folder=str(made.folder))
    terminal.note("init.next")
    terminal.give(
        {
            "profile": str(made.folder),
            "service": made.settings.service,
            "origin": made.settings.origin,
            "page": made.settings.page,
        }
    )


def have_profile(
    terminal: Terminal,
    folder: Path | None,
    *,
    service: str | None,
    origin: str | None,
    page: str | None,
    passphrase_file: Path | None,
    no_passphrase: bool,
) -> profile.Profile:
    """Give the profile that is there, if it is of the service that is named, or make one."""
    if profile.exists(folder):
        used = profile.find(folder)
        same = service is None or profile.checked_service(service) == used.settings.service
        if not same or origin not in {None, used.settings.origin}:
            raise Refused("profile_of_another_service")
        return used
    if service is None:
        raise WrongUsage("no_service_given", folder=str(folder or profile.default_folder()))
    return make_profile(
        terminal,
        folder,
        service=service,
        origin=origin or profile.DEFAULT_ORIGIN,
        page=page,
        passphrase_file=passphrase_file,
        no_passphrase=no_passphrase,
    )


def make_profile(
    terminal: Terminal,
    folder: Path | None,
    *,
    service: str,
    origin: str,
    page: str | None,
    passphrase_file: Path | None,
    no_passphrase: bool,
) -> profile.Profile:
    """Make a profile with a new device key; everything that can be refused comes first."""
    folder = folder or profile.default_folder()
    profile.checked_service(service)
    profile.checked_service(page or service)
    profile.checked_origin(origin)
    if profile.exists(folder):
        raise Refused("profile_exists", folder=str(folder))
    chosen = passphrase.choose(terminal, passphrase_file, none=no_passphrase)
    return profile.create(
        folder.absolute(),
        service=service,
        origin=origin,
        page=page,
        device_key=keyfile.encode(keyfile.Device.new(), chosen),
    )
