"""Opening a sealed document without a service, from a folder.

docs/specs/sealed-document.md §8. Every check is that of `sealed` and of the contents'
opener; what differs is that the reader names the sender instead of trusting an
organisation.

The service never imports this module (tests/test_floors.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from souspli_exchange.contents_opener import VerifiedContents
from souspli_exchange.engine import SegmentDone, unheard
from souspli_exchange.errors import NotForMeError, SealedFolderError
from souspli_exchange.manifest import DEFAULT_LIMITS, Limits, Manifest
from souspli_exchange.offline_folder import (
    CONTENTS_NAME,
    COVERS_NAME,
    cover_path,
    read_start,
)
from souspli_exchange.offline_identity import OFFLINE_ORIGIN, PublicIdentityFile
from souspli_exchange.sealed import (
    MAX_SEALED_COVER_BYTES,
    Reader,
    VerifiedCover,
    open_pinned_cover,
    unverified_manifest,
)
from souspli_exchange.sealed_file import open_contents_file, open_file_into_folder
from souspli_keys.identity import Identity


@dataclass(frozen=True, slots=True)
class OfflineReader:
    """Who opens offline documents, and by whom they may have been sealed."""

    identities: Sequence[Identity]
    senders: Collection[PublicIdentityFile]
    limits: Limits = DEFAULT_LIMITS


def open_folder_cover(folder: Path, *, reader: OfflineReader) -> VerifiedCover:
    """Return the verified cover that `folder` holds for one of the reader's identities.

    Raises SealedFolderError if it is no sealed document's folder, NotForMeError if there
    is no cover for the reader, and like `sealed.open_pinned_cover`.
    """
    return open_cover_file(_find_cover(folder, reader.identities), reader=reader)


def open_cover_file(path: Path, *, reader: OfflineReader) -> VerifiedCover:
    """Return the verified cover in a file, whatever the file's name; raises likewise."""
    # One byte more than a cover has, so that a longer one is seen to be longer.
    sealed = read_start(path, most=MAX_SEALED_COVER_BYTES + 1)
    return open_pinned_cover(
        sealed,
        reader=Reader(
            identities=reader.identities,
            origin=OFFLINE_ORIGIN,
            organisations=(),
            limits=reader.limits,
        ),
        senders=[known.pinned for known in reader.senders],
    )


def claimed_manifest(path: Path, *, reader: OfflineReader) -> Manifest:
    """Return what the cover in a folder or a file claims: **anybody may have written it**.

    See `sealed.unverified_manifest`. Raises SealedFolderError likewise.
    """
    cover = _find_cover(path, reader.identities) if path.is_dir() else path
    sealed = read_start(cover, most=MAX_SEALED_COVER_BYTES + 1)
    return unverified_manifest(sealed, identities=reader.identities, limits=reader.limits)


def open_into_folder(
    folder: Path, cover: VerifiedCover, out: Path, *, on_segment: SegmentDone = unheard
) -> tuple[Path, ...]:
    """Open the contents of `folder` into `out`, which appears whole or not at all.

    Returns the files' paths, in the manifest's order. Raises SealedFolderError,
    ContentsRefusedError, OutputError (OutputExistsError if `out` exists).
    """
    contents = folder / CONTENTS_NAME
    return open_file_into_folder(cover, contents, out, on_segment=on_segment).paths


def verify_folder(
    folder: Path, cover: VerifiedCover, *, on_segment: SegmentDone = unheard
) -> VerifiedContents:
    """Check the contents of `folder` to their end, and keep nothing; raises likewise."""

    def forget(_file_index: int, _offset: int, _data: memoryview) -> None:
        return

    return open_contents_file(cover, folder / CONTENTS_NAME, write=forget, on_segment=on_segment)


def _find_cover(folder: Path, identities: Sequence[Identity]) -> Path:
    try:
        there = {path.name for path in (folder / COVERS_NAME).iterdir()}
    except OSError as failure:
        raise SealedFolderError("not the folder of a sealed document") from failure
    for identity in identities:
        path = cover_path(folder, identity.public.fingerprint)
        if path.name in there:
            return path
    raise NotForMeError("there is no cover for these identities")
