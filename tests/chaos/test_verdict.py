"""The judge of a run can say no: each property, broken by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from chaos.clients import Story
from chaos.kills import schedule
from chaos.mails import Kind, Mail, mail_of, people
from chaos.opening import Opened
from chaos.verdict import Property, Seen, Verdict, judge

PEOPLE = people(2)
mail = partial(mail_of, 1, patients=PEOPLE)


def first(kind: Kind, *, after: int = -1) -> Mail:
    """Give the first mail of a kind."""
    return next(one for number in range(after + 1, 10_000) if (one := mail(number)).kind is kind)


ONE = first(Kind.PDF)
NEXT = next(
    one
    for number in range(ONE.number + 1, 1_000)
    if (one := mail(number)).kind is Kind.PDF and one.patient == ONE.patient
)
STRANGER = first(Kind.STRANGER)
OTHER = next(f"patient{n}@exemple.fr" for n in range(2) if f"patient{n}@exemple.fr" != ONE.patient)

STORY = Story(began=1.0, answered=2.0, answers=["250 2.0.0 Ok: queued as A"])
LATER = Story(began=3.0, answered=4.0, answers=["250 2.0.0 Ok: queued as B"])
GOOD = Seen(
    stories={
        ONE.number: STORY,
        NEXT.number: LATER,
        STRANGER.number: replace(STORY, answers=["250 2.0.0 Ok: queued as C"]),
    },
    opened={ONE.patient: [Opened("d1", (ONE.original,)), Opened("d2", ("x", NEXT.original))]},
    stored={"d1": 1, "d2": 2},
    held={"C": "nobody"},
)


def judged(seen: Seen) -> Verdict:
    """Judge it."""
    return judge(seen, mail)


def broken(seen: Seen) -> set[Property]:
    """Give what is broken."""
    return {one.what for one in judged(seen).broken}


def with_story(story: Story) -> Seen:
    """Give the good run with another story of the first mail."""
    return replace(GOOD, stories={**GOOD.stories, ONE.number: story})


def with_opened(*opened: Opened, by: str = ONE.patient) -> Seen:
    """Give the good run with other documents of one reader."""
    stored = {one.document_id: place for place, one in enumerate(opened)}
    return replace(GOOD, opened={by: list(opened)}, stored=stored)


def test_a_good_run_is_good_and_counted() -> None:
    verdict = judged(GOOD)
    assert verdict.broken == ()
    assert verdict.counts["delivered"] == 2
    assert verdict.counts["to be checked"] == 1


D1, D2 = GOOD.opened[ONE.patient]


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (with_opened(D2), Property.ONCE),
        (replace(GOOD, held={}), Property.ONCE),
        (with_opened(D1, Opened("d3", D1.files), D2), Property.NOT_TWICE),
        (with_opened(Opened("d1", ("other bytes",)), D2), Property.IDENTICAL),
        (with_opened(D1, D2, by=OTHER), Property.WHOSE),
        (with_opened(D2, D1), Property.ORDER),
        (with_story(replace(STORY, answers=[*STORY.answers, LATER.answers[0]])), Property.SAME_ID),
        (with_story(Story(began=1.0, answers=["451 4.3.0 later"])), Property.REFUSED),
        (replace(GOOD, held=dict.fromkeys("AC", "spool-damaged")), Property.QUARANTINE),
    ],
)
def test_what_is_broken_is_seen(seen: Seen, what: Property) -> None:
    assert what in broken(seen)


def test_whose_answer_was_never_seen_may_be_delivered_once_or_not_at_all() -> None:
    unseen = Story(began=1.0, unseen=1)
    assert not broken(with_story(unseen))
    gone = replace(with_story(unseen), opened={ONE.patient: [D2]})
    assert not broken(gone)
    twice = [D1, Opened("d3", D1.files), D2]
    doubled = replace(
        with_story(unseen), opened={ONE.patient: twice}, stored={"d1": 1, "d3": 2, "d2": 3}
    )
    assert broken(doubled) == {Property.NOT_TWICE}


def test_two_that_were_under_way_at_once_have_no_order() -> None:
    seen = with_opened(D2, D1)
    at_once = replace(LATER, began=1.5)
    assert not broken(replace(seen, stories={**seen.stories, NEXT.number: at_once}))


def test_a_seed_repeats_mails_and_kills() -> None:
    assert mail(7) == mail_of(1, 7, people(2))
    assert mail(7).content != mail_of(2, 7, PEOPLE).content
    kills = schedule(1, "bridge", kills=20, mails=1_000)
    assert kills == schedule(1, "bridge", kills=20, mails=1_000) == sorted(kills)
    assert kills != schedule(1, "service", kills=20, mails=1_000)
