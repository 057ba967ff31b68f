"""The claim code on a letter, and the keys that come from it (keys.md §4 and §5).

The code exists on the paper and, for moments, in two clients; never in a request, a
log or a file. Imports secret modules, so the service can't import this one.
"""

from souspli_keys import codes
from souspli_keys.address import Origin
from souspli_keys.argon2 import argon2id, salt_of
from souspli_keys.framing import derive
from souspli_keys.identity import Identity
from souspli_keys.person import person_check
from souspli_keys.public import Fingerprint
from souspli_keys.secret import Secret
from souspli_keys.unlockers import LoginKey
from souspli_keys.values import HASH_BYTES, ID_BYTES, decode_hex

_GROUP = 5


class ClaimCode(Secret):
    """The 20 symbols on a letter: 95 random bits and a check symbol. Prints as `…`."""

    __slots__ = ("_symbols",)

    def __init__(self, text: str) -> None:
        """Read a code as somebody typed it or a QR code gave it; CodeError if it is none."""
        self._symbols = codes.read_symbols(text, symbols=codes.CLAIM_CODE_SYMBOLS)

    @classmethod
    def draw(cls) -> "ClaimCode":
        """Return a new claim code."""
        return cls(codes.draw_symbols(codes.CLAIM_CODE_SYMBOLS))

    @classmethod
    def parse(cls, text: str) -> "ClaimCode":
        """Return the claim code that somebody typed; CodeError if it is none."""
        return cls(text)

    def secret_symbols(self) -> str:
        """Return the 20 symbols, for the letter's QR code and for nothing else."""
        return self._symbols

    def secret_written(self) -> str:
        """Return `XXXXX-XXXXX-XXXXX-XXXXX`, for the letter and for nothing else."""
        return codes.group_symbols(self._symbols, group=_GROUP)


class ClaimKeys(Secret):
    """What a claim code gives for one invitation of one organisation. Prints as `…`.

    The organisation's fingerprint is in the salt: for another organisation the same
    code gives other keys, so the paper says who sent it.
    """

    __slots__ = ("_identity", "_login_key", "_person_check_key")

    def __init__(
        self,
        code: ClaimCode,
        *,
        origin: Origin,
        invitation_id: str,
        organisation: Fingerprint,
    ) -> None:
        """Derive all keys; takes about 0.1 s. SpellingError if an id is none."""
        salt = salt_of(
            "souspli/v1/claim-salt",
            origin,
            decode_hex(invitation_id, length=ID_BYTES),
            decode_hex(organisation, length=HASH_BYTES),
        )
        key = argon2id(code.secret_symbols().encode("ascii"), salt=salt)
        self._identity = Identity(derive(key, "souspli/v1/claim/identity"))
        self._login_key = LoginKey(derive(key, "souspli/v1/claim/login"))
        self._person_check_key = derive(key, "souspli/v1/claim/person-check")

    @property
    def identity(self) -> Identity:
        """The claim identity: covers are sealed to it until the claim."""
        return self._identity

    @property
    def login_key(self) -> LoginKey:
        """The claim login key: the first gate."""
        return self._login_key

    def person_check(self, *, surname: str, birth_date: str) -> bytes:
        """Return the 32 bytes by which the service compares a person it does not know.

        `birth_date` is `YYYY-MM-DD`, an unknown month or day `00`. Raises PersonError.
        """
        return person_check(self._person_check_key, surname=surname, birth_date=birth_date)
