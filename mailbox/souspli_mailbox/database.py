"""The database of the settings, opened: the one place where its kinds are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from souspli_mailbox.schema import MIGRATIONS
from souspli_mailbox.settings import Settings
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from souspli_storage.database import Database

DATABASE_FILE: Final = "mailbox.sqlite"


def has_database(settings: Settings) -> bool:
    """Say whether there is a database to connect to, which `connect_database` would make.

    One on a server is there, or connecting says that it isn't.
    """
    return settings.database.address is not None or (settings.data / DATABASE_FILE).is_file()


def connect_database(settings: Settings) -> Database:
    """Open the settings' database, whichever it is, with the schema that it has.

    Raises SettingsError if the password can't be read, StorageError.
    """
    address = settings.database.address
    if address is None:
        return SqliteDatabase(settings.data / DATABASE_FILE)
    # Imported here: who keeps rows in a file doesn't wait for the driver to load.
    from souspli_storage.postgresql import PostgresqlDatabase  # noqa: PLC0415  (see above)
    from souspli_storage.postgresql_server import Server  # noqa: PLC0415  (see above)

    server = Server(
        host=address.host,
        port=address.port,
        user=address.user,
        name=address.name,
        password=settings.database.password(),
        verify=not address.is_local,
        authorities=settings.database.tls_authorities,
    )
    return PostgresqlDatabase(server, connections=settings.database.pool_size)


def open_database(settings: Settings) -> Database:
    """Open the settings' database, whichever it is, and bring its schema up to date.

    Until it is closed nobody has it alone. Raises DatabaseInUseError while somebody has:
    a backup is being restored into it.
    """
    database = connect_database(settings)
    try:
        database.share()
        database.upgrade(migrations=MIGRATIONS)
    except BaseException:
        database.close()
        raise
    return database
