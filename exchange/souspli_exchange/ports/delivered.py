"""What of a delivery is handed out, with the statements about who signed it: unverified."""

from dataclasses import dataclass, field

from souspli_keys.dsse import Envelope


@dataclass(frozen=True, slots=True)
class DeliveredCover:
    """The cover of a delivery, and the statements about who deposited it."""

    cover: bytes = field(repr=False)
    cover_hash: str
    """SHA-256 of `cover`: what a replacement names."""
    organisation: Envelope
    member: Envelope


@dataclass(frozen=True, slots=True)
class DeliveredWithdrawal:
    """The withdrawal of a delivery's document, and the statements about its signer.

    Unverified: `withdrawal.verify_withdrawal` says whether it is one.
    """

    withdrawal: Envelope
    organisation: Envelope
    member: Envelope
