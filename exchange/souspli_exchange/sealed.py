"""Covers: sealed to a recipient, opened and verified, sealed again for another.

docs/specs/sealed-document.md §4, §5 and §7 rules 1–3. There is one way to a cover's
content, and it verifies everything; `open_cover` and `open_pinned_cover` differ in how
the sender is known, and in nothing else. What they return is the only thing that
contents are opened and covers re-sealed from.

The service never imports this module (tests/test_floors.py).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from souspli_exchange.age.errors import AgeError, NoMatchError
from souspli_exchange.age.file import decrypt, encrypt, sealed_file_bytes
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.cover import MAX_COVER_BYTES, Cover, encode_cover, parse_cover
from souspli_exchange.errors import (
    AnotherDocumentError,
    CoverRefusedError,
    ExchangeUsageError,
    ManifestRefusedError,
    NotForMeError,
)
from souspli_exchange.grant import (
    Grant,
    GrantReason,
    check_room,
    effective_recipient,
    sign_grant,
    verify_grants,
)
from souspli_exchange.ids import DocumentId
from souspli_exchange.known_sender import (
    PinnedSender,
    VerifiedSender,
    expected_sender,
    pinned_sender,
    signing_key,
)
from souspli_exchange.manifest import DEFAULT_LIMITS, Limits, Manifest, parse_manifest
from souspli_exchange.verified import VERIFIED_HERE, Proof
from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import SignatureError
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint, PublicIdentity

MAX_SEALED_COVER_BYTES = sealed_file_bytes(MAX_COVER_BYTES)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who opens covers, and whom they trust."""

    identities: Sequence[Identity]
    """The account's identity, then any claim identities that are still kept."""
    origin: Origin
    organisations: Collection[Fingerprint]
    """Fingerprints of the organisations that the reader trusts; none for an offline reader."""
    limits: Limits = DEFAULT_LIMITS

    @property
    def fingerprints(self) -> frozenset[Fingerprint]:
        """The reader's own fingerprints."""
        return frozenset(identity.public.fingerprint for identity in self.identities)


@dataclass(frozen=True, slots=True, repr=False)
class VerifiedCover:
    """A cover of which everything was verified. Only this module's `open_…` make one."""

    manifest: Manifest
    manifest_hash: str
    sender: VerifiedSender
    grants: tuple[Grant, ...]
    effective_recipient: Fingerprint
    document_key: HybridIdentity
    envelopes: Cover
    """As it was sealed, for re-sealing."""
    proof: Proof = field(repr=False)

    def __post_init__(self) -> None:
        self.proof.check()

    def __repr__(self) -> str:
        return f"VerifiedCover({self.manifest.document_id})"


def seal_cover(cover: Cover, recipient: PublicIdentity) -> bytes:
    """Return the `cover.age` that only `recipient` can open.

    Whether this is the right person's key has been verified: see `recipients`.
    Raises TooLargeToSendError, or KeyStringError for a key that can't be sealed to.
    """
    return encrypt(encode_cover(cover), HybridRecipient(recipient.recipient_key))


def open_cover(
    sealed: bytes,
    *,
    reader: Reader,
    document_id: DocumentId,
    organisation: Envelope,
    member: Envelope,
) -> VerifiedCover:
    """Return the cover's content if rules 1–3 hold; the contents are not looked at.

    `document_id` is the one that was asked for. `organisation` and `member` are the
    statements about the sender, as the service gave them.

    Raises CoverRefusedError (damaged; NotForMeError for somebody else's),
    SenderRefusedError, ManifestRefusedError (AnotherDocumentError for a genuine one
    of another document, service or sender), GrantRefusedError.
    """
    # Here, since opening an offline document must not wait for the statements' modules.
    from souspli_exchange.sender import verify_sender  # noqa: PLC0415

    def certified(claimed: Manifest) -> VerifiedSender:
        return verify_sender(
            organisation,
            member,
            trusted=reader.organisations,
            origin=reader.origin,
            # The moment at which the sender's membership has to hold.
            at=claimed.created_at,
        )

    return _open(sealed, reader=reader, find_sender=certified, document_id=document_id)


