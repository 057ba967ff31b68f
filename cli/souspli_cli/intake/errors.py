"""Errors of intake.

    IntakeError
    ├── UnreadableError     no mail at all, or nothing in it: refused for good (554 5.6.0)
    ├── BeyondLimitsError   more parts, bytes or depth than is taken: refused for good (552 5.3.4)
    └── NotThisFormatError  internal: a reader looked at a file that is not its own, or broken

No text of the mail is in any of them: they reach logs and answers.
"""

from __future__ import annotations


class IntakeError(Exception):
    """Base of all errors of this package; nothing else leaves it."""

    temporary = False


class UnreadableError(IntakeError):
    """The bytes are no mail, or a mail without anything in it."""


class BeyondLimitsError(IntakeError):
    """A limit of `limits.Limits` was reached; the text names it."""


class NotThisFormatError(IntakeError):
    """A file is not of this reader's format, or is damaged beyond reading."""
