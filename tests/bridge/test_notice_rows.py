"""Which notices are due is read off the ledger, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.test_ledger import database, sort

from souspli_cli.bridge import decisions, ledger
from souspli_cli.bridge.decisions import Decision
from souspli_cli.bridge.ledger_rows import AcceptedDocument, AcceptedMail, State
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.notices.rows import Kind, NoticeState, Patience

if TYPE_CHECKING:
    from souspli_storage.sqlite import SqliteDatabase

__all__ = ["database"]

HOUR = 3_600
PATIENCE = Patience(late=4 * HOUR, urgent_late=HOUR, too_late=48 * HOUR)


def accept(database: SqliteDatabase, *documents: str, at: int = 0) -> None:
    """Record a mail; a document whose id begins with ``u`` is urgent."""
    found = tuple(AcceptedDocument(one, None, is_urgent=one[0] == "u") for one in documents)
    mail = AcceptedMail(f"Q{documents[0]}", documents[0].encode() * 16, "sil", at, at, found)
    database.write_now(ledger.add_mails, [mail])


def decide(database: SqliteDatabase, now: int) -> list[tuple[str, Kind]]:
    """Have the table know what is due by then; give what it did not."""
    found = database.read_now(notice_rows.undecided, 100, patience=PATIENCE, now=now)
    if found:
        database.write_now(notice_rows.add, found, NoticeState.DUE, now=now)
    return [(one.document_id, one.kind) for one in found]


def test_what_waits_is_late_after_four_hours_and_if_urgent_after_one(
    database: SqliteDatabase,
) -> None:
    accept(database, "a", "u")
    assert decide(database, HOUR - 1) == []
    assert decide(database, HOUR) == [("u", Kind.DELAYED)]
    assert decide(database, 4 * HOUR - 1) == []
    assert decide(database, 4 * HOUR) == [("a", Kind.DELAYED)]
    assert decide(database, 40 * HOUR) == []


def test_what_a_person_must_look_at_or_was_refused_is_told_at_once(
    database: SqliteDatabase,
) -> None:
    accept(database, "a", "b", "c")
    database.write_now(ledger.end, "a", State.TO_CHECK, "nobody", now=1)
    database.write_now(ledger.end, "b", State.FAILED, "not_allowed", now=1)
    database.write_now(ledger.end, "c", State.DELIVERED, None, now=1)
    assert decide(database, 2) == [("a", Kind.TO_CHECK), ("b", Kind.FAILED)]
    assert [one.reason for one in database.read_now(notice_rows.due, 10, now=2)] == [
        "nobody",
        "not_allowed",
    ]
    assert decide(database, 2) == []


def test_what_has_waited_for_too_long_fails_and_nothing_else(database: SqliteDatabase) -> None:
    accept(database, "a", "b", "c")
    accept(database, "d", at=1)
    sort(database, {"a": "x", "d": "x"})
    database.write_now(ledger.end, "b", State.DELIVERED, None, now=1)
    database.write_now(ledger.end, "c", State.TO_CHECK, "nobody", now=1)
    assert not database.read_now(notice_rows.any_too_late, before=-1)
    assert database.read_now(notice_rows.any_too_late, before=0)
    assert database.write_now(notice_rows.give_up, before=0, now=9) == 1
    states = {one.document_id: one.state for one in database.read_now(ledger.rows, tuple(State), 9)}
    assert states == {"a": "failed", "b": "delivered", "c": "to-check", "d": "waiting"}


def test_what_was_begun_when_it_was_too_late_may_have_left(database: SqliteDatabase) -> None:
    accept(database, "a", "b", "c")
    accept(database, "d", at=1)
    database.write_now(ledger.end, "c", State.FAILED, "not_allowed", now=1)
    left = ("b", "c", "d", "of another bridge")
    assert database.write_now(notice_rows.give_up, before=0, now=9, may_have_left=left) == 2
    reasons = [one.reason for one in database.read_now(ledger.rows, tuple(State), 9)]
    assert reasons == ["too_late", "maybe_sent", "not_allowed", None]


def test_a_notice_that_is_not_true_any_more_is_never_sent(database: SqliteDatabase) -> None:
    accept(database, "a", "b")
    decide(database, 4 * HOUR)
    assert not database.read_now(notice_rows.any_outlived)
    database.write_now(ledger.end, "a", State.DELIVERED, None, now=1)
    assert [one.document_id for one in database.read_now(notice_rows.due, 9, now=5 * HOUR)] == ["b"]
    assert database.read_now(notice_rows.any_outlived)
    database.write_now(notice_rows.drop_outlived)
    assert database.read_now(notice_rows.count) == {(Kind.DELAYED, NoticeState.DUE): 1}


def test_after_retry_the_time_begins_anew_and_so_do_notices_but_not_those_to_look(
    database: SqliteDatabase,
) -> None:
    accept(database, "a", "b")
    assert decide(database, 4 * HOUR) == [("a", Kind.DELAYED), ("b", Kind.DELAYED)]
    database.write_now(notice_rows.give_up, before=0, now=48 * HOUR)
    database.write_now(ledger.end, "b", State.TO_CHECK, "nobody", now=1)
    assert decide(database, 48 * HOUR) == [("a", Kind.FAILED), ("b", Kind.TO_CHECK)]
    database.write_now(ledger.try_again, None, now=50 * HOUR)
    assert decide(database, 50 * HOUR) == []
    assert not database.read_now(notice_rows.any_too_late, before=49 * HOUR)
    assert decide(database, 54 * HOUR) == [("a", Kind.DELAYED), ("b", Kind.DELAYED)]
    database.write_now(ledger.end, "a", State.FAILED, "not_allowed", now=1)
    database.write_now(ledger.end, "b", State.TO_CHECK, "nobody", now=1)
    assert decide(database, 55 * HOUR) == [("a", Kind.FAILED)]


def test_what_a_person_assigns_waits_anew_and_is_told_of_anew_if_it_fails(
    database: SqliteDatabase,
) -> None:
    accept(database, "a", "b")
    database.write_now(ledger.end, "a", State.TO_CHECK, "nobody", now=1)
    assert decide(database, 1) == [("a", Kind.TO_CHECK)]
    for one in ("a", "b"):
        database.write_now(ledger.end, one, State.FAILED, "not_allowed", now=2)
    assert decide(database, 2) == [("a", Kind.FAILED), ("b", Kind.FAILED)]
    decision = Decision(b"target", b"paul", "anne")
    assert database.write_now(decisions.assign, "a", decision, now=50 * HOUR)
    assert not database.read_now(notice_rows.any_too_late, before=50 * HOUR - 1)
    assert decide(database, 50 * HOUR) == []
    assert decide(database, 54 * HOUR) == [("a", Kind.DELAYED)]
    assert database.write_now(notice_rows.give_up, before=50 * HOUR, now=98 * HOUR) == 1
    # The other's notices, and that somebody must look, are as they were.
    assert decide(database, 98 * HOUR) == [("a", Kind.FAILED)]
    database.write_now(ledger.end, "a", State.TO_CHECK, "nobody", now=98 * HOUR)
    assert decide(database, 98 * HOUR) == []


def test_notices_go_with_their_documents(database: SqliteDatabase) -> None:
    accept(database, "a")
    decide(database, 4 * HOUR)
    database.write_now(ledger.end, "a", State.DELIVERED, None, now=1)
    database.write_now(ledger.sweep, now=29 * ledger.DAY)
    assert database.read_now(notice_rows.count)
    database.write_now(ledger.sweep, now=31 * ledger.DAY)
    assert database.read_now(notice_rows.count) == {}
