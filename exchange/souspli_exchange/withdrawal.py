"""Withdrawals: the sender's signature that a document is taken back.

docs/specs/withdrawal.md §1 and §3. The service verifies them too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from souspli_exchange.errors import (
    ExchangeUsageError,
    SenderRefusedError,
    WithdrawalRefusedError,
)
from souspli_exchange.ids import DocumentId, random_hex
from souspli_exchange.manifest import MAX_ORIGIN_CHARACTERS
from souspli_exchange.sender import verify_sender
from souspli_exchange.verified import VERIFIED_HERE, Proof
from souspli_keys import canonical, dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import FormatError, SchemaError, SignatureError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import Fingerprint, read_fingerprint
from souspli_keys.statements import Member, VerifiedMember

VERSION = 1


class WithdrawalReason(StrEnum):
    """Why a document is taken back: a fixed word, which the service sees."""

    WRONG_PATIENT = "wrong-patient"
    WRONG_DOCUMENT = "wrong-document"
    REPLACED = "replaced"
    """A corrected one has been sent; `replaced_by` names it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What a member says by signing: this document is taken back, since then."""

    document_id: DocumentId
    member: Fingerprint
    organisation: Fingerprint
    origin: str
    reason: WithdrawalReason
    replaced_by: DocumentId | None
    """The corrected document, exactly where the reason is REPLACED."""
    salt: str
    withdrawn_at: int


@dataclass(frozen=True, slots=True)
class VerifiedWithdrawal:
    """A withdrawal by a member whom a trusted organisation certifies."""

    withdrawal: Withdrawal
    signer: VerifiedMember
    proof: Proof = field(repr=False)

    def __post_init__(self) -> None:
        self.proof.check()


def sign_withdrawal(
    document_id: DocumentId,
    *,
    member: Member,
    signer: Signer,
    origin: Origin,
    reason: WithdrawalReason,
    replaced_by: DocumentId | None = None,
    now: int,
) -> Envelope:
    """Return the withdrawal of a document, signed by the member.

    To be kept by its maker before it is posted: a document has one withdrawal, known by
    its hash, and another salt would make another one. Raises ExchangeUsageError if
    `replaced_by` does not go with the reason.
    """
    withdrawal = Withdrawal(
        document_id=document_id,
        member=member.fingerprint,
        organisation=member.organisation,
        origin=origin,
        reason=reason,
        replaced_by=replaced_by,
        salt=random_hex(),
        withdrawn_at=now,
    )
    payload = encode_withdrawal(withdrawal)
    try:
        parse_withdrawal(payload)
    except FormatError as refused:
        raise ExchangeUsageError("a withdrawal that nobody would take") from refused
    return dsse.sign(PayloadType.WITHDRAWAL, payload, signer)


def encode_withdrawal(withdrawal: Withdrawal) -> bytes:
    """Return the canonical JSON that is signed."""
    return canonical.encode(
        {
            "checkpoint": None,
            "document_id": withdrawal.document_id,
            "member": withdrawal.member,
            "organisation": withdrawal.organisation,
            "origin": withdrawal.origin,
            "reason": withdrawal.reason.value,
            "replaced_by": withdrawal.replaced_by,
            "salt": withdrawal.salt,
            "version": VERSION,
            "withdrawn_at": withdrawal.withdrawn_at,
        }
    )


def parse_withdrawal(payload: bytes) -> Withdrawal:
    """Return what a payload says, whoever signed it; FormatError if it is no withdrawal."""
    return read_object(canonical.decode(payload), _read_withdrawal)


def verify_withdrawal(
    envelope: Envelope,
    *,
    organisation: Envelope,
    member: Envelope,
    trusted: Collection[Fingerprint],
    origin: Origin,
    document_id: DocumentId,
) -> VerifiedWithdrawal:
    """Return the withdrawal if it is of this document, by a member who may sign documents.

    `organisation` and `member` are the statements about the signer, `trusted` the
    fingerprints of whom it may be: where there is a cover of the document that was
    verified, its sender's organisation and no other (rule 4). Raises
    WithdrawalRefusedError for anything else.
    """
    try:
        # Read before it is verified, only to know at which moment the chain has to hold.
        claimed = parse_withdrawal(envelope.payload)
        signer = verify_sender(
            organisation, member, trusted=trusted, origin=origin, at=claimed.withdrawn_at
        )
        payload = dsse.verify(
            envelope, payload_type=PayloadType.WITHDRAWAL, signer=signer.member.member
        )
        withdrawal = parse_withdrawal(payload)
    except (FormatError, SenderRefusedError, SignatureError) as refused:
        raise WithdrawalRefusedError("not a withdrawal signed by a trusted sender") from refused
    says = (withdrawal.origin, withdrawal.document_id, withdrawal.member, withdrawal.organisation)
    certified = signer.member
    if says != (origin, document_id, certified.fingerprint, certified.organisation):
        raise WithdrawalRefusedError("a withdrawal of another document, or by somebody else")
    return VerifiedWithdrawal(withdrawal, signer, VERIFIED_HERE)


def _read_withdrawal(fields: Fields) -> Withdrawal:
    fields.constant("version", VERSION)
    fields.constant("checkpoint", None)
    replaced_by = fields.or_null("replaced_by", fields.id)
    withdrawal = Withdrawal(
        document_id=DocumentId(fields.id("document_id")),
        member=read_fingerprint(fields, "member"),
        organisation=read_fingerprint(fields, "organisation"),
        origin=fields.text("origin", most=MAX_ORIGIN_CHARACTERS),
        reason=fields.choice("reason", WithdrawalReason),
        replaced_by=None if replaced_by is None else DocumentId(replaced_by),
        salt=fields.id("salt"),
        withdrawn_at=fields.integer("withdrawn_at"),
    )
    if (withdrawal.reason is WithdrawalReason.REPLACED) != (withdrawal.replaced_by is not None):
        raise SchemaError("what is replaced, and only that, names what replaces it")
    if withdrawal.replaced_by == withdrawal.document_id:
        raise SchemaError("a document that replaces itself")
    return withdrawal
