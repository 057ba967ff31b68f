"""Sealed documents without a service: sealed into a folder, opened from one.

docs/specs/sealed-document.md §8. Contents, covers, manifest and their checks are those of
every sealed document; what differs is that the reader names the sender instead of
trusting an organisation, and that nobody is asked for anything.

The service never imports this module (tests/test_floors.py).
"""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from souspli_exchange.bundle import Bundle, BundledFile, WriteFile
from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.contents_sealer import ContentsSealer, SealedContents
from souspli_exchange.cover import Cover, check_room_for_grants
from souspli_exchange.errors import (
    ContentsRefusedError,
    ExchangeUsageError,
    NotForMeError,
    OutputError,
    SealedFolderError,
)
from souspli_exchange.extraction import Extraction
from souspli_exchange.ids import DocumentId, new_document_id, random_hex
from souspli_exchange.manifest import (
    DEFAULT_LIMITS,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Description,
    Limits,
    Manifest,
    check_files,
    encode_manifest,
)
from souspli_exchange.offline_folder import (
    CONTENTS_NAME,
    COVERS_NAME,
    NewSealedFolder,
    cover_path,
    new_file,
    open_regular,
    read_start,
)
from souspli_exchange.offline_identity import (
    OFFLINE_ORIGIN,
    OfflineIdentity,
    PublicIdentityFile,
)
from souspli_exchange.sealed import (
    MAX_SEALED_COVER_BYTES,
    Reader,
    VerifiedCover,
    open_pinned_cover,
    seal_cover,
)
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.sources import Source
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint, PublicIdentity

SegmentDone = Callable[[int, int], None]
"""`(segments done, segments in all)`."""


def _unheard(_done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class OfflineReader:
    """Who opens offline documents, and by whom they may have been sealed."""

    identities: Sequence[Identity]
    senders: Collection[PublicIdentityFile]
    limits: Limits = DEFAULT_LIMITS


def seal_into_folder(
    folder: Path,
    sources: Sequence[Source],
    document: Description,
    recipients: Sequence[PublicIdentity],
    *,
    sender: OfflineIdentity,
    now: int,
    limits: Limits = DEFAULT_LIMITS,
    on_segment: SegmentDone = _unheard,
) -> DocumentId:
    """Seal a document for `recipients` into `folder`, which appears whole or not at all.

    Whether the keys are the right people's is for the caller to know. Raises SourceError,
    ManifestRefusedError (a title that no manifest may hold), OutputError
    (OutputExistsError if `folder` exists).
    """
    # A recipient named twice gets one cover: its file has one name.
    covers = {recipient.fingerprint: recipient for recipient in recipients}
    if not covers:
        raise ExchangeUsageError("a document has a recipient")
    document_id = new_document_id()

    def payload(contents: Contents, recipient: Fingerprint) -> bytes:
        manifest = Manifest(
            salt=random_hex(),
            document_id=document_id,
            origin=OFFLINE_ORIGIN,
            created_at=now,
            sender=sender.sender,
            recipient=recipient,
            contents=contents,
            document=document,
        )
        return encode_manifest(manifest, limits=limits)

    # Refused before anything is read or written.
    likeness = _likeness(sources, created_at=now, limits=limits)
    check_room_for_grants(len(payload(likeness, next(iter(covers)))))
    with NewSealedFolder(folder) as new:
        sealed = _seal_contents(
            new.contents, sources, created_at=now, limits=limits, on_segment=on_segment
        )
        for fingerprint, recipient in covers.items():
            manifest = dsse.sign(
                PayloadType.MANIFEST, payload(sealed.contents, fingerprint), sender.identity
            )
            cover = Cover(document_key=sealed.document_key, manifest=manifest)
            new.put_cover(fingerprint, seal_cover(cover, recipient))
        new.release()
    return document_id


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


def open_into_folder(
    folder: Path, cover: VerifiedCover, out: Path, *, on_segment: SegmentDone = _unheard
) -> tuple[Path, ...]:
    """Open the contents of `folder` into `out`, which appears whole or not at all.

    Returns the files' paths, in the manifest's order. Raises SealedFolderError,
    ContentsRefusedError, OutputError (OutputExistsError if `out` exists).
    """
    with Extraction(out, cover.manifest.contents.files) as extraction:
        return extraction.release(
            _open_contents(folder, cover, write=extraction.write, on_segment=on_segment)
        )


def verify_folder(
    folder: Path, cover: VerifiedCover, *, on_segment: SegmentDone = _unheard
) -> VerifiedContents:
    """Check the contents of `folder` to their end, and keep nothing; raises likewise."""

    def forget(_file_index: int, _offset: int, _data: memoryview) -> None:
        return

    return _open_contents(folder, cover, write=forget, on_segment=on_segment)


def _seal_contents(
    path: Path,
    sources: Sequence[Source],
    *,
    created_at: int,
    limits: Limits,
    on_segment: SegmentDone,
) -> SealedContents:
    """Seal the files into `path`, durably."""
    sealer = ContentsSealer(sources, created_at=created_at, limits=limits)
    try:
        with os.fdopen(new_file(path), "wb") as file:
            for index, segment in enumerate(sealer.segments()):
                file.write(segment)
                on_segment(index + 1, sealer.layout.count)
            file.flush()
            os.fsync(file.fileno())
    except OSError as failure:
        raise OutputError("the sealed document can't be kept: is the disk full?") from failure
    return sealer.finish()


def _open_contents(
    folder: Path, cover: VerifiedCover, *, write: WriteFile, on_segment: SegmentDone
) -> VerifiedContents:
    """Give all files' bytes to `write`, and the proof that every one was checked."""
    opener = ContentsOpener(cover, write=write)
    with os.fdopen(open_regular(folder / CONTENTS_NAME), "rb") as file:
        if os.fstat(file.fileno()).st_size != opener.layout.sealed_length:
            raise ContentsRefusedError("the contents were cut short or added to")
        done = 0
        while (where := opener.next_range) is not None:
            opener.open_next(_read(file.fileno(), where))
            done += 1
            on_segment(done, opener.layout.count)
    return opener.finish()


def _read(descriptor: int, where: range) -> bytes:
    try:
        # At most one segment; what is missing then is `open_next`'s to notice.
        return os.pread(descriptor, len(where), where.start)
    except OSError as failure:
        raise SealedFolderError("the contents can't be read to their end") from failure


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


def _likeness(sources: Sequence[Source], *, created_at: int, limits: Limits) -> Contents:
    """Return contents as long as the ones that sealing will give, with hashes of zeros."""
    check_files([(source.name, source.size) for source in sources], limits=limits)
    bundle = Bundle(
        [BundledFile(source.name, source.size) for source in sources], created_at=created_at
    )
    unknown = "0" * 64
    return Contents(
        files=tuple(
            ContentsFile(
                name=source.name,
                media_type=source.media_type,
                size=source.size,
                sha256=unknown if source.size <= MAX_HASHED_FILE_BYTES else None,
            )
            for source in sources
        ),
        padded_length=bundle.padded_length,
        sealed_length=SegmentLayout(bundle.padded_length).sealed_length,
        tar_length=bundle.tar_length,
        tree_hash=unknown,
    )
