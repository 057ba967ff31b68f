"""One template for the session, and the runs of the tests that were asked for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from crash import client_story, story, template
from crash.engines import Engines
from crash.matrix import Matrix
from crash.points import Kind, Point
from crash.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template.make(tmp_path_factory.mktemp("template"))


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
) -> story.Outcome:
    """How the run of this test's engines and point ended.

    The first test that asks has all others' runs begin as well.
    """
    matrix.begin(
        ((one, two), _run(made, one, two))
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        for one, two in [(item.callspec.params.get("engines"), item.callspec.params.get("point"))]
        if isinstance(one, Engines) and isinstance(two, Point)
    )
    return matrix.outcome((engines, point))


def _run(made: Template, engines: Engines, point: Point) -> Callable[[Path], story.Outcome]:
    tell = client_story.tell if point.step.kind is Kind.CLIENT else story.tell
    return functools.partial(tell, made, engines, point=point)
