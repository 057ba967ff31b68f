"""Grants: whoever re-seals a cover for another identity signs that they did.

docs/specs/sealed-document.md §5. The author's manifest stays as it was signed; the
chain of grants says how the document came from its first recipient to the reader.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from souspli_exchange.errors import (
    AnotherRecipientError,
    ExchangeUsageError,
    GrantRefusedError,
    ResealedByStrangerError,
)
from souspli_exchange.ids import DocumentId, random_hex
from souspli_exchange.manifest import MAX_ORIGIN_CHARACTERS, Manifest
from souspli_keys import canonical, dsse
from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import FormatError, SignatureError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public, read_fingerprint

VERSION = 1
MAX_GRANTS = 8  # keeps a cover small; a document passes through few hands


class GrantReason(StrEnum):
    """Why a cover was re-sealed."""

    CLAIM = "claim"
    SHARE = "share"
    REKEY = "rekey"
    DELEGATE = "delegate"


@dataclass(frozen=True, slots=True)
class Grant:
    """One re-sealing: `granter` (the field `from`) sealed the cover to `to`."""

    document_id: DocumentId
    granter: PublicIdentity
    granted_at: int
    manifest_hash: str
    origin: str
    reason: GrantReason
    salt: str
    to: Fingerprint


def sign_grant(
    manifest: Manifest,
    manifest_hash: str,
    *,
    signer: Signer,
    to: Fingerprint,
    reason: GrantReason,
    now: int,
) -> Envelope:
    """Return the grant by which `signer` hands the document to the identity `to`."""
    grant = Grant(
        document_id=manifest.document_id,
        granter=signer.public,
        granted_at=now,
        manifest_hash=manifest_hash,
        origin=manifest.origin,
        reason=reason,
        salt=random_hex(),
        to=to,
    )
    return dsse.sign(PayloadType.GRANT, encode_grant(grant), signer)


def encode_grant(grant: Grant) -> bytes:
    """Return the payload to sign."""
    return canonical.encode(
        {
            "document_id": grant.document_id,
            "from": grant.granter.to_json(),
            "granted_at": grant.granted_at,
            "manifest_hash": grant.manifest_hash,
            "origin": grant.origin,
            "reason": grant.reason.value,
            "salt": grant.salt,
            "to": grant.to,
            "version": VERSION,
        }
    )


def verify_grants(
    envelopes: Sequence[Envelope],
    manifest: Manifest,
    manifest_hash: str,
    *,
    own: Collection[Fingerprint],
) -> tuple[Grant, ...]:
    """Return the grants if they lead from this manifest to the reader.

    `own` are the reader's fingerprints, those of its claim identities included. The
    manifest's sender has been verified. Raises GrantRefusedError for a broken chain,
    AnotherRecipientError if it ends at somebody else, ResealedByStrangerError if its last
    link was made by a key that is neither the reader's nor the sender's.
    """
    if len(envelopes) > MAX_GRANTS:
        raise GrantRefusedError(f"more than {MAX_GRANTS} grants")
    grants = tuple(_verify_grant(envelope) for envelope in envelopes)
    may_grant = {manifest.recipient, manifest.sender.fingerprint}
    for grant in grants:
        names = (grant.document_id, grant.origin, grant.manifest_hash)
        if names != (manifest.document_id, manifest.origin, manifest_hash):
            raise GrantRefusedError("a grant of another document")
        if grant.granter.fingerprint not in may_grant:
            raise GrantRefusedError("a grant by somebody who was not granted the document")
        may_grant = {grant.to}
    if effective_recipient(manifest, grants) not in own:
        raise AnotherRecipientError("the document names another recipient")
    known = {*own, manifest.sender.fingerprint}
    if grants and grants[-1].granter.fingerprint not in known:
        raise ResealedByStrangerError("re-sealed by somebody whose key is not verified")
    return grants


def effective_recipient(manifest: Manifest, grants: Sequence[Grant]) -> Fingerprint:
    """Return the fingerprint that the document is for, as things stand."""
    return grants[-1].to if grants else manifest.recipient


def check_room(envelopes: Sequence[Envelope]) -> None:
    """Raise ExchangeUsageError if no reader would accept one grant more."""
    if len(envelopes) >= MAX_GRANTS:
        raise ExchangeUsageError(f"a document has at most {MAX_GRANTS} grants")


def _verify_grant(envelope: Envelope) -> Grant:
    # Who signed stands inside: it proves that this key granted, and no more. Whether
    # that key may is the chain's to say.
    try:
        grant = read_object(canonical.decode(envelope.payload), _read_grant)
        dsse.verify(envelope, payload_type=PayloadType.GRANT, signer=grant.granter)
    except (FormatError, SignatureError) as refused:
        raise GrantRefusedError("a grant that is not one, or not signed") from refused
    return grant


def _read_grant(fields: Fields) -> Grant:
    fields.constant("version", VERSION)
    return Grant(
        document_id=DocumentId(fields.id("document_id")),
        granter=fields.parsed("from", parse_public),
        granted_at=fields.integer("granted_at"),
        manifest_hash=fields.hash("manifest_hash"),
        origin=fields.text("origin", most=MAX_ORIGIN_CHARACTERS),
        reason=fields.choice("reason", GrantReason),
        salt=fields.id("salt"),
        to=read_fingerprint(fields, "to"),
    )
