"""One row per request that the service answers: who may, what comes in, what goes out.

The rows are used three times: `app` serves them, `access` enforces who may call,
`openapi` publishes them. What is not in a row can't be called.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import msgspec
from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.callers import Account
from souspli_mailbox.protocol.problems import ProblemKind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LookUp = Callable[[Connection, Account, Mapping[str, str]], object]
"""A reading unit: what the path names (its parameters by name), for who asks.

It runs in the transaction that finds the session, and raises NotFoundError for what is
not there as for what is somebody else's. `access.found` gives what it returned.
"""


class Caller(Enum):
    """Whose session a request needs."""

    ANYBODY = "none"
    ACCOUNT = "any account's"
    MEMBER = "a member's"
    PATIENT = "a patient's"
    CLAIM = "a claim's"


class Octets(Enum):
    """A body that is not JSON."""

    SEGMENT = "one sealed segment"
    CONTENTS = "sealed contents"


# Path parameters and how they are spelt; anything else is a path that does not exist.
PATH_PATTERNS: Final[Mapping[str, str]] = {
    "invitation_id": "[0-9a-f]{32}",
    "document_id": "[0-9a-f]{32}",
    "delivery_id": "[0-9a-f]{32}",
    "enrolment_id": "[0-9a-f]{32}",
    "organisation": "[0-9a-f]{64}",
    "segment": "0|[1-9][0-9]{0,4}",
}

PAGING: Final = frozenset({"after", "limit"})

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method on a path. `gives` maps each success status to its body, None for empty."""

    method: str
    path: str
    handler: Handler
    summary: str
    caller: Caller
    gives: Mapping[int, type[msgspec.Struct] | Octets | None]
    takes: type[msgspec.Struct] | Octets | None = None
    query: frozenset[str] = frozenset()
    look_up: LookUp | None = None
    """Of an account's, a member's or a patient's endpoint alone."""
    problems: frozenset[ProblemKind] = field(default_factory=frozenset[ProblemKind])

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Names in the path, in their order."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def route(self) -> str:
        """The path in aiohttp's spelling, each parameter with its pattern."""
        return _PARAMETER.sub(lambda found: f"{{{found[1]}:{PATH_PATTERNS[found[1]]}}}", self.path)
