"""``souspli bridge addresses``: the laboratory's own list of people, from its software's file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from souspli_cli import account as profiles
from souspli_cli import files, people
from souspli_cli.errors import Refused, Temporary, WrongUsage
from souspli_cli.terminal import Terminal
from souspli_cli.verb import Verbs, profile_options, verb

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from souspli_cli.bridge.people.address_file import BadRow
    from souspli_cli.bridge.people.addresses import Addresses
    from souspli_cli.bridge.people.known_person import KnownPerson

# On one screen, and in one --json document.
MOST_SHOWN: Final = 1_000


@verb("bridge_addresses_import", name="import")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--dry-run", is_flag=True)
@click.option("--skip-bad", is_flag=True)
@click.option("--replace", is_flag=True)
@click.option("--country", metavar="DIGITS")
@profile_options
def import_(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    path: Path,
    dry_run: bool,
    skip_bad: bool,
    replace: bool,
    country: str | None,
) -> None:
    """Take a file in, whole or not at all."""
    from souspli_cli.bridge.people import address_import  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.people.address_file import read_table  # noqa: PLC0415  (as above)

    code = (country or "").removeprefix("+")
    if country is not None and not (code.isascii() and code.isdecimal() and len(code) <= 3):
        raise WrongUsage("bridge_addresses_country")
    content = _content(path)
    terminal.note("bridge.addresses_working")
    table = read_table(content, country=code or None)
    with _opened(terminal, folder, passphrase_file) as addresses:
        if dry_run:
            there = addresses.entries()
            planned = address_import.plan(table.good, there, addresses.digester, replace=replace)
        else:
            planned = address_import.take(addresses, table, replace=replace, skip_bad=skip_bad)
        count = addresses.count()
    bad = address_import.all_bad(planned, table)
    done = not dry_run and (skip_bad or not bad)
    for name in table.ignored:
        terminal.note("bridge.addresses_ignored", name=name)
    _show_bad(terminal, bad)
    added = len(planned.add) - len(planned.replaced)
    terminal.show(
        "bridge.addresses_taken" if done else "bridge.addresses_would",
        added=added,
        replaced=len(planned.replaced),
        repeated=planned.repeated,
        bad=len(bad),
        count=count,
    )
    terminal.give(
        {
            "added": added,
            "replaced": len(planned.replaced),
            "repeated": planned.repeated,
            "bad": [
                {"line": one.line, "reason": one.reason, "other_line": one.other_line}
                for one in bad
            ],
            "ignored_columns": list(table.ignored),
            "imported": done,
            "count": count,
        }
    )
    if bad and not done:
        end = Refused("bridge_addresses_bad", count=len(bad))
        end.results_given = True
        raise end


@verb("bridge_addresses_list", name="list")
@profile_options
def list_(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """List people, the first of them where there are many."""
    with _opened(terminal, folder, passphrase_file) as addresses:
        some, count = addresses.some(MOST_SHOWN), addresses.count()
    for known in some:
        terminal.show_line(_line(terminal, known))
    terminal.show("bridge.addresses_count", count=count, shown=len(some))
    terminal.give({"count": count, "people": [_as_json(known) for known in some]})


@verb("bridge_addresses_show", name="show")
@click.argument("who", metavar="E-MAIL|INS")
@profile_options
def show(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, who: str
) -> None:
    """Show what the list says of somebody."""
    with _opened(terminal, folder, passphrase_file) as addresses:
        known = _find(addresses, who)
    terminal.show_line(_line(terminal, known))
    if known.ins is not None:
        terminal.show("bridge.addresses_ins", matricule=known.ins[0], oid=known.ins[1])
    if known.traits.phone is not None:
        terminal.show("bridge.addresses_phone", phone=known.traits.phone)
    terminal.give(_as_json(known))


@verb("bridge_addresses_remove", name="remove")
@click.argument("who", metavar="E-MAIL|INS")
@profile_options
def remove(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, who: str
) -> None:
    """Forget somebody of the list."""
    with _opened(terminal, folder, passphrase_file) as addresses:
        known = _find(addresses, who)
        addresses.remove(known)
    terminal.show("bridge.addresses_removed")
    terminal.give({"address": known.address})


def _content(path: Path) -> bytes:
    """Read the file, or standard input."""
    from souspli_cli.bridge.people.address_file import MAX_FILE_BYTES  # noqa: PLC0415  (as above)

    try:
        if str(path) != "-":
            return files.read(path, limit=MAX_FILE_BYTES)
        content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise Refused("file_not_found", path=str(path)) from None
    except OSError:
        raise Refused("bridge_addresses_unreadable", path=str(path)) from None
    if len(content) > MAX_FILE_BYTES:
        raise Refused("bridge_addresses_unreadable", path=str(path))
    return content


@contextlib.contextmanager
def _opened(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None
) -> Generator[Addresses]:
    from souspli_cli.bridge.people.addresses import Addresses  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)
    from souspli_storage.errors import (  # noqa: PLC0415
        DatabaseBusyError,
        StorageError,
        StorageFullError,
    )

    account = profiles.open_account(terminal, folder, passphrase_file)
    secret = account.device.unlocker.secret_bytes()
    try:
        with Addresses(Folder.of(account.profile).addresses, secret) as addresses:
            yield addresses
    except StorageFullError:
        raise Refused("disk_full") from None
    except DatabaseBusyError:
        # Never "damaged": a list that is put aside in the middle of an import is lost.
        raise Temporary("bridge_addresses_busy") from None
    except StorageError:
        raise Refused("bridge_addresses_file") from None


def _find(addresses: Addresses, said: str) -> KnownPerson:
    """Give the one person with this address or INS."""
    if "@" in said:
        known = addresses.with_address(people.address_of(said))
    else:
        known = next(iter(addresses.with_ins("".join(said.split()).upper())), None)
    if known is None:
        raise Refused("bridge_addresses_unknown")
    return known


def _show_bad(terminal: Terminal, bad: Sequence[BadRow]) -> None:
    for one in bad:
        why = terminal.words(f"bridge.bad_{one.reason}", other=one.other_line or "?")
        terminal.say("bridge.addresses_bad_row", line=one.line, why=why)


def _line(terminal: Terminal, known: KnownPerson) -> str:
    return terminal.words(
        "bridge.addresses_line",
        name=people.shown_name(known.traits),
        date=people.shown_date(known.traits.birth_date),
        sex=known.traits.sex,
        address=known.address or "–",
    )


def _as_json(known: KnownPerson) -> dict[str, Any]:
    traits = known.traits
    return {
        "address": known.address,
        "birth_name": traits.birth_name,
        "used_name": traits.used_name,
        "given_names": traits.given_names,
        "birth_date": traits.birth_date,
        "sex": traits.sex,
        "ins": None if known.ins is None else {"matricule": known.ins[0], "oid": known.ins[1]},
        "phone": traits.phone,
        "postal_address": list(traits.postal_address),
    }


addresses = Verbs(
    "addresses",
    {
        "import": "souspli_cli.bridge.verbs.addresses:import_",
        "list": "souspli_cli.bridge.verbs.addresses:list_",
        "show": "souspli_cli.bridge.verbs.addresses:show",
        "remove": "souspli_cli.bridge.verbs.addresses:remove",
    },
    words_key="bridge_addresses",
)
