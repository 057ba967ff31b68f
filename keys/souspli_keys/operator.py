"""The service's own signing key: the only secret of it that signs anything (keys.md §6).

It signs what the service says of itself, such as that a letter was purged. It opens
nothing and seals nothing: there is no age key in it, and none can be derived.
"""

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from souspli_keys import ed25519
from souspli_keys.audit import AuditKey
from souspli_keys.errors import MisuseError
from souspli_keys.framing import derive
from souspli_keys.secret import Secret

ROOT_BYTES = 32


class OperatorKey(Secret):
    """Two signing keys from one root. Implements `dsse.SigningKeys`. Prints as `…`."""

    __slots__ = ("_ed25519_seed", "_ml_dsa_65", "_public")

    def __init__(self, root: bytes) -> None:
        """Derive both keys; MisuseError if `root` is not 32 bytes long."""
        if len(root) != ROOT_BYTES:
            raise MisuseError(f"an operator key's root is {ROOT_BYTES} bytes long")
        self._ed25519_seed = derive(root, "souspli/v1/operator/audit/ed25519")
        self._ml_dsa_65 = MLDSA65PrivateKey.from_seed_bytes(
            derive(root, "souspli/v1/operator/audit/ml-dsa-65")
        )
        self._public = AuditKey(
            ed25519=ed25519.public_key_of(self._ed25519_seed),
            ml_dsa_65=self._ml_dsa_65.public_key().public_bytes_raw(),
        )

    @property
    def public(self) -> AuditKey:
        """The public half."""
        return self._public

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return the Ed25519 signature. For `dsse.sign`: nothing else is signed."""
        return ed25519.sign(message, seed=self._ed25519_seed)

    def sign_ml_dsa_65(self, message: bytes) -> bytes:
        """Return the ML-DSA-65 signature, randomised. For `dsse.sign` only."""
        return self._ml_dsa_65.sign(message)