def open_pinned_cover(
    sealed: bytes, *, reader: Reader, senders: Collection[PinnedSender]
) -> VerifiedCover:
    """Return the cover's content if its sender is one of `senders` and the rest holds (§8).

    Nobody asked for a certain document, so any of that sender will do. Raises like
    `open_cover`; SenderRefusedError for a sender who is none of `senders`.
    """

    def pinned(claimed: Manifest) -> VerifiedSender:
        return pinned_sender(senders, claimed.sender)

    return _open(sealed, reader=reader, find_sender=pinned, document_id=None)


def unverified_manifest(
    sealed: bytes, *, identities: Sequence[Identity], limits: Limits = DEFAULT_LIMITS
) -> Manifest:
    """Return what a cover claims: **anybody may have written it**, under any name.

    For showing to a person who asked what this cover says of itself, and for nothing else:
    neither signatures nor grants are looked at, and no key comes out. Raises
    CoverRefusedError (NotForMeError for somebody else's), ManifestRefusedError.
    """
    cover = parse_cover(_decrypt(sealed, identities))
    return parse_manifest(cover.manifest.payload, limits=limits)


def _open(
    sealed: bytes,
    *,
    reader: Reader,
    find_sender: Callable[[Manifest], VerifiedSender],
    document_id: DocumentId | None,
) -> VerifiedCover:
    cover = parse_cover(_decrypt(sealed, reader.identities))
    # Read before it is verified, for nothing but to find out whose signature belongs
    # there; read again from the verified bytes.
    claimed = parse_manifest(cover.manifest.payload, limits=reader.limits)
    sender = find_sender(claimed)
    manifest = _verify_manifest(cover.manifest, sender, limits=reader.limits)
    if manifest.origin != reader.origin:
        raise AnotherDocumentError("a document of another service")
    if document_id is not None and manifest.document_id != document_id:
        raise AnotherDocumentError("another document than the one asked for")
    manifest_hash = cover.manifest.payload_hash
    grants = verify_grants(cover.grants, manifest, manifest_hash, own=reader.fingerprints)
    return VerifiedCover(
        manifest=manifest,
        manifest_hash=manifest_hash,
        sender=sender,
        grants=grants,
        effective_recipient=effective_recipient(manifest, grants),
        document_key=cover.document_key,
        envelopes=cover,
        proof=VERIFIED_HERE,
    )


def reseal_cover(
    cover: VerifiedCover,
    *,
    signer: Signer,
    to: PublicIdentity,
    reason: GrantReason,
    now: int,
) -> bytes:
    """Return the cover sealed to `to`, with one grant more, signed by `signer`.

    `signer` is whom the document is for as things stand or, while there is no grant,
    its sender: no reader would accept another's. Raises ExchangeUsageError if it is
    somebody else, or after 8 grants.
    """
    may_grant = {cover.effective_recipient}
    if not cover.grants:
        may_grant.add(cover.manifest.sender.fingerprint)
    if signer.public.fingerprint not in may_grant:
        raise ExchangeUsageError("the document is not this identity's to pass on")
    check_room(cover.envelopes.grants)
    grant = sign_grant(
        cover.manifest,
        cover.manifest_hash,
        signer=signer,
        to=to.fingerprint,
        reason=reason,
        now=now,
    )
    envelopes = cover.envelopes
    return seal_cover(
        Cover(
            document_key=envelopes.document_key,
            manifest=envelopes.manifest,
            grants=(*envelopes.grants, grant),
        ),
        to,
    )


def _decrypt(sealed: bytes, identities: Sequence[Identity]) -> bytes:
    if len(sealed) > MAX_SEALED_COVER_BYTES:
        raise CoverRefusedError("larger than a cover can be")
    for identity in identities:
        try:
            return decrypt(sealed, HybridIdentity(identity.secret_age_seed()))
        except NoMatchError:
            continue
        except AgeError as refused:
            raise CoverRefusedError("the cover is damaged, or no sealed cover") from refused
    raise NotForMeError("the cover is sealed to somebody else")


def _verify_manifest(envelope: Envelope, sender: VerifiedSender, *, limits: Limits) -> Manifest:
    key = signing_key(sender)
    try:
        payload = dsse.verify(envelope, payload_type=PayloadType.MANIFEST, signer=key)
    except SignatureError as refused:
        raise ManifestRefusedError("the manifest is not signed by its sender") from refused
    manifest = parse_manifest(payload, limits=limits)
    if manifest.sender != expected_sender(sender):
        raise AnotherDocumentError("the manifest names another sender than is known")
    return manifest
