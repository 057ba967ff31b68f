"""``souspli certificate``: what the service signed about a letter that nobody answered."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import files, people
from souspli_cli.account import open_account
from souspli_cli.certificates import Certificate, Certificates
from souspli_cli.errors import CliError, Refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.account import Account


@verb("certificate")
@click.argument("address", required=False)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE")
@profile_options
def certificate(
    terminal: Terminal,
    *,
    address: str | None,
    out: Path | None,
    folder: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Show the certificates that were verified and kept here; `--out` writes a patient's."""
    account = open_account(terminal, folder, passphrase_file)
    wanted = None if address is None else people.address_of(address)
    kept = [
        one
        for one in Certificates.of(account.book).all()
        if not isinstance(one, CliError) and wanted in {None, one.address}
    ]
    if not kept:
        raise Refused("no_certificate")
    kept.sort(key=lambda one: one.purge.ended_at)
    if out is not None:
        if len(kept) > 1:
            # The newest is the one that anybody would be shown.
            kept = kept[-1:]
        files.create(out, json.dumps(kept[0].statement, indent=1).encode("ascii"))
        terminal.show("certificate.written", path=str(out))
    else:
        for one in kept:
            _show(terminal, account, one)
    terminal.give(
        {
            "audit_key": _pinned(account),
            "certificates": [_as_json(one) for one in kept],
        }
    )


def _pinned(account: Account) -> str | None:
    key = Certificates.of(account.book).pinned()
    return None if key is None else key.fingerprint


def _show(terminal: Terminal, account: Account, one: Certificate) -> None:
    purge = one.purge
    patient = account.book.patient(one.address)
    name = one.address if patient is None else people.shown_name(patient.traits)
    terminal.show(
        "certificate.purged",
        name=name,
        address=one.address,
        ended=_moment(purge.ended_at),
        deleted=purge.objects_deleted,
        backups=time.strftime("%d/%m/%Y", time.localtime(purge.backups_until)),
    )
    if purge.objects_kept:
        terminal.show("certificate.kept", count=purge.objects_kept)
    for document_id in purge.documents:
        document = account.book.document(document_id)
        if document is not None:
            terminal.show(
                "certificate.document", title=document.title, date=people.shown_date(document.date)
            )
    terminal.show("certificate.means")


def _moment(moment: int) -> str:
    return time.strftime("%d/%m/%Y %H:%M", time.localtime(moment))


def _as_json(one: Certificate) -> dict[str, object]:
    purge = one.purge
    return {
        "address": one.address,
        "invitation_id": purge.invitation_id,
        "begun_at": purge.begun_at,
        "ended_at": purge.ended_at,
        "documents": list(purge.documents),
        "objects_deleted": purge.objects_deleted,
        "objects_kept": purge.objects_kept,
        "backups_until": purge.backups_until,
        "statement": one.statement,
    }
