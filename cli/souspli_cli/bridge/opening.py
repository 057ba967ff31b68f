"""Opens a profile's ledger for a verb that looks at it, beside a running bridge or without."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from souspli_cli import account as profiles
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from souspli_cli.account import Account
    from souspli_cli.bridge.settings import Folder
    from souspli_cli.terminal import Terminal
    from souspli_storage.database import Database


@contextlib.contextmanager
def opened(
    terminal: Terminal, folder: Path | None, passphrase_file: Path | None
) -> Generator[tuple[Account, Folder, Database]]:
    """Give account, folder and ledger.

    Raises:
        Refused: The profile can't be opened, the ledger not be read, or the disk is full.
    """
    from souspli_cli.bridge.ledger import open_ledger  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.settings import Folder  # noqa: PLC0415  (as above)
    from souspli_storage.errors import StorageError, StorageFullError  # noqa: PLC0415  (as above)

    account = profiles.open_account(terminal, folder, passphrase_file)
    place = Folder.of(account.profile)
    try:
        with open_ledger(place.ledger) as database:
            yield account, place, database
    except StorageFullError:
        raise Refused("disk_full") from None
    except StorageError:
        raise Refused("bridge_ledger") from None
