"""Which PostgreSQL server, how a session with it begins, and what it must promise."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from souspli_storage.errors import DatabaseUnsuitableError

# Nothing older is accepted, though the suite runs on 18 alone (docs/limitations.md).
# PostgreSQL's authors mend 15 until November 2027.
OLDEST_VERSION: Final = 15

# A server on the same network answers in milliseconds; one that is failing over must
# not hold a request longer than a person waits.
CONNECT_SECONDS: Final = 5

# Set for every session. A unit of work takes milliseconds: what takes longer waits for
# somebody who is stuck, and must not make everybody else wait.
SESSION: Final = {
    # As long as SQLite's busy_timeout: a person waits for the answer.
    "lock_timeout": "5s",
    # The longest statement is a sweep's; longer is a plan gone wrong.
    "statement_timeout": "30s",
    # A process that was stopped in the middle of a unit would hold its locks for ever.
    "idle_in_transaction_session_timeout": "30s",
    # Commit means fsync, whatever the server's file or the role's settings say.
    "synchronous_commit": "on",
    # Who reads a whole table, because it is small, has read every row of it, and is
    # undone by whoever writes any. Through an index it has read what it looked for.
    "enable_seqscan": "off",
    # Pages and queues come in the order of an index, and stop at their limit. Collecting
    # all candidates and sorting them looks cheaper to a planner that last saw the table
    # nearly empty.
    "enable_bitmapscan": "off",
    # Takes longer to compile than these statements to run, and the lines above make
    # the planner believe that they are long.
    "jit": "off",
    "client_encoding": "UTF8",
    "timezone": "UTC",
}

# The line to a server that vanished without a word is given up after about 30 seconds;
# by default Linux waits two hours.
KEEPALIVE: Final = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A database and how to reach it. Nothing of it is for logs, so it prints nothing."""

    host: str = field(repr=False)
    """Name or address; a path is the folder of a socket on this machine."""
    port: int = field(default=5432, repr=False)
    user: str = field(repr=False)
    name: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    verify: bool = True
    """Ask for TLS and check the certificate against `host`. False: on this machine only."""
    authorities: Path | None = field(default=None, repr=False)
    """Who signs the certificate, as PEM; None: whom this machine trusts."""


def connect_arguments(server: Server) -> dict[str, Any]:
    """Return the driver's arguments. They win over every PG… variable of the environment."""
    authorities = "system" if server.authorities is None else str(server.authorities)
    arguments: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "dbname": server.name,
        "sslmode": "verify-full" if server.verify else "prefer",
        "connect_timeout": CONNECT_SECONDS,
        # A standby that took over the name would refuse every unit.
        "target_session_attrs": "read-write",
        "application_name": "souspli",
        "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
        **KEEPALIVE,
    }
    if server.verify:
        arguments["sslrootcert"] = authorities
    if server.password is not None:
        arguments["password"] = server.password
    return arguments


def check_server(connection: Connection) -> None:
    """Raise DatabaseUnsuitableError unless the server keeps what it acknowledges.

    The text says what to change; it is for the operator.
    """

    def value(name: str) -> str:
        asked = connection.execute(text("SELECT current_setting(:name)"), {"name": name})
        return str(asked.scalar_one())

    version = int(value("server_version_num")) // 10_000
    if version < OLDEST_VERSION:
        raise DatabaseUnsuitableError(
            f"PostgreSQL {version} is too old: at least {OLDEST_VERSION} is needed"
        )
    if value("server_encoding") != "UTF8":
        raise DatabaseUnsuitableError(
            "the database must be made with ENCODING 'UTF8': names would be lost otherwise"
        )
    for name in ("fsync", "full_page_writes"):
        if value(name) != "on":
            raise DatabaseUnsuitableError(
                f"the server runs with {name} = off and would lose documents: switch it on"
            )
