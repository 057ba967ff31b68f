"""A claim and its gates, in their order (docs/specs/claim.md §4)."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from souspli_mailbox.protocol.organisations import NewAccount
from souspli_mailbox.protocol.sign_in import Token
from souspli_mailbox.protocol.values import (
    Binding,
    Bytes32,
    ClientKind,
    Ed25519Signature,
    Envelope,
    Fingerprint,
    Id,
    Message,
    Moment,
    Number,
    OneTimeCode,
)

MaskedAddress = Annotated[str, Meta(max_length=254, description="such as j…@o…fr")]


class LetterRequest(Message, frozen=True, kw_only=True):
    """POST /v1/claims/lookup."""

    letter_number: Number


class LetterAnswer(Message, frozen=True, kw_only=True):
    """Untrusted until the code's derivation confirms both."""

    invitation_id: Id
    organisation: Fingerprint


class ClaimMaterial(Message, frozen=True, kw_only=True):
    """GET /v1/claims/{invitation_id}: the same whatever became of the invitation."""

    record: Envelope
    organisation: Envelope
    member: Envelope
    log_proof: None


class ClaimNonceAnswer(Message, frozen=True, kw_only=True):
    """A nonce to sign with the claim login key."""

    nonce: Bytes32
    expires_at: Moment


class ProveRequest(Message, frozen=True, kw_only=True):
    """Gate one: the signature over the nonce."""

    nonce: Bytes32
    signature: Ed25519Signature
    client: ClientKind


class ProveAnswer(Message, frozen=True, kw_only=True):
    """Gate one is passed; `token` is for programs only."""

    masked_address: MaskedAddress
    token: Token | None


class EmailCodeAnswer(Message, frozen=True, kw_only=True):
    """A one-time code is on its way."""

    masked_address: MaskedAddress
    expires_at: Moment
    mails_left: Annotated[int, Meta(ge=0)]


class EmailCodeCheckRequest(Message, frozen=True, kw_only=True):
    """Gate two: the code from the mail."""

    code: OneTimeCode


class PersonRequest(Message, frozen=True, kw_only=True):
    """Gate three: one keyed person check (docs/specs/keys.md §5)."""

    person_check: Bytes32


class BindRequest(Message, frozen=True, kw_only=True):
    """Account, vault and binding, in one request and one transaction."""

    account: NewAccount
    binding: Binding
    acceptance: Envelope | UnsetType = UNSET
    """Of the terms (docs/specs/consent.md §7); absent from programs from before."""
    client: ClientKind


class BindAnswer(Message, frozen=True, kw_only=True):
    """The account exists and is signed in; `token` is for programs only."""

    account_number: Number
    token: Token | None
    expires_at: Moment
