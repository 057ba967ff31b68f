"""What needs a person: the rules, at their boundaries and for whatever a service says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.worklist_rules import LOST, Bounce, Item, Kind, Waiting, item_of, worklist
from souspli_exchange.letter_clock import DAY, LATE_DAYS, NOT_COLLECTED_DAYS, is_late
from souspli_exchange.manifest import Priority
from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox import pending

BEGAN = 1_800_000_000
WAITS = Waiting(
    document_id="a" * 32,
    address="jeanne@exemple.fr",
    priority=Priority.ROUTINE,
    created_at=BEGAN,
    stored=True,
    state="notified",
    moments={"stored": BEGAN, "notified": BEGAN},
    opened_verified=False,
    letter_from=BEGAN - 300,
    letter_ends=BEGAN - 300 + 30 * DAY,
)
"""As it is a moment after it was sent, in time, to somebody with a new letter."""

moments = st.integers(min_value=0, max_value=2**33)
states = st.sampled_from([None, LOST, "of a later version", *(s.value for s in DeliveryState)])


@st.composite
def anything(draw: st.DrawFn) -> Waiting:
    """Give whatever an address book may hold, the service's lies included."""
    return Waiting(
        document_id=draw(st.sampled_from(["a" * 32, "b" * 32, "c" * 32])),
        address=draw(st.sampled_from(["a@a.fr", "b@b.fr"])),
        priority=draw(st.sampled_from(Priority)),
        created_at=draw(moments),
        stored=draw(st.booleans()),
        state=draw(states),
        moments=draw(st.dictionaries(st.sampled_from([s.value for s in DeliveryState]), moments)),
        opened_verified=draw(st.booleans()),
        bounce_reason=draw(st.none() | st.text(max_size=8) | st.sampled_from(Bounce)),
        has_account=draw(st.booleans()),
        letter_from=draw(st.none() | moments),
        letter_ends=draw(st.none() | moments),
        stopped=draw(st.booleans()),
        paper_since=draw(st.none() | moments),
        closed_since=draw(st.none() | moments),
    )


def kind_of(one: Waiting, *, now: int) -> Kind | None:
    item = item_of(one, now=now)
    return None if item is None else item.kind


@given(anything(), moments)
def test_nothing_that_was_opened_and_proved_needs_anybody(one: Waiting, now: int) -> None:
    assert item_of(replace(one, opened_verified=True), now=now) is None


@given(anything(), moments, st.sampled_from(["stored", "notified", "of a later version", None]))
def test_what_is_not_collected_is_listed_by_its_day_at_the_latest(
    one: Waiting, moment: int, state: str | None
) -> None:
    waits = replace(one, opened_verified=False, state=state, moments={"stored": moment})
    since = max(moment, 0 if waits.letter_from is None else waits.letter_from)
    for late_by in (0, 1, 100 * DAY):
        now = since + NOT_COLLECTED_DAYS[waits.priority] * DAY + late_by
        assert item_of(waits, now=now) is not None


@given(st.sampled_from(Priority), st.integers(min_value=0, max_value=30 * DAY))
def test_nothing_is_purged_that_was_not_listed_five_days_before(
    priority: Priority, deposited_after: int
) -> None:
    """Unless the letter has less left when the document comes: then it is listed at once."""
    assert WAITS.letter_ends is not None
    stored = BEGAN + deposited_after
    one = replace(WAITS, priority=priority, created_at=stored, moments={"stored": stored})
    now = max(stored, WAITS.letter_ends - 5 * DAY)
    assert item_of(one, now=now) is not None


@pytest.mark.parametrize("priority", Priority)
def test_the_day_begins_with_its_first_second(priority: Priority) -> None:
    day = BEGAN + NOT_COLLECTED_DAYS[priority] * DAY
    one = replace(WAITS, priority=priority, letter_ends=BEGAN + 60 * DAY)
    assert kind_of(one, now=day - 1) is None
    assert kind_of(one, now=day) is Kind.NOT_COLLECTED


def test_a_letter_is_good_in_its_last_second() -> None:
    assert WAITS.letter_ends is not None
    assert kind_of(WAITS, now=WAITS.letter_ends) is not Kind.LETTER_EXPIRED
    assert kind_of(WAITS, now=WAITS.letter_ends + 1) is Kind.LETTER_EXPIRED


def test_a_document_that_comes_late_is_listed_at_once() -> None:
    assert WAITS.letter_ends is not None
    in_time = WAITS.letter_ends - LATE_DAYS * DAY
    for stored, kind in ((in_time, None), (in_time + 1, Kind.LETTER_ENDS)):
        one = replace(WAITS, moments={"stored": stored})
        assert kind_of(one, now=stored) is kind


