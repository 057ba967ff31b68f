"""The ledger says how far each document has come, and what may be sent now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from souspli_cli.bridge import decisions, ledger
from souspli_cli.bridge.ledger import DAY, open_ledger
from souspli_cli.bridge.ledger_rows import AcceptedDocument, AcceptedMail, Sorted, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from souspli_storage.sqlite import SqliteDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """An empty ledger."""
    with open_ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


def accept(database: SqliteDatabase, number: int, *documents: str, at: int = 0) -> None:
    """Record a mail with these documents; one whose id begins with ``r`` is a report."""
    mail = AcceptedMail(
        f"Q{number}",
        bytes([number]) * 32,
        "sil",
        at,
        at,
        tuple(
            AcceptedDocument(one, one[:1].encode() if one[0] == "r" else None) for one in documents
        ),
    )
    database.write_now(ledger.add_mails, [mail])


def sort(database: SqliteDatabase, lanes: dict[str, str]) -> None:
    """Say whose documents these are."""
    found = [Sorted(one, b"target", lane.encode(), None) for one, lane in lanes.items()]
    database.write_now(ledger.sort, found, now=1)


def due(database: SqliteDatabase, now: int = 10) -> list[str]:
    """The documents that may be sent."""
    return [row.document_id for row in database.read_now(ledger.due, 100, now=now)]


def test_a_mail_is_recorded_once(database: SqliteDatabase) -> None:
    accept(database, 1, "a", "b")
    accept(database, 1, "a", "b")
    assert [row.document_id for row in database.read_now(ledger.unsorted, 10)] == ["a", "b"]
    assert database.read_now(ledger.repeated, bytes([1]) * 32) == "Q1"
    assert database.read_now(ledger.repeated, bytes([2]) * 32) is None


def test_another_file_of_the_same_mail_adds_nothing(database: SqliteDatabase) -> None:
    accept(database, 1, "a")
    twin = AcceptedMail("Q9", bytes([1]) * 32, "sil", 0, 0, (AcceptedDocument("z", None),))
    database.write_now(ledger.add_mails, [twin])
    assert [row.document_id for row in database.read_now(ledger.unsorted, 10)] == ["a"]
    assert database.read_now(ledger.known_mails, ["Q1", "Q9"]) == {"Q1"}


def test_documents_are_due_in_order_and_none_before_an_older_one_of_its_lane(
    database: SqliteDatabase,
) -> None:
    accept(database, 1, "a", "b", "c", "d")
    assert due(database) == []
    sort(database, {"a": "jeanne", "b": "paul", "c": "jeanne", "d": "paul"})
    assert due(database) == ["a", "b", "c", "d"]
    database.write_now(ledger.postpone, "a", "unexpected", until=100)
    assert due(database) == ["b", "d"]
    assert database.read_now(ledger.next_due) == 0
    assert due(database, now=100) == ["a", "b", "c", "d"]
    database.write_now(ledger.end, "a", State.TO_CHECK, "red_stop", now=1)
    assert due(database) == ["b", "c", "d"]


def test_a_mail_is_settled_once_nothing_of_it_is_needed(database: SqliteDatabase) -> None:
    accept(database, 1, "a", "b")
    assert not database.read_now(ledger.is_settled, "Q1")
    database.write_now(ledger.end, "a", State.DELIVERED, None, now=1)
    database.write_now(ledger.end, "b", State.FAILED, "x", now=1)
    assert not database.read_now(ledger.is_settled, "Q1")
    assert database.write_now(decisions.reject, "b", by="anne", now=1)
    assert database.read_now(ledger.is_settled, "Q1")
    assert not database.read_now(ledger.is_settled, "Q2")


def test_only_what_is_to_be_checked_or_failed_is_tried_again_or_rejected(
    database: SqliteDatabase,
) -> None:
    accept(database, 1, "a", "b", "c", "d")
    sort(database, dict.fromkeys("abcd", "jeanne"))
    database.write_now(ledger.end, "b", State.DELIVERED, None, now=1)
    database.write_now(ledger.end, "c", State.FAILED, "x", now=1)
    database.write_now(ledger.end, "d", State.TO_CHECK, "nobody", now=1)
    for untouched in ("a", "b", "z"):
        assert database.write_now(ledger.try_again, untouched, now=1) == 0
        assert not database.write_now(decisions.reject, untouched, by="anne", now=1)
    assert database.write_now(ledger.try_again, None, now=1) == 2
    unsorted = database.read_now(ledger.unsorted, 10)
    assert [(row.document_id, row.reason) for row in unsorted] == [("c", None), ("d", None)]


def test_a_correction_finds_the_newest_delivered_report_of_the_same_people(
    database: SqliteDatabase,
) -> None:
    accept(database, 1, "r1", "r2", "r3", "r4")
    sort(database, {"r1": "jeanne", "r2": "jeanne", "r3": "jeanne", "r4": "paul"})
    for one in ("r1", "r2", "r4"):
        database.write_now(ledger.end, one, State.DELIVERED, None, now=1)
    assert database.read_now(ledger.reported, [b"r"], b"jeanne", before="r4") == "r2"
    # Held up in quarantine, say: what came after it is not older for that.
    assert database.read_now(ledger.reported, [b"r"], b"jeanne", before="r2") == "r1"
    assert database.read_now(ledger.reported, [b"s"], b"jeanne", before="r4") is None
    assert database.read_now(ledger.reported, [], b"jeanne", before="r4") is None


def test_rows_go_when_their_time_is_over_and_nothing_waits(database: SqliteDatabase) -> None:
    accept(database, 1, "a", "r1")
    accept(database, 2, "b")
    sort(database, {"a": "x", "r1": "x", "b": "x"})
    for one in ("a", "r1"):
        database.write_now(ledger.end, one, State.DELIVERED, None, now=0)
    assert database.write_now(ledger.sweep, now=30 * DAY) == 0
    assert database.write_now(ledger.sweep, now=31 * DAY) == 2
    left = [row.document_id for row in database.read_now(ledger.rows, tuple(State), 10)]
    assert left == ["r1", "b"]
    assert database.read_now(ledger.reported, [b"r"], b"x", before="b") == "r1"
    assert database.write_now(ledger.sweep, now=731 * DAY) == 1
    assert database.read_now(ledger.repeated, bytes([2]) * 32) == "Q2"


def test_it_counts(database: SqliteDatabase) -> None:
    accept(database, 1, "a", at=7)
    accept(database, 2, "b", at=9)
    database.write_now(ledger.end, "a", State.DELIVERED, None, now=1)
    counts = database.read_now(ledger.counts)
    assert counts.by_state == {State.DELIVERED: 1, State.WAITING: 1}
    assert counts.oldest_waiting == 9


def test_ids_are_found_by_their_beginning(database: SqliteDatabase) -> None:
    accept(database, 1, "ab1", "ab2", "cd")
    assert database.read_now(ledger.matching, "cd") == ["cd"]
    assert database.read_now(ledger.matching, "ab") == ["ab1", "ab2"]
    assert database.read_now(ledger.matching, "%") == []


def test_what_is_asked_before_each_document_reads_no_backlog(database: SqliteDatabase) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database._reader, "before_cursor_execute", note)
    database.read_now(ledger.unsorted, 1)
    database.read_now(ledger.is_first, "d")
    event.remove(database._reader, "before_cursor_execute", note)
    assert len(asked) == 2
    for statement, parameters in asked:
        with database._reader.begin() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert "INDEX ix_documents_lane (lane=? AND state=?" in "\n".join(
                row[3] for row in plan
            )
