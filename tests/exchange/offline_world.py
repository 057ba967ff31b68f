"""People without a service, and documents that they seal for each other."""

from collections.abc import Sequence
from pathlib import Path

from exchange.people import NOW

from souspli_exchange.manifest import Description
from souspli_exchange.offline_identity import OfflineIdentity, PublicIdentityFile, new_identity
from souspli_exchange.offline_open import OfflineReader, open_folder_cover, open_into_folder
from souspli_exchange.offline_seal import seal_into_folder
from souspli_exchange.sources import BytesSource, Source
from souspli_keys.address import Address

ANNE = new_identity(name="Dr Anne Dupont", address=Address("anne@exemple.fr"))
JEANNE = new_identity()
PAUL = new_identity(name="Paul Œuvrard")
MALLORY = new_identity(name="Dr Anne Dupont", address=Address("anne@exemple.fr"))

FILES = {
    "compte rendu d’été.pdf": b"%PDF-1.7 made up " * 400,
    "vide.txt": b"",
    "-rf": b"a name like an option",
}
NOBODY = Description(title="Compte rendu", date="2026-05-28", patient=None)


def sources_of(files: dict[str, bytes]) -> list[Source]:
    return [BytesSource(name, "text/plain", content) for name, content in files.items()]


def seal(
    folder: Path,
    *,
    to: Sequence[OfflineIdentity] = (JEANNE,),
    sender: OfflineIdentity = ANNE,
    files: dict[str, bytes] = FILES,
    document: Description = NOBODY,
) -> Path:
    publics = [identity.identity.public for identity in to]
    seal_into_folder(folder, sources_of(files), document, publics, sender=sender, now=NOW)
    return folder


def reader(
    *identities: OfflineIdentity, sender: PublicIdentityFile | OfflineIdentity = ANNE
) -> OfflineReader:
    known = sender.public_file if isinstance(sender, OfflineIdentity) else sender
    return OfflineReader([own.identity for own in identities or (JEANNE,)], [known])


def read_back(folder: Path, out: Path, *identities: OfflineIdentity) -> dict[str, bytes]:
    cover = open_folder_cover(folder, reader=reader(*identities))
    paths = open_into_folder(folder, cover, out)
    names = [file.name for file in cover.manifest.contents.files]
    return {name: path.read_bytes() for name, path in zip(names, paths, strict=True)}


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
