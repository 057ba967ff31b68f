"""One run of a service with a deliberate bug, which has to be found out."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Final

from crash import story
from crash.bugs import Bug
from crash.points import SERVICE_STEPS, Act, Point
from crash.properties import Property

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crash.engines import Engines
    from crash.story import Outcome
    from crash.template import Template

_STEPS: Final = {step.name: step for step in SERVICE_STEPS}

# Each bug, where the service is killed meanwhile, and what has to be noticed.
FOUND: Final[dict[Bug, tuple[Point | None, Property]]] = {
    Bug.PARTS_LATER: (Point(_STEPS["answer: part kept"], Act.KILL_AFTER), Property.ACKNOWLEDGED),
    # Of several segments: one alone may be the object before it is complete.
    Bug.ROW_FIRST: (
        Point(dataclasses.replace(_STEPS["deposit stored"], segments=3), Act.KILL_AFTER),
        Property.CONTENTS,
    ),
    Bug.ANSWER_FIRST: (Point(_STEPS["answer: stored"], Act.KILL_AFTER), Property.ACKNOWLEDGED),
    Bug.TOLD_FIRST: (Point(_STEPS["notified"], Act.KILL_AFTER), Property.NOTIFIED),
    Bug.TOLD_AGAIN: (None, Property.NOTIFIED),
    Bug.NO_TOMBSTONE: (Point(_STEPS["answer: letter replaced"], Act.KILL_AFTER), Property.GONE),
    Bug.ORPHANS_STAY: (None, Property.SWEPT),
}


def of(made: Template, engines: Engines, bug: Bug) -> Callable[[Path], Outcome]:
    """Return the run, to be given a folder."""
    return functools.partial(story.tell, made, engines, point=FOUND[bug][0], bug=bug)


def is_found(bug: Bug, outcome: Outcome) -> bool:
    """Whether the suite says what is wrong."""
    return FOUND[bug][1] in {broken.property for broken in outcome.broken}
