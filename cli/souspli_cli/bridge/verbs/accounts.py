"""``souspli bridge accounts``: source systems that may hand in mails."""

from __future__ import annotations

from pathlib import Path

import click

from souspli_cli import clock, people, profile
from souspli_cli.terminal import Terminal
from souspli_cli.verb import Verbs, profile_options, verb


@verb("bridge_accounts_add", name="add")
@click.argument("name", metavar="NAME")
@click.option("--from", "senders", multiple=True, metavar="ADDRESS")
@profile_options
def add(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    name: str,
    senders: tuple[str, ...],
) -> None:
    """Make an account and show its password, this once."""
    from souspli_cli.bridge.smtp import accounts as kept  # noqa: PLC0415  (not for --help)

    del passphrase_file  # nothing sealed is read
    password = kept.add(_path(folder), name, senders, now=clock.now())
    terminal.show("bridge.account_made", name=name, password=password)
    terminal.note("bridge.account_once")
    terminal.give({"name": name, "password": password})


@verb("bridge_accounts_list", name="list")
@profile_options
def list_(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """List the accounts, without their passwords."""
    from souspli_cli.bridge.smtp import accounts as kept  # noqa: PLC0415  (as above)

    del passphrase_file
    known = kept.read(_path(folder))
    for account in known.values():
        senders = ", ".join(account.senders) or terminal.words("bridge.any_sender")
        date = people.shown_day(account.created_at)
        terminal.show("bridge.account_line", name=account.name, date=date, senders=senders)
    if not known:
        terminal.show("bridge.no_accounts")
    terminal.give(
        {
            "accounts": [
                {"name": one.name, "from": list(one.senders), "created_at": one.created_at}
                for one in known.values()
            ]
        }
    )


@verb("bridge_accounts_senders", name="senders")
@click.argument("name", metavar="NAME")
@click.option("--from", "senders", multiple=True, required=True, metavar="ADDRESS")
@profile_options
def change_senders(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    name: str,
    senders: tuple[str, ...],
) -> None:
    """Say anew from which addresses an account may send; its password stays."""
    from souspli_cli.bridge.smtp import accounts as kept  # noqa: PLC0415  (as above)

    del passphrase_file
    allowed = kept.change_senders(_path(folder), name, senders)
    terminal.show("bridge.account_senders", name=name, senders=", ".join(allowed))
    terminal.give({"name": name, "from": list(allowed)})


@verb("bridge_accounts_remove", name="remove")
@click.argument("name", metavar="NAME")
@profile_options
def remove(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, name: str
) -> None:
    """Remove an account; what it has handed in is sent all the same."""
    from souspli_cli.bridge.smtp import accounts as kept  # noqa: PLC0415  (as above)

    del passphrase_file
    kept.remove(_path(folder), name)
    terminal.show("bridge.account_removed", name=name)
    terminal.give({"name": name})


def _path(folder: Path | None) -> Path:
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)

    return Folder.of(profile.find(folder)).accounts


accounts = Verbs(
    "accounts",
    {
        "add": "souspli_cli.bridge.verbs.accounts:add",
        "list": "souspli_cli.bridge.verbs.accounts:list_",
        "senders": "souspli_cli.bridge.verbs.accounts:change_senders",
        "remove": "souspli_cli.bridge.verbs.accounts:remove",
    },
    words_key="bridge_accounts",
)
