"""Which role may sign what: a table; all else is refused (statements.md).

An organisation's root has no role: it signs organisation and member statements and
nothing else.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Role(StrEnum):
    """What a member is to the organisation."""

    PRACTITIONER = "practitioner"
    ASSISTANT = "assistant"
    ADMINISTRATOR = "administrator"
    BRIDGE = "bridge"
    """A program that sends what a laboratory's system gives it."""


class Act(Enum):
    """What a member's signature can be asked for."""

    DOCUMENTS = auto()
    """Manifests, and grants on documents that the member sent."""
    INVITATIONS = auto()
    """Only if the member statement's `may_invite` says so as well."""
    ATTESTATIONS = auto()
    CONSENTS = auto()
    ENROLMENTS = auto()
    """Asking somebody to become a member; the root alone makes them one."""


_PERSON = frozenset(Act)

MAY_SIGN: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.PRACTITIONER: _PERSON,
        Role.ASSISTANT: _PERSON,
        Role.ADMINISTRATOR: _PERSON,
        Role.BRIDGE: frozenset({Act.DOCUMENTS, Act.INVITATIONS, Act.CONSENTS}),
    }
)
