"""What the laboratory has decided beforehand: `[policy]` of bridge.toml.

docs/specs/bridge.md §10. Pure: findings in, a reason or none out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from souspli_cli.bridge.pdf.words import (
    EMBEDDED_FILES,
    EMBEDDED_PROGRAM,
    ENCRYPTED,
    FORM,
    JAVASCRIPT,
    LAUNCH,
)

if TYPE_CHECKING:
    from collections.abc import Collection


class Sending(StrEnum):
    """What becomes of a document in which something was found."""

    SEND = "send"
    CHECK = "check"
    """A person at the laboratory looks at it first."""


class Executables(StrEnum):
    """What becomes of a mail with a program in it."""

    CHECK = "check"
    REFUSE = "refuse"


class Deletions(StrEnum):
    """What becomes of a document that takes a report back."""

    WITHDRAW = "withdraw"
    CHECK = "check"


ACTIVE_CONTENT: Final = "active_content"

_ACTIVE: Final = frozenset({JAVASCRIPT, LAUNCH, FORM, EMBEDDED_PROGRAM})


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table's values."""

    active_content: Sending = Sending.CHECK
    encrypted: Sending = Sending.SEND
    embedded_files: Sending = Sending.SEND
    executables: Executables = Executables.CHECK
    deletions: Deletions = Deletions.WITHDRAW

    def reason_to_check(self, findings: Collection[str]) -> str | None:
        """Say why a person must look at a document first; None if it may go."""
        if self.active_content is Sending.CHECK and not _ACTIVE.isdisjoint(findings):
            return ACTIVE_CONTENT
        if self.encrypted is Sending.CHECK and ENCRYPTED in findings:
            return ENCRYPTED
        if self.embedded_files is Sending.CHECK and EMBEDDED_FILES in findings:
            return EMBEDDED_FILES
        return None
