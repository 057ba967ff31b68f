"""What a database's or a store's error means to whoever runs the service, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused, Temporary

if TYPE_CHECKING:
    from souspli_mailbox.settings import Settings
    from souspli_storage.errors import StorageError


def storage_refused(settings: Settings, failed: StorageError) -> CliError:
    """Give the end of the command. Reasons are constant words of ours: no address, no row."""
    from souspli_storage import errors as storage  # noqa: PLC0415  (only on the way out)

    match failed:
        case storage.StoreUnavailableError():
            return Temporary("store_away")
        case storage.StoreUnsuitableError():
            return Refused("store_unsuitable")
        case storage.StoreRefusedError():
            return Refused("store_refused", reason=str(failed))
        case storage.DatabaseInUseError():
            return Temporary("database_in_use")
        case storage.DatabaseError() if settings.database.url:
            return Refused("service_database", reason=str(failed))
        case _:
            return Refused("service_data")
