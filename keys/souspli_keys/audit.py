"""The service's audit key: what its statements about itself are verified with (keys.md §6).

Not an identity: nobody seals to it. A client pins it when it first meets the service.
"""

from dataclasses import dataclass, field
from hashlib import sha256

from souspli_keys.errors import SpellingError
from souspli_keys.fields import Fields, read_object
from souspli_keys.framing import frame
from souspli_keys.public import ED25519_PUBLIC_BYTES, ML_DSA_65_PUBLIC_BYTES, Fingerprint
from souspli_keys.values import encode_base64


@dataclass(frozen=True, slots=True, repr=False)
class AuditKey:
    """Two keys to verify with, as in an identity, and none to seal to.

    Raises SpellingError if a key has the wrong length.
    """

    ed25519: bytes
    ml_dsa_65: bytes
    fingerprint: Fingerprint = field(init=False)

    def __post_init__(self) -> None:
        if len(self.ed25519) != ED25519_PUBLIC_BYTES:
            raise SpellingError(f"an Ed25519 key is {ED25519_PUBLIC_BYTES} bytes long")
        if len(self.ml_dsa_65) != ML_DSA_65_PUBLIC_BYTES:
            raise SpellingError(f"an ML-DSA-65 key is {ML_DSA_65_PUBLIC_BYTES} bytes long")
        framed = frame("souspli/v1/audit-key", self.ed25519, self.ml_dsa_65)
        # object.__setattr__ is how a frozen class sets a computed field.
        object.__setattr__(self, "fingerprint", Fingerprint(sha256(framed).hexdigest()))

    def to_json(self) -> dict[str, object]:
        """Return the object that `parse_audit_key` reads."""
        return {
            "ed25519": encode_base64(self.ed25519),
            "ml_dsa_65": encode_base64(self.ml_dsa_65),
        }

    def __repr__(self) -> str:
        return f"AuditKey({self.fingerprint})"


def parse_audit_key(value: object) -> AuditKey:
    """Return the key that a JSON object holds; SchemaError or SpellingError if it holds none."""

    def read(fields: Fields) -> AuditKey:
        return AuditKey(
            ed25519=fields.base64("ed25519", length=ED25519_PUBLIC_BYTES),
            ml_dsa_65=fields.base64("ml_dsa_65", length=ML_DSA_65_PUBLIC_BYTES),
        )

    return read_object(value, read)
