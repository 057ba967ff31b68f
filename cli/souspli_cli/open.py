"""``souspli open``: opens a sealed document's folder, if all of it is as it must be."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import identity_files
from souspli_cli.errors import Refused
from souspli_cli.sizes import max_size_option
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.errors import OutputError, RefusedError, SealedFolderError
from souspli_exchange.manifest import Limits
from souspli_keys.public import format_fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_exchange.manifest import Manifest, Patient

# As for `seal`.
SHOWN_FROM_BYTES = 256 * 1024**2


@verb("open", name="open")
@click.argument("sealed", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="IDENTITY-FILE",
)
@click.option(
    "--sender",
    "senders",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="PUBLIC-FILE",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR")
@max_size_option
@profile_options
def open_(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    sealed: Path,
    identities: tuple[Path, ...],
    senders: tuple[Path, ...],
    out: Path,
    max_size: int,
) -> None:
    """Verify everything; then, and only then, let the files appear."""
    from souspli_exchange.offline_open import (  # noqa: PLC0415  (help needs no key)
        OfflineReader,
        open_folder_cover,
        open_into_folder,
    )

    known = [identity_files.read_public(path) for path in senders]
    if identities:
        own = [identity_files.read_secret(path) for path in identities]
    else:
        own = [identity_files.of_profile(terminal, folder, passphrase_file)]
    reader = OfflineReader([one.identity for one in own], known, Limits(max_bytes=max_size))
    try:
        cover = open_folder_cover(sealed, reader=reader)
        large = cover.manifest.contents.sealed_length >= SHOWN_FROM_BYTES
        with terminal.progress("open.working") if large else contextlib.nullcontext() as progress:
            paths = open_into_folder(
                sealed,
                cover,
                out,
                on_segment=progress.update if progress else lambda _done, _total: None,
            )
    except (SealedFolderError, RefusedError, OutputError) as failure:
        raise _in_words(failure, sealed=sealed, out=out, max_size=max_size) from failure
    _show(terminal, cover.manifest, out, paths)


def _in_words(
    failure: SealedFolderError | RefusedError | OutputError,
    *,
    sealed: Path,
    out: Path,
    max_size: int,
) -> Exception:
    from souspli_cli import offline_words  # noqa: PLC0415  (only on the way out)

    match failure:
        case SealedFolderError():
            return Refused("sealed_folder", path=str(sealed))
        case OutputError():
            return offline_words.output_refusal(failure, out) or failure
        case _:
            return offline_words.refusal(failure, max_size=max_size) or failure


def _show(terminal: Terminal, manifest: Manifest, out: Path, paths: Sequence[Path]) -> None:
    document, sender, contents = manifest.document, manifest.sender, manifest.contents
    terminal.show("open.done", path=str(out))
    terminal.show("open.title", title=document.title)
    terminal.show("open.date", date=document.date)
    terminal.show("open.sender", name=sender.name, address=sender.address)
    terminal.show("open.fingerprint", fingerprint=format_fingerprint(sender.fingerprint))
    if document.patient is not None:
        terminal.show(
            "open.patient",
            name=f"{document.patient.birth_name.upper()} {document.patient.given_names}",
            date=document.patient.birth_date,
        )
    for path, file in zip(paths, contents.files, strict=True):
        terminal.show("open.file", name=path.name, size=terminal.size(file.size))
    terminal.give(
        {
            "folder": str(out),
            **document_json(manifest),
            "paths": [str(path) for path in paths],
        }
    )


def document_json(manifest: Manifest) -> dict[str, object]:
    """Give what a manifest says, for programs."""
    document, sender = manifest.document, manifest.sender
    return {
        "document_id": manifest.document_id,
        "title": document.title,
        "kind": document.kind,
        "date": document.date,
        "created_at": manifest.created_at,
        "sender": {
            "fingerprint": sender.fingerprint,
            "name": sender.name,
            "address": sender.address,
            "organisation": sender.organisation,
        },
        "recipient": manifest.recipient,
        "patient": _patient_json(document.patient),
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in manifest.contents.files
        ],
    }


def _patient_json(patient: Patient | None) -> dict[str, object] | None:
    if patient is None:
        return None
    return {
        "birth_name": patient.birth_name,
        "given_names": patient.given_names,
        "birth_date": patient.birth_date,
        "sex": patient.sex.value,
    }
