"""The address of a PostgreSQL database, as it stands in the settings."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from souspli_mailbox.errors import SettingsError
from souspli_mailbox.this_machine import is_this_machine

POSTGRESQL_PORT: Final = 5432

# Neither repeats the address: somebody may have put a password where none belongs.
_WRONG: Final = (
    "database.url is postgresql://user@host:port/name or "
    "postgresql://user@/name?host=/folder/of/the/socket, and no more"
)
_PASSWORD: Final = (
    "database.url holds a password: put it alone into a file, "  # noqa: S105  (words)
    "and that file's name into database.password_file"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """A database on a server. Prints nothing of it."""

    user: str = field(repr=False)
    host: str = field(repr=False)
    """A name or address; a path is the folder of a socket on this machine."""
    port: int = field(repr=False)
    name: str = field(repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it is reached without leaving this machine."""
        return self.host.startswith("/") or is_this_machine(self.host)


def parse_database_address(text: str) -> DatabaseAddress:
    """Return the address in `text`; SettingsError for anything else, or with a password."""
    try:
        parts = urlsplit(text)
        port = POSTGRESQL_PORT if parts.port is None else parts.port
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise SettingsError(_WRONG) from None
    if parts.password:
        raise SettingsError(_PASSWORD)
    hosts = [*query.pop("host", []), *([parts.hostname] if parts.hostname else [])]
    name = unquote(parts.path.removeprefix("/"))
    complete = parts.username and name and len(hosts) == 1
    if parts.scheme != "postgresql" or not complete or query or parts.fragment:
        raise SettingsError(_WRONG)
    return DatabaseAddress(user=unquote(parts.username or ""), host=hosts[0], port=port, name=name)
