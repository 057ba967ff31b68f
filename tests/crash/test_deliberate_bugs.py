"""The suite has been seen to fail: for each promise, a service that breaks it is found out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from crash import properties, story
from crash.bugs import Bug
from crash.engines import EMBEDDED
from crash.journal import Entry
from crash.points import SERVICE_STEPS, Act, Kind, Point
from crash.properties import Property

if TYPE_CHECKING:
    from crash.matrix import Matrix
    from crash.template import Template

STEPS = {step.name: step for step in SERVICE_STEPS}

# Each bug, where the service is killed meanwhile, and what has to be noticed.
FOUND = {
    Bug.PARTS_LATER: (Point(STEPS["answer: part kept"], Act.KILL_AFTER), Property.ACKNOWLEDGED),
    Bug.ROW_FIRST: (Point(STEPS["deposit stored"], Act.KILL_AFTER), Property.CONTENTS),
    Bug.ANSWER_FIRST: (Point(STEPS["answer: stored"], Act.KILL_AFTER), Property.ACKNOWLEDGED),
    Bug.TOLD_FIRST: (Point(STEPS["notified"], Act.KILL_AFTER), Property.NOTIFIED),
    Bug.TOLD_AGAIN: (None, Property.NOTIFIED),
    Bug.ORPHANS_STAY: (None, Property.SWEPT),
}


@pytest.mark.parametrize("bug", Bug, ids=lambda bug: bug.value)
def test_a_service_with_this_bug_is_found_out(made: Template, matrix: Matrix, bug: Bug) -> None:
    matrix.begin(
        (one, functools.partial(story.tell, made, EMBEDDED, point=point, bug=one))
        for one, (point, _) in FOUND.items()
    )
    outcome = matrix.outcome(bug)
    point, expected = FOUND[bug]
    assert outcome.struck is (point is not None)
    assert expected in {broken.property for broken in outcome.broken}


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
