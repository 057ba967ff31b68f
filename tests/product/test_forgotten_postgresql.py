"""After a purge the files of a PostgreSQL server do not say who the patient was either.

Its tables and indexes by the service's doing, its write-ahead log and its own log by the
settings that docs/operations.md asks of the operator. That the search finds what is there
is shown before the purge, in the same places.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
import pytest
from cli_world import clean_environment
from product.test_forgotten import Calendar, ended, forgotten
from product.world import SURNAME, TRAITS, Practice, RecordedService, at_database, until
from simulation.databases import PostgresqlServer, _started

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS: Final = Path(__file__).parents[2] / "docs" / "operations.md"
ADDRESS: Final = "boite.8823@courriel.example"
PHONE: Final = "+33712345678"
# A table's statistics are of several values.
OTHERS: Final = tuple(f"boite.{number}@courriel.example" for number in (8824, 8825))
NEEDLES: Final = {
    "address": ADDRESS,
    "local part": ADDRESS.partition("@")[0],
    "phone": PHONE,
    "name": SURNAME,
}


def asked_of_the_operator() -> list[tuple[str, str]]:
    """The lines of postgresql.conf in the page."""
    page = OPERATIONS.read_text(encoding="utf-8")
    _, _, after = page.partition("    # postgresql.conf\n")
    return re.findall(r"^    (\w+) = (\S+)", after.partition("\n\n")[0], re.MULTILINE)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A server's own: pytest's folders have names that are too long for its socket."""
    with tempfile.TemporaryDirectory(prefix="souspli-") as made:
        yield Path(made)


@pytest.fixture
def server(folder: Path) -> Iterator[psycopg.Connection]:
    """A server as the page wants it, which no other test writes to; and who owns it."""
    with (
        _started(folder / "server") as url,
        psycopg.connect(url, autocommit=True) as owner,
    ):
        lines = asked_of_the_operator()
        assert len(lines) >= 5
        for name, value in lines:
            owner.execute(f"ALTER SYSTEM SET {name} = '{value}'")  # type: ignore[arg-type]  # of our page
        owner.execute("SELECT pg_reload_conf()")
        yield owner


def searched(owner: psycopg.Connection, folder: Path) -> set[str]:
    """Which needle is where: in a table or an index by its name, in the log, in the WAL."""
    owner.execute("CHECKPOINT")
    names = dict(
        owner.execute(
            "SELECT pg_relation_filepath(oid), relname FROM pg_class"
            " WHERE pg_relation_filepath(oid) IS NOT NULL"
        ).fetchall()
    )
    found: set[str] = set()
    server = folder / "server"
    for path in server.rglob("*"):
        if path.is_file():
            place = path.relative_to(server).as_posix()
            place = "WAL" if place.startswith("pg_wal/") else str(names.get(place, place))
            data = path.read_bytes()
            found |= {f"{name} in {place}" for name, it in NEEDLES.items() if it.encode() in data}
    return found


def test_after_a_purge_no_file_of_the_server_says_who_it_was(
    server: psycopg.Connection, folder: Path, tmp_path: Path
) -> None:
    calendar = Calendar(tmp_path / "ahead")
    settings = PostgresqlServer(server.info.dsn, folder=folder).settings(server.info.dbname)
    environment = clean_environment(tmp_path) | at_database(settings)
    with RecordedService(tmp_path, environment, calendar.program) as service:
        practice = Practice(service, tmp_path / "practice", calendar.program)
        practice.folder.mkdir()
        practice.found()
        patient = practice.file("traits.json", json.dumps({**TRAITS, "phone": PHONE}).encode())
        for address in (ADDRESS, *OTHERS):
            options = ["--patient", patient, "--consent", "oral", "--json"]
            letter = practice.folder / f"{address}.pdf"
            invited = practice.run("invite", address, *options, "--letter", letter)
            assert invited.code == 0, invited.err
        sent = practice.send(practice.file("rapport.pdf", b"%PDF-1.4 nothing"), to=[ADDRESS])
        assert sent.code == 0, sent.err
        until(service.mails.mails)
        server.execute("ANALYZE")
        before = searched(server, folder)
        assert before >= {
            "address in invitations",
            "phone in invitations",
            "address in uq_invitations_pending",
            "address in WAL",
            "phone in WAL",
        }
        # Neither is ever told a name; the one writes no values, the other keeps none.
        assert not [one for one in before if one.startswith("name") or one.endswith(" log")]
        kept = "SELECT attname FROM pg_stats WHERE tablename = 'invitations'"
        columns = {column for (column,) in server.execute(kept)}
        assert "not_after" in columns
        assert not columns & {"address", "phone"}

        calendar.go_to(31)
        until(lambda: ended(service) == len(OTHERS) + 1)
        until(lambda: forgotten(service))
        assert {one.partition(" in ")[2] for one in searched(server, folder)} <= {"WAL"}

        # What `archive_timeout` and two checkpoints do in an hour.
        for _ in range(2):
            server.execute("SELECT pg_switch_wal()")
            server.execute("CHECKPOINT")
        assert searched(server, folder) == set()


def test_a_value_that_breaks_a_constraint_is_not_in_the_server_s_log(
    server: psycopg.Connection, folder: Path
) -> None:
    server.execute("CREATE TABLE letters (address text PRIMARY KEY)")
    insert = "INSERT INTO letters VALUES (%s)"
    server.execute(insert, [ADDRESS])
    with pytest.raises(psycopg.errors.UniqueViolation):
        server.execute(insert, [ADDRESS])
    said = folder.joinpath("server", "log").read_text()
    assert "letters_pkey" in said
    assert ADDRESS not in said
