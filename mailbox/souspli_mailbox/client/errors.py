"""From an error answer to the ports' error of that name (`souspli_exchange.port_errors`).

    PortError
    ├── RequestRefusedError
    │   └── AdmissionCodeRefusedError   ask the operator for another code
    └── ConflictError
        └── AlreadyDifferentError       this id is kept with other bytes

These two are ours: no port has a call that they answer.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from souspli_exchange import port_errors
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    CodeWrongError,
    ConflictError,
    IncompleteDepositError,
    PersonWrongError,
    PortError,
    QuotaReachedError,
    RecipientClaimedError,
    RequestRefusedError,
    StatementNotTakenError,
    UnavailableError,
)
from souspli_mailbox.protocol.problems import KINDS_BY_URI, ProblemDetails


class AdmissionCodeRefusedError(RequestRefusedError):
    """The admission code is unknown, used or expired: ask the operator for another."""

    problem = "admission-code-refused"


class AlreadyDifferentError(ConflictError):
    """What has this id already was kept with other bytes, and stays."""

    problem = "already-different"


def error_of(status: int, body: bytes, *, retry_after: float | None) -> PortError:
    """Return the error that an answer with this status (400 or more) stands for.

    An answer that is no problem details comes from something between us and the
    service: temporary if its status says so, broken otherwise.
    """
    try:
        details = msgspec.json.decode(body, type=ProblemDetails)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        details = None
    if details is None or details.type not in KINDS_BY_URI:
        if status >= 500 or status == 429:
            return UnavailableError("the service is not available now", retry_after=retry_after)
        return BrokenAnswerError("the answer is not one of the protocol")
    name = KINDS_BY_URI[details.type].value.name
    return _named(name, details, retry_after=retry_after)


def _named(name: str, details: ProblemDetails, *, retry_after: float | None) -> PortError:
    # Constant words of the service: safe to show and to log.
    text = KINDS_BY_URI[details.type].value.detail
    kind = UnavailableError if name == "internal" else _BY_PROBLEM.get(name, BrokenAnswerError)
    values: dict[str, Any] = {}
    if issubclass(kind, UnavailableError | QuotaReachedError):
        values["retry_after"] = retry_after
    elif issubclass(kind, CodeWrongError | PersonWrongError):
        values["tries_left"] = details.tries_left or 0
    elif issubclass(kind, RecipientClaimedError):
        values["invitation_id"] = details.invitation_id or ""
    elif issubclass(kind, StatementNotTakenError):
        values["reason"] = details.reason or None
    elif issubclass(kind, IncompleteDepositError):
        values["missing"] = tuple(details.missing or ())
    return kind(text, **values)


def _walk(kind: type[PortError]) -> Iterator[type[PortError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _walk(child)


# Read from the tree itself, which names each problem once.
_BY_PROBLEM: Final[dict[str, type[PortError]]] = {
    kind.problem: kind
    for kind in _walk(port_errors.PortError)
    if kind.problem is not None and "problem" in vars(kind)
}
