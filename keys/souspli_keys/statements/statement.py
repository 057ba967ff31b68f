"""Writing, signing and opening any statement.

All that leaves these functions is verified, and all they raise is a StatementError
whose `reason` the service may give out.
"""

from collections.abc import Callable
from typing import ClassVar, Protocol, Self, TypeVar

from souspli_keys import canonical, dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import (
    ChainError,
    FormatError,
    SignatureError,
    StatementSchemaError,
    StatementSignatureError,
)
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import PublicIdentity
from souspli_keys.statements.line import Line

DAY_SECONDS = 86_400


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
    """Return what `read` makes of a payload, or raise StatementSchemaError."""
    try:
        return read_object(canonical.decode(payload), read)
    except FormatError as error:
        raise StatementSchemaError(str(error)) from None


def write_payload(line: Line, fields: dict[str, object]) -> bytes:
    """Return the canonical JSON of a statement's line and its own fields."""
    return canonical.encode(line.to_json() | fields)


def sign_statement(statement: Statement, signer: Signer) -> Envelope:
    """Return the statement, signed. Whether `signer` may sign it is for readers to judge.

    Raises StatementSchemaError if a reader would refuse it, so that nothing is signed
    that nobody accepts, and CanonicalError for a text that canonical JSON refuses.
    """
    payload = statement.to_payload()
    type(statement).parse(payload)
    return dsse.sign(statement.payload_type, payload, signer)


def open_statement(
    envelope: Envelope, kind: type[S], *, signer: PublicIdentity, origin: Origin
) -> S:
    """Return the statement in an envelope that `signer` signed for this origin.

    Raises StatementSignatureError, StatementSchemaError, or ChainError for a
    statement that was made for another service.
    """
    try:
        payload = dsse.verify(envelope, payload_type=kind.payload_type, signer=signer)
    except SignatureError as error:
        raise StatementSignatureError(str(error)) from None
    statement = kind.parse(payload)
    if statement.line.origin != origin:
        raise ChainError("a statement for another service")
    return statement
