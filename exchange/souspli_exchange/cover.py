"""The cover's plaintext: the document key, the manifest and the grants.

docs/specs/sealed-document.md §4. Read and written here; believed only by
`sealed.open_cover`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from souspli_exchange.age.errors import KeyStringError
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.errors import CoverRefusedError, TooLargeToSendError
from souspli_exchange.grant import MAX_GRANTS
from souspli_keys import canonical, dsse
from souspli_keys.dsse import ML_DSA_65_SIGNATURE_BYTES, Envelope, PayloadType
from souspli_keys.errors import FormatError
from souspli_keys.fields import Fields, read_object

VERSION: Final = 1
PADDING_BYTES = 8_192  # covers of short and long titles look alike
MAX_COVER_BYTES = 524_288
GRANT_ROOM_BYTES = 12_288  # a grant is about 11,300: two public keys, two signatures

_DOCUMENT_KEY_CHARACTERS = 100  # `AGE-SECRET-KEY-PQ-1…` has 77


@dataclass(frozen=True, slots=True)
class Cover:
    """A cover's plaintext. Its envelopes are not verified."""

    document_key: HybridIdentity
    manifest: Envelope
    grants: tuple[Envelope, ...] = ()


def encode_cover(cover: Cover) -> bytes:
    """Return the padded plaintext to seal; TooLargeToSendError beyond 512 KiB."""
    plaintext = canonical.encode_padded(
        {
            "document_key": cover.document_key.to_secret_string(),
            "grants": [grant.to_json() for grant in cover.grants],
            "manifest": cover.manifest.to_json(),
            "version": VERSION,
        },
        multiple=PADDING_BYTES,
    )
    if len(plaintext) > MAX_COVER_BYTES:
        raise TooLargeToSendError("the cover has no room for all that is said about the files")
    return plaintext


def parse_cover(plaintext: bytes) -> Cover:
    """Return what a decrypted cover holds, or raise CoverRefusedError."""
    if len(plaintext) > MAX_COVER_BYTES:
        raise CoverRefusedError("larger than a cover can be")
    try:
        decoded = canonical.decode_padded(plaintext, multiple=PADDING_BYTES)
        return read_object(decoded, _read_cover)
    except (FormatError, KeyStringError):
        # Not chained: the cause's frames hold the document key.
        raise CoverRefusedError("not a cover of a known version") from None


def check_room_for_grants(manifest_payload_bytes: int) -> None:
    """Raise TooLargeToSendError if a manifest of this length leaves no room for 8 grants.

    To be asked before anything is sealed: a manifest's length does not depend on the
    hashes and signatures in it.
    """
    stand_in = Envelope(
        payload_type=PayloadType.MANIFEST,
        payload=bytes(manifest_payload_bytes),
        ed25519=bytes(64),
        ml_dsa_65=bytes(ML_DSA_65_SIGNATURE_BYTES),
    )
    cover = Cover(document_key=HybridIdentity(bytes(32)), manifest=stand_in)
    if len(encode_cover(cover)) + MAX_GRANTS * GRANT_ROOM_BYTES > MAX_COVER_BYTES:
        raise TooLargeToSendError("the cover has no room for all that is said about the files")


def _read_cover(fields: Fields) -> Cover:
    fields.constant("version", VERSION)
    # How many there may be is for `grant.verify_grants`; the cover's length ends them here.
    grants = fields.list("grants")
    return Cover(
        document_key=_read_document_key(fields.text("document_key", most=_DOCUMENT_KEY_CHARACTERS)),
        manifest=fields.parsed("manifest", dsse.parse),
        grants=_parse_envelopes(grants),
    )


def _read_document_key(text: str) -> HybridIdentity:
    key = HybridIdentity.parse(text)
    if key.to_secret_string() != text:
        raise CoverRefusedError("the document key is not spelt as age spells it")
    return key


def _parse_envelopes(values: Sequence[object]) -> tuple[Envelope, ...]:
    return tuple(dsse.parse(value) for value in values)
