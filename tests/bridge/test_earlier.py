"""What a document that takes a report back finds of it in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.test_ledger import accept, database, due, sort

from souspli_cli.bridge import decisions, ledger
from souspli_cli.bridge.ledger_rows import Sorted, State
from souspli_cli.bridge.sending import earlier
from souspli_cli.bridge.sending.earlier import Earlier

if TYPE_CHECKING:
    from souspli_storage.sqlite import SqliteDatabase

__all__ = ["database"]

REPORT = (b"r",)


def take_back(database: SqliteDatabase, document_id: str, *, left: str = "") -> set[str]:
    """Sort a document of Jeanne's that takes the report back; `left`: ids with covers."""
    one = Sorted(document_id, b"target", b"jeanne", None, withdraws=REPORT)
    return database.write_now(earlier.sort, [one], may_have_left=left.split().__contains__, now=5)


def found(database: SqliteDatabase, document_id: str) -> Earlier:
    """What it finds in its turn."""
    row = database.read_now(ledger.document, document_id)
    assert row is not None
    return database.read_now(earlier.earlier, row, REPORT)


def states(database: SqliteDatabase) -> list[str]:
    return [row.state.value for row in database.read_now(ledger.rows, tuple(State), 100)]


def test_what_waits_ends_and_what_may_have_left_goes_on(database: SqliteDatabase) -> None:
    accept(database, 1, "r1", "r2", "x")
    accept(database, 2, "r3")
    accept(database, 3, "r4")
    accept(database, 4, "r5")
    sort(database, {"r1": "jeanne", "r2": "jeanne", "x": "jeanne", "r3": "paul"})
    assert take_back(database, "r4", left="r2") == {"Q1"}
    # Another patient's of the same number, another report, and what came afterwards.
    sort(database, {"r5": "jeanne"})
    assert states(database) == ["withdrawn", *["waiting"] * 5]
    assert due(database) == ["r2", "x", "r3", "r4", "r5"]
    assert take_back(database, "r4", left="r2") == set()


def test_what_was_delivered_to_the_same_people_before_is_found_in_order(
    database: SqliteDatabase,
) -> None:
    accept(database, 1, "r1", "r2", "r3", "r4", "r5")
    sort(database, {"r1": "jeanne", "r2": "jeanne", "r3": "paul", "r4": "jeanne", "r5": "jeanne"})
    nothing = Earlier((), withdrawn=False, in_quarantine=False, waiting=True)
    assert found(database, "r4") == nothing
    for one in ("r1", "r2", "r3", "r5"):
        database.write_now(ledger.end, one, State.DELIVERED, None, now=1)
    assert found(database, "r4") == Earlier(("r1", "r2"), withdrawn=False, in_quarantine=False)
    database.write_now(earlier.note_withdrawn, ("r1", "r2"), now=2)
    assert found(database, "r4") == Earlier((), withdrawn=True, in_quarantine=False)
    # Noted twice, or of what a person holds: nothing.
    database.write_now(earlier.note_withdrawn, ("r1", "r4"), now=2)
    assert states(database)[3] == "waiting"


def test_what_was_rejected_and_may_have_left_is_not_forgotten(database: SqliteDatabase) -> None:
    accept(database, 1, "r1", "r2", "r3", "r4", "r5")
    sort(database, {"r1": "jeanne", "r2": "paul", "r3": "jeanne", "r4": "jeanne"})
    for one, reason in (("r1", "not_allowed"), ("r2", "maybe_sent"), ("r3", "red_stop")):
        database.write_now(ledger.end, one, State.FAILED, reason, now=1)
    assert not found(database, "r4").maybe_sent
    assert database.write_now(decisions.reject, "r1", by="anne", now=2)
    assert not found(database, "r4").maybe_sent
    # Given to somebody else meanwhile, it may be whose this was at first.
    assert database.write_now(decisions.reject, "r2", by="anne", now=2)
    assert found(database, "r4").maybe_sent
    assert not found(database, "r1").maybe_sent
    database.write_now(ledger.end, "r2", State.DELIVERED, None, now=3)
    assert not found(database, "r4").maybe_sent
    assert database.write_now(decisions.reject, "r3", by="anne", now=4, may_have_left=True)
    assert found(database, "r4").maybe_sent


def test_what_is_in_quarantine_is_in_the_way_until_a_person_has_decided(
    database: SqliteDatabase,
) -> None:
    accept(database, 1, "r1", "r2", "r3")
    database.write_now(ledger.sort, [Sorted("r1", None, None, "nobody")], now=1)
    sort(database, {"r2": "paul", "r3": "jeanne"})
    database.write_now(ledger.end, "r2", State.FAILED, "x", now=1)
    assert found(database, "r3").in_quarantine
    decision = decisions.Decision(b"target", b"paul", "anne")
    assert database.write_now(decisions.assign, "r1", decision, now=7)
    assert not found(database, "r3").in_quarantine
    row = database.read_now(ledger.document, "r1")
    assert row is not None
    assert (row.state, row.lane, row.decided_by, row.decided_at) == (
        State.WAITING,
        b"paul",
        "anne",
        7,
    )
    # Whoever decides second changes nothing.
    assert not database.write_now(decisions.assign, "r1", decision, now=8)
    assert not database.write_now(decisions.reject, "r1", by="paul", now=8)
    database.write_now(ledger.end, "r1", State.TO_CHECK, "red_stop", now=9)
    assert database.write_now(ledger.try_again, "r1", now=9)
    row = database.read_now(ledger.document, "r1")
    assert row is not None
    assert (row.lane, row.decided_at) == (None, None)
