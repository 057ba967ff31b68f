"""The code by which somebody becomes a member, and the identity in it (enrolment.md §1).

Its first ten symbols, the handle, name the enrolment to the service. The other twenty
are the secret: they are never in a request, a log or a file. Imports secret modules, so
the service can't import this one.
"""

from souspli_keys import codes
from souspli_keys.address import Origin
from souspli_keys.argon2 import argon2id, salt_of
from souspli_keys.codes import EnrolmentHandle
from souspli_keys.framing import derive
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint
from souspli_keys.secret import Secret
from souspli_keys.values import HASH_BYTES, ID_BYTES, decode_hex

SYMBOLS = codes.ENROLMENT_HANDLE_SYMBOLS + codes.CLAIM_CODE_SYMBOLS

_GROUP = 5


class EnrolmentCode(Secret):
    """A handle of 10 symbols and a secret of 20, each with its check symbol. Prints as `…`."""

    __slots__ = ("_symbols",)

    def __init__(self, text: str) -> None:
        """Read a code as somebody typed it; CodeError if it is none."""
        symbols = codes.typed_symbols(text, symbols=SYMBOLS)
        handle, secret = (
            symbols[: codes.ENROLMENT_HANDLE_SYMBOLS],
            symbols[codes.ENROLMENT_HANDLE_SYMBOLS :],
        )
        codes.read_symbols(handle, symbols=codes.ENROLMENT_HANDLE_SYMBOLS)
        codes.read_symbols(secret, symbols=codes.CLAIM_CODE_SYMBOLS)
        self._symbols = symbols

    @classmethod
    def draw(cls) -> "EnrolmentCode":
        """Return a new code."""
        secret = codes.draw_symbols(codes.CLAIM_CODE_SYMBOLS)
        return cls(codes.draw_enrolment_handle() + secret)

    @property
    def handle(self) -> EnrolmentHandle:
        """What the service is told."""
        return EnrolmentHandle(self._symbols[: codes.ENROLMENT_HANDLE_SYMBOLS])

    def secret_written(self) -> str:
        """Return all 30 symbols in six groups, for the new member and for nobody else."""
        return codes.group_symbols(self._symbols, group=_GROUP)

    def code_identity(
        self, *, origin: Origin, enrolment_id: str, organisation: Fingerprint
    ) -> Identity:
        """Return what the code gives for one enrolment of one organisation; takes 0.1 s.

        The organisation's fingerprint is in the salt: for another one the same code gives
        another identity, so the code says who asks. SpellingError if an id is none.
        """
        salt = salt_of(
            "souspli/v1/enrolment-salt",
            origin,
            decode_hex(enrolment_id, length=ID_BYTES),
            decode_hex(organisation, length=HASH_BYTES),
        )
        secret = self._symbols[codes.ENROLMENT_HANDLE_SYMBOLS :]
        key = argon2id(secret.encode("ascii"), salt=salt)
        return Identity(derive(key, "souspli/v1/enrolment/identity"))
