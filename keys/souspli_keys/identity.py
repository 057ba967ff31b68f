"""The secret half of an identity: 32 bytes from which all its keys come (keys.md §1).

The service never imports this module; `tests/test_floors.py` sees to it.
"""

import os

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from souspli_keys import ed25519
from souspli_keys.agekey import recipient_of
from souspli_keys.errors import MisuseError
from souspli_keys.framing import derive
from souspli_keys.public import PublicIdentity
from souspli_keys.secret import Secret

ROOT_BYTES = 32


class Identity(Secret):
    """One root and the keys derived from it. Implements `dsse.Signer`. Prints as `…`."""

    __slots__ = ("_age_seed", "_ed25519_seed", "_ml_dsa_65", "_public", "_root")

    def __init__(self, root: bytes) -> None:
        """Derive all keys; MisuseError if `root` is not 32 bytes long."""
        if len(root) != ROOT_BYTES:
            raise MisuseError(f"an identity's root is {ROOT_BYTES} bytes long")
        self._root = bytes(root)
        self._age_seed = derive(self._root, "souspli/v1/identity/age")
        self._ed25519_seed = derive(self._root, "souspli/v1/identity/ed25519")
        self._ml_dsa_65 = MLDSA65PrivateKey.from_seed_bytes(
            derive(self._root, "souspli/v1/identity/ml-dsa-65")
        )
        self._public = PublicIdentity(
            recipient=recipient_of(self._age_seed),
            ed25519=ed25519.public_key_of(self._ed25519_seed),
            ml_dsa_65=self._ml_dsa_65.public_key().public_bytes_raw(),
        )

    @classmethod
    def generate(cls) -> "Identity":
        """Return a new identity from the system's random source."""
        return cls(os.urandom(ROOT_BYTES))

    @classmethod
    def from_root(cls, root: bytes) -> "Identity":
        """Return the identity that a root stands for; MisuseError for another length."""
        return cls(root)

    @property
    def public(self) -> PublicIdentity:
        """The public half."""
        return self._public

    def sign_ed25519(self, message: bytes) -> bytes:
        """Return the Ed25519 signature. For `dsse.sign`: nothing else is signed."""
        return ed25519.sign(message, seed=self._ed25519_seed)

    def sign_ml_dsa_65(self, message: bytes) -> bytes:
        """Return the ML-DSA-65 signature, randomised. For `dsse.sign` only."""
        return self._ml_dsa_65.sign(message)

    def secret_root(self) -> bytes:
        """Return the root, for the vault and for nothing else."""
        return self._root

    def secret_age_seed(self) -> bytes:
        """Return the seed of the age key pair, for opening covers and nothing else."""
        return self._age_seed
