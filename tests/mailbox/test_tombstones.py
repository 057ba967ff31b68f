"""Tombstones: what was deleted stays deleted, whatever database is put back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from simulation.rows import NOW, Practice, Rows, hex32
from sqlalchemy import Connection, select

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.errors import TombstonesNewerError
from souspli_mailbox.reapply import reapply_all, reapply_new
from souspli_mailbox.records import invitations
from souspli_mailbox.records.sweeps import CondemnedObject, condemned_objects
from souspli_mailbox.records.tombstones import SUBJECTS
from souspli_mailbox.schema import tables
from souspli_mailbox.tombstones import Kind, Reason, TombstoneKey, Tombstones, read_tombstone
from souspli_storage.errors import StoreDamagedError
from souspli_storage.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_storage.ledger import Entry

KEY = TombstoneKey(b"k" * 32)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


def count(connection: Connection) -> dict[str, int]:
    names = ("deposits", "deliveries", "covers", "sender_covers", "receipts", "jobs")
    return {
        name: len(connection.execute(select(tables.metadata.tables[name])).all()) for name in names
    }


def object_keys(rows: Rows) -> list[str]:
    return rows.database.read_now(lambda connection: list(SUBJECTS[Kind.DEPOSIT].ids(connection)))


def delivered(rows: Rows, practice: Practice, *, addresses: int = 2) -> None:
    invited = [rows.invite(practice, f"{hex32()}@example.org") for _ in range(addresses)]
    rows.deliver(practice, *((one.invitation_id, one.claim_fingerprint) for one in invited))


def test_a_line_says_nothing_that_the_key_does_not_tell(ledger: MemoryLedger) -> None:
    subject = hex32()
    tombstones = Tombstones(ledger, KEY)
    tombstones.write(Kind.DEPOSIT, [subject], reason=Reason.STALE_UPLOAD, now=NOW)
    (entry,) = ledger.read()
    assert re.fullmatch(
        r"001800000000\.deposit\.stale-upload\.[0-9a-f]{8}\.[0-9a-f]{64}", entry.line
    )
    assert subject not in entry.line
    read = read_tombstone(entry.line)
    assert read is not None
    assert (read.moment, read.kind, read.mark) == (NOW, "deposit", KEY.mark)
    assert read.digest == KEY.digest(Kind.DEPOSIT, subject)
    assert read.digest != KEY.digest(Kind.LETTER, subject)
    assert read.digest != TombstoneKey(b"o" * 32).digest(Kind.DEPOSIT, subject)
    assert "k" * 32 not in repr(tombstones)


@pytest.mark.parametrize("line", ["", "a", "1.deposit.x.00000000." + "0" * 64])
def test_what_is_no_tombstone_is_not_read_as_one(line: str) -> None:
    assert read_tombstone(line) is None


def test_every_kind_can_be_deleted_again() -> None:
    assert SUBJECTS.keys() == set(Kind)


def test_a_stored_deposit_goes_with_everything_about_it_and_no_other_does(
    rows: Rows, practice: Practice, ledger: MemoryLedger
) -> None:
    delivered(rows, practice)
    (gone,) = object_keys(rows)
    delivered(rows, practice, addresses=3)
    assert rows.database.read_now(count)["jobs"] == 5
    Tombstones(ledger, KEY).write(Kind.DEPOSIT, [gone], reason=Reason.STALE_UPLOAD, now=NOW)
    done = reapply_new(rows.database, ledger, key=KEY, now=NOW)
    assert (done.read, done.deleted, done.foreign) == (1, 1, 0)
    assert rows.database.read_now(count) == {
        "deposits": 1, "deliveries": 3, "covers": 3, "sender_covers": 1, "receipts": 0, "jobs": 3,
    }  # fmt: skip
    assert gone not in object_keys(rows)
    condemned = rows.database.read_now(condemned_objects, limit=9)
    assert condemned == (CondemnedObject(gone, "again"),)


def test_a_letter_that_was_replaced_is_worthless_again(
    rows: Rows, practice: Practice, ledger: MemoryLedger
) -> None:
    lost, other = rows.invite(practice), rows.invite(practice, "other@example.org")
    Tombstones(ledger, KEY).write(
        Kind.LETTER, [lost.invitation_id], reason=Reason.SUPERSEDED, now=NOW
    )
    assert reapply_new(rows.database, ledger, key=KEY, now=NOW).deleted == 1
    read = rows.database.read_now(
        invitations.read_invitation, invitation_id=lost.invitation_id, now=NOW
    )
    assert (read.status, read.address) == (InvitationStatus.SUPERSEDED, None)
    checks = rows.database.read_now(
        lambda connection: set(
            connection.execute(select(tables.person_checks.c.invitation_id)).scalars()
        )
    )
    assert checks == {other.invitation_id}
    # The patient can be invited anew.
    rows.invite(practice)


class Counting(MemoryLedger):
    """Counts the lines that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_read = 0

    def read(self, after: str | None = None) -> Iterator[Entry]:
        for entry in super().read(after):
            self.lines_read += 1
            yield entry


