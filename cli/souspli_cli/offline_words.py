"""Why a document was not sealed, or not opened, offline: in words that say what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from souspli_cli.causes import disk_error
from souspli_cli.errors import CliError, Refused
from souspli_exchange import errors as exchange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# From the most particular to the most general.
_WORDS: Mapping[type[exchange.ExchangeError], CliError] = {
    exchange.NotForMeError: Refused("not_for_you"),
    exchange.CoverRefusedError: Refused("cover_refused"),
    exchange.SenderRefusedError: Refused("sender_is_another"),
    exchange.AnotherDocumentError: Refused("sender_differs"),
    exchange.ManifestRefusedError: Refused("signature_refused"),
    exchange.GrantRefusedError: Refused("not_for_you"),
    exchange.ContentsRefusedError: Refused("contents_refused"),
}


def refusal(failure: exchange.RefusedError, *, max_size: int) -> CliError | None:
    """Give the words for a sealed document that was refused."""
    if isinstance(failure, exchange.BeyondLimitsError):
        return Refused("beyond_limits", limit=-(-max_size // 1024**2))
    return next((_WORDS[kind] for kind in type(failure).__mro__ if kind in _WORDS), None)


def output_refusal(failure: exchange.OutputError, folder: Path) -> CliError | None:
    """Give the words for a folder that can't be made."""
    if isinstance(failure, exchange.OutputExistsError):
        return Refused("folder_exists", path=str(folder))
    cause = failure.__cause__
    if not isinstance(cause, OSError):
        return None
    if cause.errno in {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS}:
        return Refused("folder_not_made", path=str(folder))
    return disk_error(cause)
