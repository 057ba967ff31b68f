"""A document made ready to be sent: sealed into the spool, with a cover for each reader.

docs/specs/sealed-document.md §2–§4. Nothing here speaks to a service.
"""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.cover import Cover, check_room_for_grants
from souspli_exchange.engine import SegmentDone, run_sealer, unheard
from souspli_exchange.errors import ExchangeUsageError, SenderRefusedError
from souspli_exchange.ids import DocumentId, random_hex
from souspli_exchange.manifest import (
    DEFAULT_LIMITS,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Description,
    Limits,
    Manifest,
    Sender,
    encode_manifest,
)
from souspli_exchange.sealed import Reader, VerifiedCover, open_cover, seal_cover
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.sender import verify_sender
from souspli_exchange.sources import Source
from souspli_exchange.spool import MAX_COVERS, Spool, SpooledCover, SpooledDocument
from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import StatementError
from souspli_keys.identity import Identity
from souspli_keys.public import PublicIdentity
from souspli_keys.statements import Member

# How much a document may hold is checked before it is sealed. After that a cover for one
# reader more is made, and one's own opened, whatever the limits are by then.
_SEALED_BEFORE = Limits(max_files=sys.maxsize, max_bytes=sys.maxsize)


@dataclass(frozen=True, slots=True)
class SendingMember:
    """The member who sends: their keys, and the statements that certify them."""

    identity: Identity
    organisation: Envelope
    member: Envelope
    origin: Origin

    @property
    def statement(self) -> Member:
        """The member statement's content; SenderRefusedError if it is somebody else's."""
        try:
            statement = Member.parse(self.member.payload)
        except StatementError as refused:
            raise SenderRefusedError("not a member statement") from refused
        if statement.member != self.identity.public:
            raise SenderRefusedError("the member statement is about another identity")
        return statement

    def check(self, *, now: int) -> None:
        """Raise SenderRefusedError if no reader would accept what is signed `now`."""
        verify_sender(
            self.organisation,
            self.member,
            trusted={self.statement.organisation},
            origin=self.origin,
            at=now,
        )

    def open_own_cover(self, sealed: bytes, document_id: DocumentId) -> VerifiedCover:
        """Open the sender's own cover of a document; raises like `sealed.open_cover`.

        It is opened whatever limits the sender has now: they sealed it.
        """
        reader = Reader(
            identities=(self.identity,),
            origin=self.origin,
            organisations={self.statement.organisation},
            limits=_SEALED_BEFORE,
        )
        return open_cover(
            sealed,
            reader=reader,
            document_id=document_id,
            organisation=self.organisation,
            member=self.member,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What all manifests of one document share."""

    document_id: DocumentId
    created_at: int
    document: Description
    contents: Contents


@dataclass(frozen=True, slots=True)
class SignedCover:
    """A sealed cover and the hash of the manifest in it."""

    sealed: bytes
    manifest_hash: str


def seal_into_spool(
    sources: Sequence[Source],
    document: Description,
    recipients: Sequence[VerifiedRecipient],
    *,
    document_id: DocumentId,
    sender: SendingMember,
    spool: Spool,
    now: int,
    limits: Limits = DEFAULT_LIMITS,
    on_segment: SegmentDone = unheard,
) -> SpooledDocument:
    """Seal a document into the spool and commit it there; nothing stays if this fails.

    Blocks: the files are read, and the spool written, in several threads if there is
    much. Raises SourceError, SpoolError, ManifestRefusedError (a title that no manifest
    may hold), SenderRefusedError, and what `on_segment` raises.
    """
    if not 1 <= len(recipients) <= MAX_COVERS:
        raise ExchangeUsageError(f"a document has 1 to {MAX_COVERS} recipients")
    if len({recipient.invitation_id for recipient in recipients}) != len(recipients):
        raise ExchangeUsageError("one cover for each invitation")
    sender.check(now=now)
    sealer = ContentsSealer(sources, created_at=now, limits=limits)
    _check_room(sealer, sources, document, document_id, sender=sender, now=now)
    try:
        sink = _SpoolSink(spool, document_id, sealer.layout)
        sealed = run_sealer(sealer, sink, on_segment=on_segment)
        draft = Draft(document_id, now, document, sealed.contents)
        spooled = SpooledDocument(
            document_id=document_id,
            sealed_length=sealed.contents.sealed_length,
            checksums=sink.checksums,
            covers=tuple(
                spool_cover(draft, sealed.document_key, recipient, sender=sender)
                for recipient in recipients
            ),
            sender_cover=sign_cover(
                draft, sealed.document_key, sender.identity.public, sender=sender
            ).sealed,
        )
        spool.commit(spooled)
    except BaseException:
        # Whatever it was, sealing can't be taken up again: these indices are used.
        spool.discard(document_id)
        raise
    return spooled


def spool_cover(
    draft: Draft,
    document_key: HybridIdentity,
    recipient: VerifiedRecipient,
    *,
    sender: SendingMember,
) -> SpooledCover:
    """Return a cover for one verified recipient, with a manifest of its own."""
    signed = sign_cover(draft, document_key, recipient.identity, sender=sender)
    return SpooledCover(
        invitation_id=recipient.invitation_id,
        recipient=recipient.identity.fingerprint,
        manifest_hash=signed.manifest_hash,
        sealed=signed.sealed,
    )


def sign_cover(
    draft: Draft,
    document_key: HybridIdentity,
    recipient: PublicIdentity,
    *,
    sender: SendingMember,
) -> SignedCover:
    """Sign a manifest for `recipient` and seal it, with the document key, to them."""
    payload = _manifest_payload(draft, recipient, sender=sender)
    envelope = dsse.sign(PayloadType.MANIFEST, payload, sender.identity)
    cover = Cover(document_key=document_key, manifest=envelope)
    return SignedCover(sealed=seal_cover(cover, recipient), manifest_hash=envelope.payload_hash)


def draft_of(cover: VerifiedCover) -> Draft:
    """Return what a manifest for one reader more is made from."""
    manifest = cover.manifest
    return Draft(manifest.document_id, manifest.created_at, manifest.document, manifest.contents)


class _SpoolSink:
    """A `SegmentSink` that spools whole segments, and takes the checksum of each."""

    def __init__(self, spool: Spool, document_id: DocumentId, layout: SegmentLayout) -> None:
        self._spool = spool
        self._document_id = document_id
        self._layout = layout
        self._incomplete: dict[int, bytearray] = {}
        self._checksums: dict[int, bytes] = {}

    @property
    def checksums(self) -> tuple[bytes, ...]:
        """SHA-256 of every sealed segment, in order."""
        return tuple(self._checksums[index] for index in range(self._layout.count))

    def put(self, index: int, offset: int, sealed: memoryview) -> None:
        where = self._layout.sealed_range(index)
        segment = self._incomplete.setdefault(index, bytearray())
        segment += sealed
        if offset + len(sealed) == where.stop:
            del self._incomplete[index]
            self._spool.put_segment(self._document_id, index, segment)
            self._checksums[index] = hashlib.sha256(segment).digest()


def _manifest_payload(draft: Draft, recipient: PublicIdentity, *, sender: SendingMember) -> bytes:
    statement = sender.statement
    manifest = Manifest(
        salt=random_hex(),
        document_id=draft.document_id,
        origin=sender.origin,
        created_at=draft.created_at,
        sender=Sender(
            address=statement.address,
            fingerprint=statement.fingerprint,
            name=statement.name,
            organisation=statement.organisation,
        ),
        recipient=recipient.fingerprint,
        contents=draft.contents,
        document=draft.document,
    )
    return encode_manifest(manifest, limits=_SEALED_BEFORE)


def _check_room(
    sealer: ContentsSealer,
    sources: Sequence[Source],
    document: Description,
    document_id: DocumentId,
    *,
    sender: SendingMember,
    now: int,
) -> None:
    """Refuse, before anything is sealed, what no cover holds or no reader accepts."""
    unknown = "0" * 64  # as long as the hash that will stand there
    files = tuple(
        ContentsFile(
            name=source.name,
            media_type=source.media_type,
            size=source.size,
            sha256=unknown if source.size <= MAX_HASHED_FILE_BYTES else None,
        )
        for source in sources
    )
    contents = Contents(
        files=files,
        padded_length=sealer.layout.padded_length,
        sealed_length=sealer.layout.sealed_length,
        tar_length=sealer.tar_length,
        tree_hash=unknown,
    )
    draft = Draft(document_id, now, document, contents)
    payload = _manifest_payload(draft, sender.identity.public, sender=sender)
    check_room_for_grants(len(payload))
