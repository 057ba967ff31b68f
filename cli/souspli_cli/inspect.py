"""``souspli inspect``: what can be known of sealed files, with and without a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from souspli_cli import identity_files
from souspli_cli.errors import CliError, Refused, WrongUsage
from souspli_cli.sizes import max_size_option
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb
from souspli_exchange.errors import RefusedError, SealedFolderError
from souspli_exchange.manifest import Limits
from souspli_keys.public import format_fingerprint

if TYPE_CHECKING:
    from souspli_exchange.manifest import Manifest
    from souspli_exchange.offline_inspect import FileFacts
    from souspli_exchange.offline_open import OfflineReader

_MAY_BE: dict[tuple[str, ...], str] = {
    ("cover",): "inspect.may_be_cover",
    ("contents",): "inspect.may_be_contents",
    ("cover", "contents"): "inspect.may_be_either",
}

# The right shape, and a length that neither covers nor contents have.
_OTHER_LENGTH = "other_length"


@dataclass
class _Found:
    """One path of the command line: for people as it is found, for programs at the end."""

    path: Path
    json: dict[str, Any] = field(default_factory=dict[str, Any])
    wrong: bool = False
    """Whether Souspli would refuse it, or could not look at it."""


@verb("inspect")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
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
    type=click.Path(path_type=Path),
    metavar="PUBLIC-FILE",
)
@max_size_option
def inspect(
    terminal: Terminal,
    *,
    paths: tuple[Path, ...],
    identities: tuple[Path, ...],
    senders: tuple[Path, ...],
    max_size: int,
) -> None:
    """Say what is known of each path; end with 1 if one of them would be refused."""
    if senders and not identities:
        raise WrongUsage("sender_needs_identity")
    from souspli_exchange.offline_open import OfflineReader  # noqa: PLC0415  (help needs no key)

    reader = OfflineReader(
        [identity_files.read_secret(path).identity for path in identities],
        [identity_files.read_public(path) for path in senders],
        Limits(max_bytes=max_size),
    )
    found = [_Found(path) for path in paths]
    for one in found:
        terminal.show("inspect.path", path=str(one.path))
        _look(terminal, one, reader)
    terminal.give({"paths": [one.json for one in found]})
    if any(one.wrong for one in found):
        end = Refused("inspected_wrong")
        end.results_given = True
        raise end


def _look(terminal: Terminal, one: _Found, reader: OfflineReader) -> None:
    one.json["path"] = str(one.path)
    try:
        if one.path.is_dir():
            _look_at_folder(terminal, one)
        else:
            _look_at_file(terminal, one)
        if reader.identities and not one.wrong:
            _read_cover(terminal, one, reader)
    except (SealedFolderError, OSError):
        key = "inspect.not_a_folder" if one.path.is_dir() else "inspect.unreadable"
        terminal.show(key)
        one.wrong = True
        one.json |= {"kind": None, "refused": "unreadable"}


def _look_at_folder(terminal: Terminal, one: _Found) -> None:
    from souspli_exchange.offline_inspect import Role, inspect_folder  # noqa: PLC0415

    facts = inspect_folder(one.path)
    terminal.show("inspect.folder", count=len(facts.covers))
    terminal.show("inspect.contents")
    contents = _file_json(terminal, facts.contents, role=Role.CONTENTS)
    covers: list[dict[str, Any]] = []
    for recipient, cover in facts.covers.items():
        terminal.show("inspect.cover", fingerprint=format_fingerprint(recipient))
        covers.append({"recipient": recipient, **_file_json(terminal, cover, role=Role.COVER)})
    for name in facts.others:
        terminal.show("inspect.other", name=name)
    one.wrong = not covers or any(each["refused"] for each in (contents, *covers))
    one.json |= {
        "kind": "folder",
        "refused": None,
        "contents": contents,
        "covers": covers,
        "others": list(facts.others),
    }


def _look_at_file(terminal: Terminal, one: _Found) -> None:
    from souspli_exchange.offline_inspect import inspect_file  # noqa: PLC0415

    facts = inspect_file(one.path)
    one.json |= _file_json(terminal, facts, role=None)
    one.wrong = one.json["refused"] is not None


def _file_json(terminal: Terminal, facts: FileFacts, *, role: str | None) -> dict[str, Any]:
    """Show one file and give it for programs; ``role`` is what its place says it is."""
    from souspli_exchange.offline_inspect import Role  # noqa: PLC0415

    roles = [known.value for known in facts.roles]
    refused = facts.not_ours.value if facts.not_ours else None
    if refused is None and (not roles or (role is not None and role not in roles)):
        refused = _OTHER_LENGTH
    terminal.show("inspect.size", bytes=facts.size)
    if facts.recipient_types:
        terminal.show("inspect.stanzas", types=", ".join(facts.recipient_types))
    if facts.payload is not None:
        terminal.show(
            "inspect.payload",
            bytes=facts.payload.plain_bytes,
            chunks=facts.payload.chunks,
            segments=facts.payload.segments,
        )
    tar = facts.tar_bytes if role != Role.COVER else None
    if refused is not None:
        terminal.show(f"inspect.refused_{refused}")
    elif role is None:
        terminal.show(_MAY_BE[tuple(roles)])
    if tar is not None and refused is None:
        terminal.show("inspect.tar", least=tar[0], most=tar[-1])
    return {
        "kind": role or ("sealed" if refused is None else "age" if facts.header_bytes else None),
        "may_be": roles,
        "refused": refused,
        "size": facts.size,
        "header_bytes": facts.header_bytes,
        "recipient_types": list(facts.recipient_types),
        "plain_bytes": facts.payload.plain_bytes if facts.payload else None,
        "chunks": facts.payload.chunks if facts.payload else None,
        "segments": facts.payload.segments if facts.payload else None,
        "tar_bytes": [tar[0], tar[-1]] if tar is not None else None,
    }


def _read_cover(terminal: Terminal, one: _Found, reader: OfflineReader) -> None:
    """Say what the cover says; with a sender, whether all of it is true."""
    from souspli_cli import offline_words  # noqa: PLC0415  (only with an identity)
    from souspli_exchange import offline_open as offline  # noqa: PLC0415

    is_folder = one.path.is_dir()
    if not is_folder and "cover" not in one.json["may_be"]:
        return  # contents: nothing in them opens with an identity
    try:
        if not reader.senders:
            manifest = offline.claimed_manifest(one.path, reader=reader)
            terminal.show("inspect.not_verified")
            _show_document(terminal, one, manifest, verified=False)
            return
        find = offline.open_folder_cover if is_folder else offline.open_cover_file
        cover = find(one.path, reader=reader)
        if is_folder:
            offline.verify_folder(one.path, cover)
        _show_document(terminal, one, cover.manifest, verified=True)
        terminal.show("inspect.verified" if is_folder else "inspect.cover_verified")
    except RefusedError as failure:
        known = offline_words.refusal(failure, max_size=reader.limits.max_bytes)
        if known is None:
            raise
        _show_refusal(terminal, one, known)


def _show_document(terminal: Terminal, one: _Found, manifest: Manifest, *, verified: bool) -> None:
    from souspli_cli.open import document_json  # noqa: PLC0415  (only with an identity)

    sender = manifest.sender
    terminal.show("open.title", title=manifest.document.title)
    terminal.show("open.date", date=manifest.document.date)
    terminal.show("open.sender", name=sender.name, address=sender.address)
    terminal.show("open.fingerprint", fingerprint=format_fingerprint(sender.fingerprint))
    for file in manifest.contents.files:
        terminal.show("open.file", name=file.name, size=terminal.size(file.size))
    one.json |= {"document": document_json(manifest), "verified": verified}


def _show_refusal(terminal: Terminal, one: _Found, known: CliError) -> None:
    terminal.show_line(terminal.words(f"error.{known.name}", **known.values))
    one.wrong = True
    one.json |= {"verified": False, "refused": known.name.replace("_", "-")}
