"""What the bridge answers by SMTP: constants, so that nothing of a mail is ever in one.

docs/specs/bridge.md §3.
"""

from __future__ import annotations

from typing import Final

SIGNED_IN: Final = "235 2.7.0 Authentication successful"
SENDER_OK: Final = "250 2.1.0 Ok"
RECIPIENT_OK: Final = "250 2.1.5 Ok"
GO_ON: Final = "354 End data with <CR><LF>.<CR><LF>"

BUSY: Final = "421 4.3.2 Too many connections, try again later"
LATER: Final = "451 4.3.0 Temporary failure, nothing was kept, try again later"
NO_ROOM: Final = "452 4.3.1 Insufficient system storage, nothing was kept, try again later"
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Too many recipients"
TOO_MANY_TRIES: Final = "454 4.7.0 Too many failed attempts, try again later"

LINE_TOO_LONG: Final = "500 5.5.2 Line too long"
AUTH_NOT_UNDERSTOOD: Final = "501 5.5.2 Authentication data not understood"
DATA_SYNTAX: Final = "501 5.5.4 Syntax: DATA"
RECIPIENT_FIRST: Final = "503 5.5.1 RCPT first"
SIGN_IN_FIRST: Final = "530 5.7.0 Authentication required"
SIGN_IN_WRONG: Final = "535 5.7.8 Authentication credentials invalid"
RECIPIENT_UNKNOWN: Final = "550 5.1.1 Recipient unknown here: invite the patient first"
SMUGGLED: Final = "550 5.5.2 Line ends other than CR LF around a lone dot refused"
SENDER_REFUSED: Final = "550 5.7.1 This account may not send from this address"
TOO_LARGE: Final = "552 5.3.4 Message too large"
PROGRAM: Final = "554 5.7.1 Programs, scripts and macros are not accepted here"
UNREADABLE: Final = "554 5.6.0 Message content can't be read"


def queued(queue_id: str) -> str:
    """Give the answer to a mail that is durable."""
    return f"250 2.0.0 Ok: queued as {queue_id}"
