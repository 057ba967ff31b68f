"""Sealing a document without a service, into a folder.

docs/specs/sealed-document.md §8. Contents, manifest and covers are those of every sealed
document; what differs is that nobody is asked for anything, and who the sender is.

The service never imports this module (tests/test_floors.py).
"""

from collections.abc import Sequence
from pathlib import Path

from souspli_exchange.bundle import Bundle, BundledFile
from souspli_exchange.cover import Cover, check_room_for_grants
from souspli_exchange.engine import SegmentDone, unheard
from souspli_exchange.errors import ExchangeUsageError
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
from souspli_exchange.offline_folder import NewSealedFolder
from souspli_exchange.offline_identity import OFFLINE_ORIGIN, OfflineIdentity
from souspli_exchange.sealed import seal_cover
from souspli_exchange.sealed_file import seal_to_file
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.sources import Source
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType
from souspli_keys.public import Fingerprint, PublicIdentity


def seal_into_folder(
    folder: Path,
    sources: Sequence[Source],
    document: Description,
    recipients: Sequence[PublicIdentity],
    *,
    sender: OfflineIdentity,
    now: int,
    limits: Limits = DEFAULT_LIMITS,
    on_segment: SegmentDone = unheard,
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
        sealed = seal_to_file(
            sources, new.contents, created_at=now, limits=limits, on_segment=on_segment
        )
        for fingerprint, recipient in covers.items():
            manifest = dsse.sign(
                PayloadType.MANIFEST, payload(sealed.contents, fingerprint), sender.identity
            )
            cover = Cover(document_key=sealed.document_key, manifest=manifest)
            new.put_cover(fingerprint, seal_cover(cover, recipient))
        new.release()
    return document_id


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
