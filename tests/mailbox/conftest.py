"""A running service and a practice, for the tests that ask it over its socket.

And a database filled without a service, for those of the records. Both on each of the
two databases: what asks for one of these fixtures runs twice, what doesn't runs once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import compiled_once
import pytest
from simulation.databases import ENGINES, Place
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.rows import Rows
from simulation.service import Service, running

from souspli_mailbox.settings import DatabaseSettings

compiled_once.install()


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where the test's database is."""
    if request.param == "sqlite":
        yield Place("sqlite", tmp_path / "data", DatabaseSettings())
        return
    server = request.getfixturevalue("postgresql")
    with server.migrated() as settings:
        yield Place("postgresql", tmp_path / "data", settings)


@pytest.fixture
async def service(place: Place) -> AsyncIterator[Service]:
    async with running(place.folder, database=place.settings) as started:
        yield started


@pytest.fixture
async def practice(service: Service) -> Practice:
    return await Practice.found(service)


@pytest.fixture
async def invited(practice: Practice) -> Invited:
    """A letter of the practice that nobody answered yet."""
    return await invite(practice)


@pytest.fixture
async def patient(service: Service, invited: Invited) -> Claimant:
    """Who answered that letter."""
    return await claim(service, invited)


@pytest.fixture
def rows(place: Place) -> Iterator[Rows]:
    with place.open() as database:
        yield Rows(database)
