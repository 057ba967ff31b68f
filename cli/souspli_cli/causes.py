"""What the floors below raise, as ends of a command with words for people.

One table, read from the most particular to the most general. Whatever stands in
none of its rows is a bug, and is reported as one.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused, Temporary
from souspli_exchange import errors as exchange
from souspli_exchange import port_errors as port
from souspli_keys import errors as keys

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS: Mapping[type, CliError | None] = {
    port.QuotaReachedError: Temporary("service_quota"),
    port.StorageFullError: Temporary("service_full"),
    port.UnavailableError: Temporary("away"),
    port.BrokenAnswerError: Refused("broken_answer"),
    port.NotSignedInError: Refused("sign_in_refused"),
    port.SignatureRefusedError: Refused("sign_in_refused"),
    port.NotAllowedError: Refused("not_allowed"),
    port.NotFoundError: Refused("not_found"),
    port.RequestTooLargeError: Refused("too_large_for_service"),
    port.BackToPaperError: Refused("back_to_paper_somebody"),
    port.ConflictError: Refused("conflict"),
    port.PortError: Refused("request_refused"),
    exchange.SourceChangedError: Refused("file_changed"),
    exchange.SourceUnreadableError: Refused("source_unreadable"),
    exchange.TooLargeToSendError: Refused("words_too_large"),
    exchange.SenderRefusedError: Refused("sender_not_in_force"),
    exchange.SpoolError: Refused("spool_damaged"),
    exchange.WordRefusedError: Refused("word_refused"),
    exchange.RefusedError: Refused("exchange_refused"),
    exchange.ExchangeUsageError: None,
    keys.MisuseError: None,
    keys.RoleError: Refused("not_allowed"),
    keys.VaultError: Refused("file_damaged", file="vault"),
    keys.KeysError: Refused("exchange_refused"),
}


def explained(error: BaseException) -> CliError | None:
    """Give the end of the command that an error means, or None for a bug."""
    match error:
        case CliError():
            return error
        case port.ThrottledError():
            return Temporary("throttled", seconds=round(error.retry_after or 60))
        case port.StatementNotTakenError():
            return Refused("statement_refused", reason=error.reason or "?")
        case exchange.SpoolError(__cause__=OSError() as cause) if cause.errno != errno.ENOENT:
            return disk_error(cause)
        case OSError():
            return disk_error(error)
        case _:
            pass  # by type, below
    return next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), None)


def disk_error(error: OSError) -> CliError | None:
    """Give the words for a disk that refused; None for another kind of fault."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return Refused("disk_full")
    if error.errno is None:
        return None
    # The reason only: the error's own text holds a path.
    return Refused("disk", reason=os.strerror(error.errno))
