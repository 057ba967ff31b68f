"""Writing, signing and opening any statement.

All that leaves these functions is verified, and all they raise is a StatementError
whose `reason` the service may give out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Protocol, Self, TypeVar, cast

from souspli_keys import canonical, dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType, SigningKeys, VerifyKeys
from souspli_keys.errors import (
    ChainError,
    FormatError,
    SignatureError,
    StatementSchemaError,
    StatementSignatureError,
)
from souspli_keys.fields import Fields, read_object
from souspli_keys.statements.line import Line

DAY_SECONDS = 86_400

# The same few statements stand around every document: the sender's, and what was said for
# the patients of a batch. Each takes a millisecond to read and verify, and 15 kB to keep.
_KEPT = 256


class Statement(Protocol):
    """What all kinds of statement have in common."""

    payload_type: ClassVar[PayloadType]
    """The envelope type, one per kind."""

    @property
    def line(self) -> Line:
        """The fields that all statements carry."""
        ...

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        ...

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed; CanonicalError for a text it refuses."""
        ...


T = TypeVar("T")
S = TypeVar("S", bound=Statement)


def read_payload(payload: bytes, read: Callable[[Fields], T]) -> T:
    """Return what `read`, a function of a module, makes of a payload.

    Raises StatementSchemaError. Statements can't be changed, so the same bytes may give
    the same object.
    """
    return cast("T", _read_payload(payload, read))


@lru_cache(_KEPT)
def _read_payload(payload: bytes, read: Callable[[Fields], object]) -> object:
    try:
        return read_object(canonical.decode(payload), read)
    except FormatError as error:
        raise StatementSchemaError(str(error)) from None


def write_payload(line: Line, fields: dict[str, object]) -> bytes:
    """Return the canonical JSON of a statement's line and its own fields."""
    return canonical.encode(line.to_json() | fields)


def sign_statement(statement: Statement, signer: SigningKeys) -> Envelope:
    """Return the statement, signed. Whether `signer` may sign it is for readers to judge.

    Raises StatementSchemaError if a reader would refuse it, so that nothing is signed
    that nobody accepts, and CanonicalError for a text that canonical JSON refuses.
    """
    payload = statement.to_payload()
    type(statement).parse(payload)
    return dsse.sign(statement.payload_type, payload, signer)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Of whoever signed: all of them that a verification depends on."""

    ed25519: bytes
    ml_dsa_65: bytes


# A refusal is not kept; what held holds, since nothing but these bytes decides it.
@lru_cache(_KEPT)
def _verify(envelope: Envelope, payload_type: PayloadType, signer: _Keys) -> bytes:
    return dsse.verify(envelope, payload_type=payload_type, signer=signer)


def open_statement(envelope: Envelope, kind: type[S], *, signer: VerifyKeys, origin: Origin) -> S:
    """Return the statement in an envelope that `signer` signed for this origin.

    Raises StatementSignatureError, StatementSchemaError, or ChainError for a
    statement that was made for another service.
    """
    try:
        payload = _verify(envelope, kind.payload_type, _Keys(signer.ed25519, signer.ml_dsa_65))
    except SignatureError as error:
        raise StatementSignatureError(str(error)) from None
    statement = kind.parse(payload)
    if statement.line.origin != origin:
        raise ChainError("a statement for another service")
    return statement
