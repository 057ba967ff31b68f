"""One service and one practice for the tests of a file, each in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from product.world import Practice, RecordedService, start_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedService]:
    folder = tmp_path_factory.mktemp("service")
    with start_service(folder, tmp_path_factory.mktemp("home")) as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


@pytest.fixture(scope="module")
def practice(service: RecordedService, tmp_path_factory: pytest.TempPathFactory) -> Practice:
    founded = Practice(service, tmp_path_factory.mktemp("practice"))
    founded.found()
    return founded


@pytest.fixture(scope="module")
def letter(practice: Practice) -> Path:
    """The letter of the one invited patient."""
    return practice.invite()
