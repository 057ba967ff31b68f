"""Signed envelopes: what anyone signs, and who is allowed to have signed it.

DSSE v1 with two signatures, Ed25519 and ML-DSA-65 (encoding.md §4): a forger needs
to break both.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from souspli_keys import ed25519
from souspli_keys.canonical import MAX_BYTES
from souspli_keys.errors import EnvelopeError, FormatError, MisuseError, SignatureError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import PublicIdentity
from souspli_keys.values import decode_base64, encode_base64

ML_DSA_65_SIGNATURE_BYTES = 3_309  # FIPS 204

# Base64 of the largest payload that canonical JSON allows.
_MAX_PAYLOAD_CHARACTERS = 4 * -(-MAX_BYTES // 3)
_SIGNATURES = 2


class PayloadType(StrEnum):
    """What an envelope is for. A signature for one purpose holds for no other."""

    MANIFEST = "application/vnd.souspli.manifest+json"
    GRANT = "application/vnd.souspli.grant+json"
    RECEIPT = "application/vnd.souspli.receipt+json"
    ORGANISATION = "application/vnd.souspli.organisation+json"
    MEMBER = "application/vnd.souspli.member+json"
    INVITATION = "application/vnd.souspli.invitation+json"
    BINDING = "application/vnd.souspli.binding+json"
    ATTESTATION = "application/vnd.souspli.attestation+json"
    PURGE = "application/vnd.souspli.purge+json"
    WITHDRAWAL = "application/vnd.souspli.withdrawal+json"
    CONSENT = "application/vnd.souspli.consent+json"
    CHOICE = "application/vnd.souspli.choice+json"
    ACCEPTANCE = "application/vnd.souspli.acceptance+json"
    CLOSING = "application/vnd.souspli.closing+json"
    ENROLMENT = "application/vnd.souspli.enrolment+json"
    JOINING = "application/vnd.souspli.joining+json"


class VerifyKeys(Protocol):
    """Two public keys: of an identity, or of a key that only signs."""

    @property
    def ed25519(self) -> bytes:
        """32 bytes."""
        ...

    @property
    def ml_dsa_65(self) -> bytes:
        """1,952 bytes."""
        ...


class SigningKeys(Protocol):
    """Whoever can sign, as an identity (`Signer`) or as the service (`operator.OperatorKey`)."""

    @property
    def public(self) -> VerifyKeys:
        """The public halves of the keys that sign."""
        ...

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return the Ed25519 signature, 64 bytes."""
        ...

    def sign_ml_dsa_65(self, message: bytes) -> bytes:
        """Return the ML-DSA-65 signature with an empty context, 3,309 bytes."""
        ...


class Signer(SigningKeys, Protocol):
    """Whoever can sign as an identity: `identity.Identity`, or a key kept elsewhere.

    Both methods sign exactly the bytes they are given. Either both use the keys of
    `public`, or `sign` raises MisuseError.
    """

    @property
    def public(self) -> PublicIdentity:
        """The public half of the identity that signs."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """A payload and two signatures, of the right shape and **not verified**.

    Only `verify` gives out a payload that may be believed.
    """

    payload_type: PayloadType
    payload: bytes
    ed25519: bytes
    ml_dsa_65: bytes

    @property
    def payload_hash(self) -> str:
        """The hash of the signed thing: SHA-256 of the payload, hexadecimal.

        Not of the envelope: two signings of one payload differ.
        """
        return sha256(self.payload).hexdigest()

    def to_json(self) -> dict[str, object]:
        """Return the object that `parse` reads."""
        return {
            "payload": encode_base64(self.payload),
            "payloadType": self.payload_type.value,
            "signatures": [
                {"sig": encode_base64(self.ed25519)},
                {"sig": encode_base64(self.ml_dsa_65)},
            ],
        }

    def __repr__(self) -> str:
        # A manifest's payload names a patient.
        return f"Envelope({self.payload_type.name}, {len(self.payload)} bytes, not verified)"


def pre_authentication_encoding(payload_type: PayloadType, payload: bytes) -> bytes:
    """Return the bytes that are signed."""
    name = payload_type.value.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def parse(value: object) -> Envelope:
    """Return the envelope that a JSON object holds, its shape fully checked.

    Raises EnvelopeError for an unknown field (a `keyid`, for one) or payload type,
    for more or fewer than two signatures, for signatures of other lengths than 64
    and 3,309 bytes in this order, and for base64 that is not canonical.
    """
    try:
        return read_object(value, _read)
    except FormatError as error:
        raise EnvelopeError(str(error)) from None


def sign(payload_type: PayloadType, payload: bytes, signer: SigningKeys) -> Envelope:
    """Return `payload` signed by both keys of an identity, and verified.

    The payload is canonical JSON of the type's schema: that is for the caller to see
    to. Raises MisuseError if the signer's two keys are not those of its public half:
    better here than at the recipient's.
    """
    message = pre_authentication_encoding(payload_type, payload)
    envelope = Envelope(
        payload_type=payload_type,
        payload=payload,
        ed25519=signer.sign_ed25519(message),
        ml_dsa_65=signer.sign_ml_dsa_65(message),
    )
    try:
        verify(envelope, payload_type=payload_type, signer=signer.public)
    except SignatureError:
        raise MisuseError("the signer's keys are not those of its public half") from None
    return envelope


def verify(envelope: Envelope, *, payload_type: PayloadType, signer: VerifyKeys) -> bytes:
    """Return the payload if `signer` signed it for this purpose.

    The bytes returned are the bytes that were signed: parse these. Both signatures
    are always checked; SignatureError says that the envelope is refused, not which
    of them failed or whether the purpose did.
    """
    message = pre_authentication_encoding(payload_type, envelope.payload)
    holds = (
        envelope.payload_type is payload_type,
        _ed25519_holds(message, envelope.ed25519, signer),
        _ml_dsa_65_holds(message, envelope.ml_dsa_65, signer),
    )
    if not all(holds):
        raise SignatureError("the envelope is not signed by this identity for this purpose")
    return envelope.payload


def _read(fields: Fields) -> Envelope:
    payload_type = fields.choice("payloadType", PayloadType)
    payload = decode_base64(fields.text("payload", least=0, most=_MAX_PAYLOAD_CHARACTERS))
    first, second = fields.list("signatures", least=_SIGNATURES, most=_SIGNATURES)
    return Envelope(
        payload_type=payload_type,
        payload=payload,
        ed25519=_read_signature(first, length=ed25519.SIGNATURE_BYTES),
        ml_dsa_65=_read_signature(second, length=ML_DSA_65_SIGNATURE_BYTES),
    )


def _read_signature(value: object, *, length: int) -> bytes:
    return read_object(value, lambda fields: fields.base64("sig", length=length))


def _ed25519_holds(message: bytes, signature: bytes, signer: VerifyKeys) -> bool:
    try:
        ed25519.verify(message, signature=signature, public_key=signer.ed25519)
    except SignatureError:
        return False
    return True


def _ml_dsa_65_holds(message: bytes, signature: bytes, signer: VerifyKeys) -> bool:
    try:
        _ml_dsa_65_key(signer.ml_dsa_65).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# Expanding a key takes longer than verifying with it.
@lru_cache(maxsize=64)
def _ml_dsa_65_key(public: bytes) -> MLDSA65PublicKey:
    return MLDSA65PublicKey.from_public_bytes(public)
