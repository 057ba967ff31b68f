"""Types of single values in requests and answers (docs/specs/encoding.md §2)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from souspli_keys.phone import LEAST_CHARACTERS, MOST_CHARACTERS, PATTERN

# Every pattern stands beside a maximum length: Python's `$` also matches before a
# line feed at the end, JSON Schema's does not.
Id = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{32}$", min_length=32, max_length=32, description="128 bits, hexadecimal"
    ),
]
Hash = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{64}$", min_length=64, max_length=64, description="SHA-256, hexadecimal"
    ),
]
Number = Annotated[
    str,
    Meta(
        pattern="^[0-9]{10}$",
        min_length=10,
        max_length=10,
        description="9 digits and a Luhn check digit: an account number or a letter number",
    ),
]
OneTimeCode = Annotated[
    str, Meta(pattern="^[0-9]{6}$", min_length=6, max_length=6, description="from the mail")
]
Moment = Annotated[int, Meta(ge=0, le=2**53 - 1, description="seconds since 1970-01-01T00:00:00Z")]
Address = Annotated[str, Meta(min_length=3, max_length=254, description="an e-mail address")]
Phone = Annotated[
    str,
    Meta(
        pattern=PATTERN,
        min_length=LEAST_CHARACTERS,
        max_length=MOST_CHARACTERS,
        description="a telephone number, E.164",
    ),
]

Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Ed25519Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
Fingerprint = Hash

# nonce (24) + key (32) + tag (16): docs/specs/keys.md §7
WrappedVaultKey = Annotated[bytes, Meta(min_length=72, max_length=72)]

# A vault of a few accounts is 2 KiB. Half a mebibyte leaves room for thousands of
# pinned keys and still fits a request (1 MiB) when written as base64.
MAX_VAULT_BYTES = 524_288
SealedVault = Annotated[bytes, Meta(min_length=1_064, max_length=MAX_VAULT_BYTES)]

# 524,288 bytes of plaintext (docs/specs/sealed-document.md §4): eight chunks with their
# tags (16 bytes each), a nonce (16) and a header of one stanza (1,627).
MAX_COVER_BYTES = 526_059
Cover = Annotated[bytes, Meta(min_length=1, max_length=MAX_COVER_BYTES)]

ClientKind = Literal["browser", "program"]
"""A browser gets its session as a cookie, a program as a token in the answer."""

UnlockerKind = Literal["password", "device"]
AccountKind = Literal["patient", "member"]
InvitationStatus = Literal["pending", "claimed", "superseded", "expired"]
DeliveryStateName = Literal[
    "stored", "notified", "bounced", "fetched", "opened", "withdrawn", "expired"
]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every request and answer: all fields by name, unknown ones refused."""


class Nothing(Message, frozen=True, kw_only=True):
    """An empty object."""


class EnvelopeSignature(Message, frozen=True, kw_only=True):
    """One of an envelope's two signatures."""

    sig: Annotated[bytes, Meta(min_length=64, max_length=3_309)]


class Envelope(Message, frozen=True, kw_only=True):
    """A signed thing (docs/specs/encoding.md §4), not yet verified."""

    payload: Annotated[bytes, Meta(min_length=2, max_length=1_048_576)]
    payload_type: Annotated[str, Meta(max_length=100)] = msgspec.field(name="payloadType")
    signatures: Annotated[list[EnvelopeSignature], Meta(min_length=2, max_length=2)]


class Binding(Message, frozen=True, kw_only=True):
    """B under both of its signatures (docs/specs/statements.md)."""

    by_claim: Envelope
    by_identity: Envelope
