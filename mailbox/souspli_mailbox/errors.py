"""Everything that the service's HTTP side raises.

    MailboxError
    ├── SettingsError        the operator's settings are wrong; the text says which and how
    │   └── PageError        the built page is missing, or was built for another service
    ├── WorkersFailedError   the service's processes can't go on; the log says why
    ├── BackupError          a backup can't be made, read or restored; `trouble` says why
    ├── TombstonesNewerError (also a StorageError) of a kind that only a later version deletes
    ├── MailError            the relay did not take a mail
    │   ├── MailRefusedError     for good: the recipient is not told; `reason` says why
    │   └── MailDelayedError     try again
    ├── TextError            the gateway did not take a text message
    │   ├── TextRefusedError     for good
    │   └── TextDelayedError     try again
    └── Refusal              one error answer: .kind says which (protocol/problems.py)

What the HTTP client raises is the ports' own tree: `souspli_exchange.port_errors`.
"""

from collections.abc import Sequence
from enum import StrEnum

from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_storage.errors import StorageError


class MailboxError(Exception):
    """Base of all errors of this package; texts never hold secrets or health data."""


class SettingsError(MailboxError):
    """The service can't start like this. Shown to the operator, so it names the setting."""


class PageError(SettingsError):
    """The browser client is not built, or was built for another origin or host."""


class WorkersFailedError(MailboxError):
    """One of the processes ended before it was ready, or none is left."""


class BackupTrouble(StrEnum):
    """Why a backup can't be made, read or restored; the command line has words for each."""

    NO_SERVICE = "no-service"
    """There is no database to be backed up."""
    NEWER_SERVICE = "newer-service"
    """The database is of a later version than this program."""
    FOLDER_EXISTS = "folder-exists"
    NOT_A_BACKUP = "not-a-backup"
    NEWER_BACKUP = "newer-backup"
    """Made by a later version than this program."""
    DAMAGED = "damaged"
    """A file is missing, changed or cut short."""
    NO_CONTENTS = "no-contents"
    """The folder named for contents is none."""
    OTHER_ORIGIN = "other-origin"
    NOT_EMPTY = "not-empty"
    """The database to restore into has rows."""
    IN_USE = "in-use"
    """A service, or another restore, holds the database."""


class BackupError(MailboxError):
    """A backup can't be made, read or restored: nothing was written. `trouble` says why."""

    def __init__(self, trouble: BackupTrouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class TombstonesNewerError(MailboxError, StorageError):
    """The ledger tells of deletions that only a later version of the service can repeat."""


class MailError(MailboxError):
    """The relay did not take a mail. `code` is its answer's, None without one."""

    def __init__(self, text: str, *, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


class MailRefusedError(MailError):
    """The relay will never take this mail for this recipient. `reason`: as it says."""

    def __init__(
        self, text: str, *, code: int | None = None, reason: BounceReason = BounceReason.OTHER
    ) -> None:
        super().__init__(text, code=code)
        self.reason = reason


class MailDelayedError(MailError):
    """The relay is away, unwilling for now, or not who it should be: try again.

    `away`: whatever the mail, it is not taken at the moment. `may_have_it`: all of it was
    handed over, and not answered for.
    """

    def __init__(
        self, text: str, *, code: int | None = None, away: bool = False, may_have_it: bool = False
    ) -> None:
        super().__init__(text, code=code)
        self.away = away
        self.may_have_it = may_have_it


class TextError(MailboxError):
    """The gateway did not take a text message. `status` is its answer's, None without one."""

    def __init__(self, text: str, *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class TextRefusedError(TextError):
    """The gateway will never take this message for this number."""


class TextDelayedError(TextError):
    """The gateway is away, unwilling for now, or not who it should be: try again."""


class Refusal(MailboxError):  # noqa: N818  (an answer, not a fault: nothing broke)
    """A request is answered with this problem, and what it began is rolled back.

    `retry_after` is in seconds; the other members go into the answer as they are,
    so they hold no name, address or path.
    """

    def __init__(
        self,
        kind: ProblemKind,
        *,
        retry_after: int | None = None,
        tries_left: int | None = None,
        invitation_id: str | None = None,
        reason: str | None = None,
        missing: Sequence[int] | None = None,
    ) -> None:
        super().__init__(kind.value.name)
        self.kind = kind
        self.retry_after = retry_after
        self.tries_left = tries_left
        self.invitation_id = invitation_id
        self.reason = reason
        self.missing = missing
