"""``souspli seal``: seals a document into a folder, for whoever's public file is given."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock, document_files, identity_files
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.sizes import max_size_option
from souspli_cli.terminal import Terminal, checked_line
from souspli_cli.verb import profile_options, verb
from souspli_exchange.errors import OutputError
from souspli_exchange.manifest import Description, Limits
from souspli_exchange.manifest import Patient as ManifestPatient
from souspli_exchange.patterns import LOINC
from souspli_keys.public import format_fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.document_files import DocumentFile
    from souspli_cli.terminal import Progress
    from souspli_exchange.ids import DocumentId
    from souspli_exchange.offline_identity import OfflineIdentity, PublicIdentityFile

# What is sealed in less than a second needs no bar, and the bar's modules take 60 ms.
SHOWN_FROM_BYTES = 256 * 1024**2


@verb("seal")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE…")
@click.option(
    "--to", multiple=True, required=True, type=click.Path(path_type=Path), metavar="PUBLIC-FILE"
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR")
@click.option("--as", "own", type=click.Path(path_type=Path), metavar="IDENTITY-FILE")
@click.option("--title", metavar="TEXT")
@click.option("--kind", metavar="LOINC")
@click.option("--date", metavar="DATE")
@click.option("--patient", type=click.Path(path_type=Path), metavar="FILE")
@max_size_option
@profile_options
def seal(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    files: tuple[Path, ...],
    to: tuple[Path, ...],
    out: Path,
    own: Path | None,
    title: str | None,
    kind: str | None,
    date: str | None,
    patient: Path | None,
    max_size: int,
) -> None:
    """Check everything, seal, and say for whom."""
    if not files:
        raise WrongUsage("nothing_to_seal")
    if kind is not None and not LOINC.fullmatch(kind):
        raise Refused("kind_not_understood")
    checked = document_files.check(files, max_bytes=max_size)
    document = Description(
        title=checked_line(title or document_files.title_of(checked[0]), option="--title"),
        date=_day(date),
        patient=_patient(patient) if patient is not None else None,
        kind=kind,
    )
    recipients = [identity_files.read_public(path) for path in to]
    if own is not None:
        sender = identity_files.read_secret(own)
    else:
        sender = identity_files.of_profile(terminal, folder, passphrase_file)
    for file in checked:
        if not file.size:
            terminal.warn("seal.empty", name=file.name)
    large = sum(file.size for file in checked) >= SHOWN_FROM_BYTES
    with terminal.progress("seal.working") if large else _no_progress() as progress:
        document_id = _seal(
            out,
            checked,
            document,
            recipients,
            sender=sender,
            limits=Limits(max_bytes=max_size),
            progress=progress,
        )
    _show(terminal, out, checked, document, recipients, sender=sender, document_id=document_id)


def _seal(
    out: Path,
    checked: Sequence[DocumentFile],
    document: Description,
    recipients: Sequence[PublicIdentityFile],
    *,
    sender: OfflineIdentity,
    limits: Limits,
    progress: Progress | None,
) -> DocumentId:
    from souspli_cli.media_type import media_type_of  # noqa: PLC0415  (not for --help)
    from souspli_exchange.offline_seal import seal_into_folder  # noqa: PLC0415  (likewise)
    from souspli_exchange.sources import PathSource  # noqa: PLC0415  (likewise)

    with contextlib.ExitStack() as stack:
        sources = [
            stack.enter_context(
                PathSource(file.path, media_type=media_type_of(file.path), name=file.name)
            )
            for file in checked
        ]
        try:
            return seal_into_folder(
                out,
                sources,
                document,
                [known.public for known in recipients],
                sender=sender,
                now=clock.now(),
                limits=limits,
                on_segment=progress.update if progress else lambda _done, _total: None,
            )
        except OutputError as failure:
            from souspli_cli.offline_words import output_refusal  # noqa: PLC0415  (seldom)

            known = output_refusal(failure, out)
            if known is None:
                raise
            raise known from failure


def _show(
    terminal: Terminal,
    out: Path,
    checked: Sequence[DocumentFile],
    document: Description,
    recipients: Sequence[PublicIdentityFile],
    *,
    sender: OfflineIdentity,
    document_id: DocumentId,
) -> None:
    terminal.show("seal.done", path=str(out))
    for known in recipients:
        terminal.show("seal.recipient", name=known.name, address=known.address)
        shown = format_fingerprint(known.public.fingerprint)
        terminal.show("seal.fingerprint", fingerprint=shown)
    terminal.note("seal.next")
    terminal.give(
        {
            "folder": str(out),
            "document_id": document_id,
            "title": document.title,
            "kind": document.kind,
            "date": document.date,
            "files": [file.name for file in checked],
            "sender": sender.identity.public.fingerprint,
            "recipients": [
                {
                    "fingerprint": known.public.fingerprint,
                    "name": known.name,
                    "address": known.address,
                }
                for known in recipients
            ],
        }
    )


def _day(date: str | None) -> str:
    if date is None:
        return time.strftime("%Y-%m-%d")
    from souspli_cli import people  # noqa: PLC0415  (its modules cost 50 ms)

    return people.full_date_of(date, option="--date")


def _patient(path: Path) -> ManifestPatient:
    from souspli_cli import people  # noqa: PLC0415  (as above)
    from souspli_exchange.manifest import Sex  # noqa: PLC0415

    traits = people.traits_of(people.read_patient_file(path))
    return ManifestPatient(
        birth_name=traits.birth_name,
        given_names=traits.given_names,
        birth_date=traits.birth_date,
        sex=Sex(traits.sex),
    )


def _no_progress() -> contextlib.nullcontext[None]:
    return contextlib.nullcontext()