def test_with_nothing_new_not_a_line_is_read(rows: Rows) -> None:
    ledger = Counting()
    tombstones = Tombstones(ledger, KEY)
    tombstones.write(
        Kind.DEPOSIT, [hex32() for _ in range(10)], reason=Reason.STALE_UPLOAD, now=NOW
    )
    assert reapply_new(rows.database, ledger, key=KEY, now=NOW).read == 10
    ledger.lines_read = 0
    assert reapply_new(rows.database, ledger, key=KEY, now=NOW).read == 0
    assert ledger.lines_read == 0
    tombstones.write(Kind.DEPOSIT, [hex32()], reason=Reason.STALE_UPLOAD, now=NOW)
    assert reapply_new(rows.database, ledger, key=KEY, now=NOW).read == 1


def test_tombstones_in_many_batches_are_all_applied(
    rows: Rows, practice: Practice, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souspli_mailbox.reapply.TOMBSTONES_AT_ONCE", 2)
    monkeypatch.setattr("souspli_mailbox.reapply.DELETED_AT_ONCE", 1)
    for _ in range(5):
        rows.open_deposit(practice)
    keys = object_keys(rows)
    tombstones = Tombstones(ledger, KEY)
    tombstones.write(Kind.DEPOSIT, [*keys[:4], hex32()], reason=Reason.STALE_UPLOAD, now=NOW)
    assert reapply_new(rows.database, ledger, key=KEY, now=NOW).deleted == 4
    assert object_keys(rows) == keys[4:]


def test_another_database_s_tombstones_are_counted_and_harmless(
    rows: Rows, practice: Practice, ledger: MemoryLedger
) -> None:
    deposit = rows.open_deposit(practice)
    Tombstones(ledger, TombstoneKey(b"o" * 32)).write(
        Kind.DEPOSIT, [deposit.object_key], reason=Reason.STALE_UPLOAD, now=NOW
    )
    done = reapply_new(rows.database, ledger, key=KEY, now=NOW)
    assert (done.read, done.deleted, done.foreign) == (1, 0, 1)
    assert object_keys(rows) == [deposit.object_key]


def test_kinds_of_a_later_version_stop_the_start_and_are_met_by_every_later_one(
    rows: Rows, ledger: MemoryLedger
) -> None:
    """An older service must not bring back what it does not know how to delete."""
    ledger.append([f"{NOW:012d}.account.purged.{KEY.mark}.{'0' * 64}"])
    for _ in range(2):
        with pytest.raises(TombstonesNewerError):
            reapply_new(rows.database, ledger, key=KEY, now=NOW)


def test_a_ledger_of_something_else_stops_the_start(rows: Rows, ledger: MemoryLedger) -> None:
    ledger.append(["what-is-this"])
    with pytest.raises(StoreDamagedError):
        reapply_new(rows.database, ledger, key=KEY, now=NOW)


def test_after_a_restore_objects_without_rows_go_as_well(rows: Rows, ledger: MemoryLedger) -> None:
    """A bucket that was put back holds objects whose rows were gone before the backup."""
    gone, orphan = hex32(), hex32()
    Tombstones(ledger, KEY).write(Kind.DEPOSIT, [gone], reason=Reason.STALE_UPLOAD, now=NOW)
    reapply_new(rows.database, ledger, key=KEY, now=NOW)
    for _ in range(2):
        reapply_all(
            rows.database, ledger, key=KEY, now=NOW, object_keys=lambda: iter([orphan, gone])
        )
    assert rows.database.read_now(condemned_objects, limit=9) == (CondemnedObject(gone, "again"),)
