"""The suite has been seen to fail: for each promise, a service that breaks it is found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash import bug_story, properties
from crash.chosen import BUGS
from crash.journal import Entry
from crash.points import SERVICE_STEPS, Kind
from crash.properties import Property

if TYPE_CHECKING:
    from crash.bugs import Bug
    from crash.engines import Engines
    from crash.matrix import Matrix
    from crash.template import Template


@pytest.mark.parametrize(("engines", "bug"), BUGS, ids=str)
def test_a_service_with_this_bug_is_found_out(
    made: Template, matrix: Matrix, engines: Engines, bug: Bug
) -> None:
    matrix.begin((one, bug_story.of(made, *one)) for one in BUGS)
    outcome = matrix.outcome((engines, bug))
    assert outcome.struck is (bug_story.FOUND[bug][0] is not None)
    assert bug_story.is_found(bug, outcome), outcome.broken


def test_a_segment_that_is_sealed_again_is_noticed() -> None:
    first = Entry("sealed", "document", 0, "a")
    again = Entry("sealed", "document", 0, "b")
    other = Entry("kept", "document", 0, "b")
    assert properties.sealed_once([first, Entry("kept", "document", 0, "a")]) == []
    assert [one.property for one in properties.sealed_once([first, again])] == [
        Property.SEALED_ONCE
    ]
    assert [one.property for one in properties.sealed_once([first, other])] == [
        Property.SEALED_ONCE
    ]


def test_every_kind_of_step_is_killed_and_broken() -> None:
    assert {step.kind for step in SERVICE_STEPS} == set(Kind) - {Kind.CLIENT}
