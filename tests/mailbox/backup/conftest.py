"""A service's data, an empty place elsewhere, and where the backup goes.

On each of the two databases; tests that name `kinds` themselves, from one to the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from simulation.backups import World
from simulation.databases import ENGINES, PostgresqlServer

from souspli_mailbox.settings import DatabaseSettings


@pytest.fixture(params=ENGINES)
def kinds(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The database of the data, and that of the empty place."""
    return request.param, request.param


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Data that no test changes: making them takes seconds, copying them does not."""
    world = World(tmp_path_factory.mktemp("filled") / "data", DatabaseSettings())
    world.fill()
    return world


@pytest.fixture(scope="session")
def filled_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer
) -> Iterator[World]:
    with postgresql.empty() as database:
        world = World(tmp_path_factory.mktemp("filled") / "data", database)
        world.fill()
        yield world


@pytest.fixture
def world(
    tmp_path: Path, kinds: tuple[str, str], request: pytest.FixtureRequest
) -> Iterator[World]:
    model: World = request.getfixturevalue(f"filled_{kinds[0]}")
    shutil.copytree(model.settings.data, tmp_path / "data")
    with ExitStack() as stack:
        database = DatabaseSettings()
        if kinds[0] == "postgresql":
            server = request.getfixturevalue("postgresql")
            database = stack.enter_context(server.empty(like=model.settings.database))
        yield World(tmp_path / "data", database)


@pytest.fixture
def elsewhere(
    tmp_path: Path, kinds: tuple[str, str], request: pytest.FixtureRequest
) -> Iterator[World]:
    with ExitStack() as stack:
        database = DatabaseSettings()
        if kinds[1] == "postgresql":
            server = request.getfixturevalue("postgresql")
            database = stack.enter_context(server.empty())
        yield World(tmp_path / "elsewhere", database)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "backup"