def test_late_is_what_the_service_calls_late() -> None:
    assert pending.LATE_DAYS == LATE_DAYS
    for left in (LATE_DAYS * DAY - 1, LATE_DAYS * DAY):
        assert is_late(not_after=left, now=0) == pending.is_late(not_after=left, now=0)


def test_a_new_letter_begins_the_clock_anew() -> None:
    now = BEGAN + 26 * DAY
    assert kind_of(WAITS, now=now) is not None
    renewed = replace(WAITS, letter_from=now, letter_ends=now + 30 * DAY)
    assert kind_of(renewed, now=now) is None


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Kind.NOT_SENT, {"stored": False, "state": None}),
        (Kind.LOST, {"state": LOST}),
        (Kind.PURGED, {"state": "expired"}),
        (Kind.UNPROVED, {"state": "opened"}),
        (Kind.BOUNCED, {"state": "bounced"}),
        (Kind.BACK_TO_PAPER, {"paper_since": BEGAN}),
        (Kind.RED_STOP, {"stopped": True, "state": "expired"}),
        (None, {"state": "fetched"}),
        (None, {"state": "fetched", "paper_since": BEGAN}),
        (None, {"state": "withdrawn", "stopped": True}),
        (None, {}),
    ],
)
def test_what_happened_is_told_at_once(kind: Kind | None, changes: dict[str, object]) -> None:
    assert kind_of(replace(WAITS, **changes), now=BEGAN) is kind  # type: ignore[arg-type]  # a table's row


def test_an_unknown_reason_of_a_bounce_is_another_one() -> None:
    item = item_of(replace(WAITS, state="bounced", bounce_reason="of a later version"), now=BEGAN)
    assert item is not None
    assert item.reason is Bounce.OTHER


@pytest.mark.parametrize(
    ("reason", "has_account", "command"),
    [
        ("address-unknown", False, "souspli reissue jeanne@exemple.fr"),
        ("mailbox-full", False, "souspli print"),
        ("address-unknown", True, "souspli print"),
    ],
)
def test_an_address_is_corrected_only_for_who_has_no_account(
    reason: str, has_account: bool, command: str
) -> None:
    one = replace(WAITS, state="bounced", bounce_reason=reason, has_account=has_account)
    item = item_of(one, now=BEGAN)
    assert item is not None
    assert item.command.startswith(command)
    assert ("--address" in item.command) == command.startswith("souspli reissue")


def test_a_command_can_be_pasted_whatever_the_address() -> None:
    one = replace(WAITS, address="a';reboot;'@exemple.fr", state="expired")
    item = item_of(one, now=BEGAN)
    assert item is not None
    assert "'a'\"'\"';reboot;'\"'\"'@exemple.fr'" in item.command


@given(st.lists(anything()), moments, st.randoms())
def test_the_order_depends_on_nothing_but_the_items(
    many: list[Waiting], now: int, chance: st.DataObject
) -> None:
    shuffled = list(many)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    listed = worklist(many, now=now)
    assert [key(item) for item in worklist(shuffled, now=now)] == [key(item) for item in listed]
    ranks = [list(reversed(Priority)).index(i.priority) for i in listed if not is_stop(i)]
    assert ranks == sorted(ranks)
    assert [is_stop(item) for item in listed] == sorted(map(is_stop, listed), reverse=True)


def is_stop(item: Item) -> bool:
    return item.kind is Kind.RED_STOP


def key(item: Item) -> tuple[object, ...]:
    return (item.priority, item.since, item.created_at, item.document_id, item.address)


@given(st.lists(anything()), moments)
def test_each_recipient_of_a_document_has_one_item_at_most(many: list[Waiting], now: int) -> None:
    assert len(worklist(many, now=now)) <= len(many)


@pytest.mark.parametrize("state", ["stored", "notified", "bounced", "expired"])
def test_what_a_closed_account_had_not_collected_is_to_be_printed(state: str) -> None:
    """Not called purged: nobody's letter has ended, and there is no certificate."""
    closed = replace(WAITS, state=state, has_account=True, closed_since=BEGAN + 60)
    item = item_of(closed, now=BEGAN + 120)
    assert item is not None
    assert (item.kind, item.since) == (Kind.ACCOUNT_CLOSED, BEGAN + 60)
    assert item.command == f"souspli worklist --handled {WAITS.document_id}"
    for read in ("fetched", "opened", "withdrawn"):
        other = item_of(replace(closed, state=read), now=BEGAN + 120)
        assert other is None or other.kind is Kind.UNPROVED
