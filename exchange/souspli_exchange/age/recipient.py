"""The public key that a file is encrypted to: `age1pq1…`."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from souspli_exchange.age.bech32 import decode_bech32, encode_bech32
from souspli_exchange.age.errors import KeyStringError
from souspli_exchange.age.hybrid import MLKEM768_PUBLIC_BYTES, X25519_BYTES, is_low_order
from souspli_keys.public import RECIPIENT_PREFIX

RECIPIENT_BYTES = MLKEM768_PUBLIC_BYTES + X25519_BYTES

# A key in a log or a traceback should be recognisable, not fill the screen.
_SHOWN_CHARACTERS = 20


@dataclass(frozen=True, slots=True, repr=False)
class HybridRecipient:
    """An MLKEM768-X25519 public key, checked: encrypting to it can't fail.

    `public_bytes` is the ML-KEM-768 encapsulation key, then the X25519 point: 1,216
    bytes. Raises KeyStringError for another length, an encapsulation key that fails
    FIPS 203's check, or a point of low order, whose shared secret everybody knows.
    That the key is the right person's is for `souspli_keys` to say.
    """

    public_bytes: bytes
    hpke_key: hpke.MLKEM768X25519PublicKey = field(init=False, compare=False)
    """The key as HPKE takes it."""

    def __post_init__(self) -> None:
        if len(self.public_bytes) != RECIPIENT_BYTES:
            raise KeyStringError(f"a recipient is {RECIPIENT_BYTES} bytes long")
        object.__setattr__(self, "hpke_key", self._read_key())  # frozen, and read once
        if is_low_order(self.public_bytes[MLKEM768_PUBLIC_BYTES:]):
            raise KeyStringError("the recipient holds an X25519 point of low order")

    @classmethod
    def parse(cls, text: str) -> "HybridRecipient":
        """Return the recipient that `age1pq1…` spells, or raise KeyStringError."""
        return cls(decode_bech32(text, prefix=RECIPIENT_PREFIX))

    def _read_key(self) -> hpke.MLKEM768X25519PublicKey:
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(self.public_bytes[:MLKEM768_PUBLIC_BYTES])
        except ValueError:
            raise KeyStringError("the recipient's ML-KEM-768 key is not valid") from None
        x25519 = X25519PublicKey.from_public_bytes(self.public_bytes[MLKEM768_PUBLIC_BYTES:])
        return hpke.MLKEM768X25519PublicKey(mlkem, x25519)

    def __str__(self) -> str:
        """Spell the recipient as age does: `age1pq1…`, 1,959 characters."""
        return encode_bech32(RECIPIENT_PREFIX, self.public_bytes)

    def __repr__(self) -> str:
        return f"HybridRecipient({str(self)[:_SHOWN_CHARACTERS]}…)"
