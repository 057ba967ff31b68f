"""Errors of the bridge.

    BridgeError
    ├── SmuggledError        a lone dot with other line ends than CR LF: hang up
    ├── LineTooLongError     a line that no mail has
    ├── SpoolDamagedError    a spool file is not what was written
    ├── ToCheckError         a document that a person must look at first; has a reason
    ├── ProgramRefusedError  a mail with a program in it, where the settings refuse those
    ├── NoRoomError          temporary: no memory for one mail more
    ├── NotPrintedError      temporary: a letter could not be handed over
    ├── TooManyTriesError    temporary: has failed to sign in too often
    ├── ReaderEndedError     temporary: the process that read a mail did not end with it
    ├── PartEndedError       the bridge has to be started again
    ├── NoticeRefusedError   the relay never takes this notice
    └── NoticeDelayedError   temporary: the relay has not taken it, or has not said so

No text of a mail, no address and no path is in any of them: they reach logs and answers.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of this package's errors. `temporary`: the same may succeed later."""

    temporary: bool = False


class SmuggledError(BridgeError):
    """Between two lone dots, one of which only some programs take for the end of a mail."""


class LineTooLongError(BridgeError):
    """A line is longer than any mail's."""


class SpoolDamagedError(BridgeError):
    """A spool file was cut short, altered, moved, or is another profile's."""


class ToCheckError(BridgeError):
    """A person must look at a document first: nobody else knows what is to become of it."""

    def __init__(self, reason: str, findings: str | None = None) -> None:
        """`reason`, `findings`: words that rows keep (`reasons`, `pdf_words`)."""
        super().__init__(reason)
        self.reason = reason
        self.findings = findings


class EarlierWaitsError(BridgeError):
    """What a document takes back is still to be sent: its turn has not come."""


class ProgramRefusedError(BridgeError):
    """A mail holds something that runs when it is opened, and the settings refuse that."""


class NoRoomError(BridgeError):
    """Mails on their way take as much memory as they may."""

    temporary = True


class NotPrintedError(BridgeError):
    """Whoever prints letters did not take one."""

    temporary = True


class TooManyTriesError(BridgeError):
    """An address, or an account, has failed to sign in too often and must wait."""

    temporary = True


class ReaderEndedError(BridgeError):
    """A process died of a mail, or would never have ended with it."""

    temporary = True


class PartEndedError(BridgeError):
    """What records or sends ended by itself; nothing that was accepted is lost."""


class NoticeRefusedError(BridgeError):
    """The laboratory's relay never takes this notice."""


class NoticeDelayedError(BridgeError):
    """The relay has not taken a notice yet, or nobody knows.

    `away`: no notice can be handed over at the moment. `may_have_it`: all of this one was.
    """

    temporary = True

    def __init__(self, text: str, *, away: bool = False, may_have_it: bool = False) -> None:
        super().__init__(text)
        self.away = away
        self.may_have_it = may_have_it
