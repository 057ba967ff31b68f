"""A mail as it was handed in, and what may become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from souspli_cli.intake.values import Mail

Reader = Callable[[bytes], Mail]
"""Reads a mail's bytes into documents; raises IntakeError, whatever the bytes."""


@dataclass(frozen=True)
class Moment:
    """When a mail is accepted: seconds since 1970, and its place among all (`MailSlip.order`)."""

    seconds: int
    order: int


@dataclass(frozen=True)
class Submission:
    """One mail, its envelope, and who handed it in."""

    account: str
    mail_from: str
    recipients: tuple[str, ...]
    """Canonical addresses, each once, in the order they were given."""
    content: bytes = field(repr=False)
    is_from_nobody: bool = False
    """MAIL FROM:<>, as of notices."""

    def __repr__(self) -> str:
        return f"Submission({self.account}, {len(self.content)} bytes)"
