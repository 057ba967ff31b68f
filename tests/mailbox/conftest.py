"""A running service and a practice, for the tests that ask it over its socket.

And a database filled without a service, for those of the records.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from simulation.people import Practice
from simulation.rows import Rows
from simulation.service import Service, running

from souspli_mailbox.schema import MIGRATIONS
from souspli_storage.database import Database


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(tmp_path / "data") as started:
        yield started


@pytest.fixture
async def practice(service: Service) -> Practice:
    return await Practice.found(service)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    with Database(tmp_path / "mailbox.sqlite") as database:
        database.upgrade(migrations=MIGRATIONS)
        yield Rows(database)
