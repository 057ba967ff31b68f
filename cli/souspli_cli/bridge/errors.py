"""Errors of the bridge.

    BridgeError
    ├── SmuggledError        a lone dot with other line ends than CR LF: hang up
    ├── LineTooLongError     a line that no mail has
    ├── SpoolDamagedError    a spool file is not what was written
    ├── NoRoomError          temporary: no memory for one mail more
    ├── NotPrintedError      temporary: a letter could not be handed over
    └── TooManyTriesError    temporary: has failed to sign in too often

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


class NoRoomError(BridgeError):
    """Mails on their way take as much memory as they may."""

    temporary = True


class NotPrintedError(BridgeError):
    """Whoever prints letters did not take one."""

    temporary = True


class TooManyTriesError(BridgeError):
    """An address, or an account, has failed to sign in too often and must wait."""

    temporary = True
