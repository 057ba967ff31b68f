"""States of a delivery: the specification's table and the code's are one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import INITIAL, TRANSITIONS, DeliveryEvent, advance

SPECIFICATION = Path(__file__).parents[2] / "docs" / "specs" / "mailbox.md"


def specified() -> tuple[str, dict[tuple[str, str], str]]:
    text = SPECIFICATION.read_text(encoding="utf-8")
    section = re.search(r"## 2\. States of a delivery\n(.*?)\n## ", text, re.DOTALL)
    assert section is not None
    initial, transitions = "", {}
    for line in section[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 3 or cells[0] in {"from", "---"}:
            continue
        before, event, after = cells
        if before == "–":
            assert event == "deposit stored"
            initial = after.strip("`")
            continue
        for state in re.findall(r"`(\w+)`", before):
            transitions[state, event] = after.strip("`")
    return initial, transitions


def test_the_table_of_the_specification_is_the_table_of_the_code() -> None:
    initial, transitions = specified()
    assert initial == INITIAL.value
    assert transitions == {
        (state.value, event.value): after.value for (state, event), after in TRANSITIONS.items()
    }


@pytest.mark.parametrize("event", set(DeliveryEvent) - {DeliveryEvent.WITHDRAWAL})
def test_what_is_opened_stays_opened_unless_it_is_withdrawn(event: DeliveryEvent) -> None:
    assert advance(DeliveryState.OPENED, event) is DeliveryState.OPENED


@pytest.mark.parametrize("event", [DeliveryEvent.MAILED, DeliveryEvent.MAIL_REFUSED])
def test_a_late_mail_result_does_not_undo_fetched(event: DeliveryEvent) -> None:
    assert advance(DeliveryState.FETCHED, event) is DeliveryState.FETCHED


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("event", DeliveryEvent)
def test_an_event_that_comes_twice_does_nothing_the_second_time(
    state: DeliveryState, event: DeliveryEvent
) -> None:
    once = advance(state, event)
    assert advance(once, event) is once
