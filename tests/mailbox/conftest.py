"""A running service and a practice, for the tests that ask it over its socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simulation.people import Practice
from simulation.service import Service, running


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(tmp_path / "data") as started:
        yield started


@pytest.fixture
async def practice(service: Service) -> Practice:
    return await Practice.found(service)
