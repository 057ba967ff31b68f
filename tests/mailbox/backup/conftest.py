"""A service's data, an empty place elsewhere, and where the backup goes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from simulation.backups import World


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind of database that a service can have."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that no test changes: making them takes seconds, copying them does not."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    World(folder, "sqlite").fill()
    return folder


@pytest.fixture
def world(tmp_path: Path, kind: str, filled: Path) -> World:
    shutil.copytree(filled, tmp_path / "data")
    return World(tmp_path / "data", kind)


@pytest.fixture
def elsewhere(tmp_path: Path, kind: str) -> World:
    return World(tmp_path / "elsewhere", kind)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "backup"
