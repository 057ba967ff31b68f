"""One template for the session, and the runs of the tests that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash import programs, template
from crash.client_story import story_of
from crash.engines import Engines, Servers
from crash.matrix import Matrix
from crash.points import Point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash.story import Outcome
    from crash.template import Template


@pytest.fixture(scope="session")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template, and the servers that this session's tests need."""
    servers = Servers(
        lambda: request.getfixturevalue("postgresql"), lambda: request.getfixturevalue("s3_server")
    )
    servers.start(*{engines for engines, _ in _asked_for(request) if engines is not None})
    programs.begin(s3=servers.place())
    return template.make(tmp_path_factory.mktemp("template"), servers)


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with Matrix(tmp_path_factory.mktemp("matrix")) as running:
        yield running


@pytest.fixture
def outcome(
    request: pytest.FixtureRequest,
    made: Template,
    matrix: Matrix,
    engines: Engines,
    point: Point,
) -> Outcome:
    """How the run of this test's engines and point ended.

    The first test that asks has all others' runs begin as well.
    """
    matrix.begin(
        ((one, two), story_of(made, one, two))
        for one, two in _asked_for(request)
        if one is not None and two is not None
    )
    return matrix.outcome((engines, point))


def _asked_for(request: pytest.FixtureRequest) -> Iterator[tuple[Engines | None, Point | None]]:
    """Engines and points of all tests that were chosen."""
    for item in request.session.items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            engines = item.callspec.params.get("engines")
            point = item.callspec.params.get("point")
            yield (
                engines if isinstance(engines, Engines) else None,
                point if isinstance(point, Point) else None,
            )
