"""The sweep: what is due goes, in rows and store; what is not due stays; any crash is mended."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import structlog
from s3_proxy import proxy, refusal
from s3_server import S3Server
from simulation.databases import Place
from simulation.rows import DAY, NO_QUOTA, NOW, Practice, Rows, hex32, hex64

from souspli_keys.login import NONCE_SECONDS
from souspli_mailbox.jobs import NotYet
from souspli_mailbox.records import claims, deposits, nonces, organisations, sessions, throttles
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.jobs import Job, JobName
from souspli_mailbox.records.nonces import NoncePurpose
from souspli_mailbox.records.sent import sent_deposits
from souspli_mailbox.records.service_facts import Fact, keep_fact
from souspli_mailbox.records.sweeps import condemned_objects
from souspli_mailbox.records.throttles import Throttle
from souspli_mailbox.retention import SWEEP_EVERY_SECONDS, due
from souspli_mailbox.sweep import AGAIN_SECONDS, OBJECTS_AT_ONCE, Sweeper, orphans_prefix
from souspli_mailbox.tombstones import Kind, TombstoneKey, Tombstones, read_tombstone
from souspli_storage.blobs import BlobStore, Part
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import NoSuchObjectError, StoreUnavailableError
from souspli_storage.memory import Fault, MemoryBlobs
from souspli_storage.memory_ledger import MemoryLedger
from souspli_storage.s3 import open_s3, open_s3_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from souspli_mailbox.records.deposits import NewDeposit
    from souspli_storage.ledger import Ledger

JOB = Job(job_id=1, name=JobName.SWEEP, ids={}, attempts=1, lease="", lease_until=0)
KEY = TombstoneKey(b"k" * 32)
DATA = b"sealed"
PART = Part(0, len(DATA), hashlib.sha256(DATA).digest())


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "documents")


async def sweep(rows: Rows, blobs: BlobStore, *, now: int, ledger: Ledger | None = None) -> NotYet:
    outcome = await Sweeper(
        database=rows.database,
        blobs=blobs,
        tombstones=Tombstones(MemoryLedger() if ledger is None else ledger, KEY),
        clock=lambda: float(now),
    ).sweep(JOB)
    assert isinstance(outcome, NotYet)
    return outcome


def put(blobs: BlobStore, key: str, *, complete: bool = False) -> None:
    blobs.begin(key)
    blobs.put_part(key, 0, DATA, PART.sha256)
    if complete:
        blobs.complete(key, [PART])


def keys(blobs: BlobStore) -> set[str]:
    return {*blobs.incomplete(), *blobs.objects()}


def exists(rows: Rows, deposit: NewDeposit) -> bool:
    try:
        rows.database.read_now(
            deposits.read_deposit,
            organisation=deposit.organisation,
            document_id=deposit.document_id,
        )
    except NotFoundError:
        return False
    return True


def test_an_upload_is_due_after_24_hours_and_other_things_at_their_expiry() -> None:
    now_due = due(NOW)
    assert now_due.upload_opened_at == NOW - DAY
    assert now_due.nonce_expires_at == now_due.session_expires_at == NOW
    assert now_due.claim_session_expires_at == now_due.throttle_expires_at == NOW
    assert now_due.admission_code_expires_at == NOW - DAY
    assert now_due.notification_mailed_at == NOW - 2 * DAY


async def test_a_stale_upload_goes_with_its_parts_and_a_young_one_stays(
    rows: Rows, practice: Practice, blobs: DiskBlobs
) -> None:
    stale, completed = rows.open_deposit(practice), rows.open_deposit(practice)
    young = rows.open_deposit(practice, now=NOW + 1)
    put(blobs, stale.object_key)
    put(blobs, young.object_key)
    put(blobs, completed.object_key, complete=True)  # step 3 done, step 4 never
    await sweep(rows, blobs, now=NOW + DAY)
    assert keys(blobs) == {young.object_key}
    assert [exists(rows, one) for one in (stale, completed, young)] == [False, False, True]


async def test_an_upload_that_was_resumed_has_another_24_hours(
    rows: Rows, practice: Practice, blobs: DiskBlobs
) -> None:
    deposit = rows.open_deposit(practice)
    put(blobs, deposit.object_key)
    rows.database.write_now(deposits.open_deposit, deposit=deposit, quota=NO_QUOTA, now=NOW + 3600)
    await sweep(rows, blobs, now=NOW + DAY)
    assert keys(blobs) == {deposit.object_key}


async def test_a_stored_document_stays(rows: Rows, practice: Practice, blobs: DiskBlobs) -> None:
    invitation = rows.invite(practice)
    made = rows.deliver(practice, (invitation.invitation_id, invitation.claim_fingerprint))
    assert len(made) == 1
    (sent,) = rows.database.read_now(
        sent_deposits, member=practice.member.fingerprint, after=None, limit=1
    )
    kept = rows.database.read_now(
        deposits.read_deposit,
        organisation=practice.organisation.fingerprint,
        document_id=sent.document_id,
    )
    put(blobs, kept.object_key, complete=True)
    await sweep(rows, blobs, now=NOW + 29 * DAY)
    assert blobs.read(kept.object_key, 0, 100) == DATA


async def test_objects_that_no_row_knows_are_orphans(rows: Rows, blobs: DiskBlobs) -> None:
    put(blobs, hex32())
    put(blobs, orphans_prefix(NOW) + hex32()[2:], complete=True)
    await sweep(rows, blobs, now=NOW)
    assert keys(blobs) == set()


async def test_every_orphan_is_found_within_256_hours(rows: Rows) -> None:
    blobs = MemoryBlobs()
    orphan = hex32()
    put(blobs, orphan, complete=True)
    hours = [NOW + hour * SWEEP_EVERY_SECONDS for hour in range(256)]
    assert len({orphans_prefix(hour) for hour in hours}) == 256
    (its,) = (hour for hour in hours if orphan.startswith(orphans_prefix(hour)))
    other = hours[hours.index(its) - 1]
    await sweep(rows, blobs, now=other)
    assert keys(blobs) == {orphan}
    await sweep(rows, blobs, now=its)
    assert keys(blobs) == set()


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER])
async def test_what_could_not_be_deleted_stays_condemned_and_goes_with_a_later_sweep(
    rows: Rows, practice: Practice, fault: Fault
) -> None:
    blobs = MemoryBlobs()
    first, second = rows.open_deposit(practice), rows.open_deposit(practice)
    put(blobs, first.object_key)
    put(blobs, second.object_key)
    failed: list[str] = []

    def once(operation: str) -> Fault | None:
        if operation == "delete" and not failed:
            failed.append(operation)
            return fault
        return None

    blobs.fault = once
    await sweep(rows, blobs, now=NOW + DAY)
    condemned = rows.database.read_now(condemned_objects, limit=10)
    assert len(condemned) == 1
    assert len(keys(blobs)) == (1 if fault is Fault.BEFORE else 0)
    await sweep(rows, blobs, now=NOW + DAY + 1)
    assert keys(blobs) == set()
    assert rows.database.read_now(condemned_objects, limit=10) == ()


async def test_a_document_swept_under_an_upload_can_be_deposited_anew(
    rows: Rows, practice: Practice, blobs: DiskBlobs
) -> None:
    deposit = rows.open_deposit(practice)
    put(blobs, deposit.object_key)
    await sweep(rows, blobs, now=NOW + DAY)
    with pytest.raises(NoSuchObjectError):
        blobs.complete(deposit.object_key, [PART])
    rows.database.write_now(deposits.open_deposit, deposit=deposit, quota=NO_QUOTA, now=NOW + DAY)
    assert exists(rows, deposit)


async def test_many_deletions_are_spread_over_runs(rows: Rows) -> None:
    blobs = MemoryBlobs()
    for _ in range(OBJECTS_AT_ONCE + 1):
        put(blobs, hex32())
    assert await sweep(rows, blobs, now=NOW) == NotYet(NOW)
    assert len(keys(blobs)) == 1
    assert await sweep(rows, blobs, now=NOW) == NotYet(NOW + 3600)
    assert keys(blobs) == set()


async def test_expired_rows_go_and_those_in_force_stay(
    rows: Rows, practice: Practice, blobs: DiskBlobs
) -> None:
    account = practice.account
    invitation = rows.invite(practice)
    for expires_at in (NOW, NOW + 1):
        rows.database.write_now(
            nonces.keep_nonce,
            nonce=str(expires_at).encode(),
            purpose=NoncePurpose.CLAIM,
            subject="a",
            drawn_by="nonces-a",
            now=expires_at - NONCE_SECONDS,
        )
        rows.database.write_now(
            sessions.open_session,
            token_hash=hex64(),
            account_number=account.account_number,
            unlocker_id=account.unlockers[0].unlocker_id,
            client="browser",
            now=NOW - 100,
            expires_at=expires_at,
        )
        rows.database.write_now(
            claims.open_claim_session,
            token_hash=hex64(),
            claim_session_id=hex32(),
            invitation_id=invitation.invitation_id,
            client="browser",
            now=NOW - 100,
            expires_at=expires_at,
        )
        rows.database.write_now(
            throttles.keep_throttle,
            throttle_key=hex32(),
            throttle=Throttle(failures=1, window_started_at=NOW, blocked_until=NOW),
            expires_at=expires_at,
        )
        rows.database.write_now(
            organisations.keep_admission_code,
            code_hash=hex64(),
            now=NOW - 8 * DAY,
            expires_at=expires_at - DAY,
        )
    names = ("nonces", "sessions", "claim_sessions", "throttles")

    def count(connection: Connection) -> list[int]:
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608  (names of tables)
            for name in (*names, "admission_codes")
        ]

    # The count of drawn nonces is a third throttle; one code admitted the practice.
    assert rows.database.read_now(count) == [2, 2, 2, 3, 3]
    await sweep(rows, blobs, now=NOW)
    assert rows.database.read_now(count) == [1, 1, 1, 1, 2]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_what_was_swept_is_in_no_file_of_the_database(
    place: Place, rows: Rows, blobs: DiskBlobs
) -> None:
    subject = hex32()
    rows.database.write_now(
        nonces.keep_nonce,
        nonce=b"n",
        purpose=NoncePurpose.CLAIM,
        subject=subject,
        drawn_by="nonces-a",
        now=NOW - NONCE_SECONDS,
    )

    def found() -> bool:
        files = place.folder.glob("mailbox.sqlite*")
        return any(subject.encode() in path.read_bytes() for path in files)

    assert found()
    await sweep(rows, blobs, now=NOW)
    assert not found()


async def test_a_stale_upload_gets_its_tombstone_before_the_store_forgets_it(
    rows: Rows, practice: Practice
) -> None:
    blobs, ledger = MemoryBlobs(), MemoryLedger()
    deposit = rows.open_deposit(practice)
    put(blobs, deposit.object_key)
    digest = KEY.digest(Kind.DEPOSIT, deposit.object_key)
    seen: list[bool] = []

    def look(operation: str) -> Fault | None:
        if operation == "delete":
            seen.append(any(line_digest(entry.line) == digest for entry in ledger.read()))
        return None

    blobs.fault = look
    await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
    assert seen == [True]


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER, Fault.FULL])
async def test_without_its_tombstone_nothing_is_deleted_and_a_later_sweep_does_it(
    rows: Rows, practice: Practice, fault: Fault
) -> None:
    blobs, ledger = MemoryBlobs(), MemoryLedger()
    deposit = rows.open_deposit(practice)
    put(blobs, deposit.object_key)
    ledger.fault = lambda: fault
    with structlog.testing.capture_logs() as logged:
        outcome = await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
    assert outcome == NotYet(NOW + DAY + AGAIN_SECONDS)
    assert keys(blobs) == {deposit.object_key}
    (said,) = [line for line in logged if line["event"] == "tombstones-not-written"]
    assert (said["count"], said["log_level"]) == (1, "warning")
    (line,) = [line for line in logged if line["event"] == "swept"]
    assert (line["objects"], line["left"]) == (0, 1)
    ledger.fault = lambda: None
    await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
    assert keys(blobs) == set()
    assert {line_digest(entry.line) for entry in ledger.read()} == {
        KEY.digest(Kind.DEPOSIT, deposit.object_key)
    }


async def test_what_needs_no_tombstone_makes_room_for_those_that_a_full_store_refuses(
    rows: Rows, practice: Practice
) -> None:
    """However many of the others are before it."""
    blobs, ledger = MemoryBlobs(), MemoryLedger()
    orphan = orphans_prefix(NOW + DAY) + hex32()[2:]
    put(blobs, orphan, complete=True)
    for _ in range(OBJECTS_AT_ONCE + 1):
        put(blobs, rows.open_deposit(practice).object_key)
    ledger.fault = lambda: Fault.FULL
    await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
    assert orphan not in keys(blobs)
    assert len(keys(blobs)) == OBJECTS_AT_ONCE + 1
    ledger.fault = lambda: None
    assert await sweep(rows, blobs, now=NOW + DAY, ledger=ledger) == NotYet(NOW + DAY)
    await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
    assert keys(blobs) == set()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refusal("507 Insufficient Storage", "InsufficientStorage"), "StorageFullError"),
        (refusal("403 Forbidden", "QuotaExceeded"), "StorageFullError"),
        (refusal("503 Slow Down", "SlowDown"), "StoreUnavailableError"),
        (refusal("403 Forbidden", "AccessDenied"), "StoreRefusedError"),
    ],
    ids=["full", "quota", "slow", "refused"],
)
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_bucket_that_takes_no_tombstone_keeps_its_object(
    rows: Rows, practice: Practice, s3_server: S3Server, answer: bytes, failure: str
) -> None:
    """Deleting there would work: only what is to be kept is refused."""
    deposit = rows.open_deposit(practice)
    with proxy(s3_server.server.endpoint) as store:
        location = s3_server.place(endpoint=store.endpoint)
        blobs, ledger = open_s3(location), open_s3_ledger(location)
        blobs.begin(deposit.object_key)
        before = s3_server.listing(location)
        store.refusal = answer
        with structlog.testing.capture_logs() as logged:
            await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
        (said,) = [line for line in logged if line["event"] == "tombstones-not-written"]
        assert said["failure"] == failure
        assert deposit.object_key not in str(logged)
        assert s3_server.listing(location) == before
        store.refusal = None
        with structlog.testing.capture_logs() as logged:
            await sweep(rows, blobs, now=NOW + DAY, ledger=ledger)
        (line,) = [line for line in logged if line["event"] == "swept"]
        assert (line["objects"], line["left"]) == (1, 0)
        assert list(blobs.incomplete()) == []
        assert [line_digest(entry.line) for entry in ledger.read()] == [
            KEY.digest(Kind.DEPOSIT, deposit.object_key)
        ]


async def test_what_resists_for_days_has_one_tombstone(rows: Rows, practice: Practice) -> None:
    blobs, ledger = MemoryBlobs(), MemoryLedger()
    deposit = rows.open_deposit(practice)
    put(blobs, deposit.object_key)
    blobs.fault = lambda operation: Fault.BEFORE if operation == "delete" else None
    for hour in range(3):
        await sweep(rows, blobs, now=NOW + DAY + hour * SWEEP_EVERY_SECONDS, ledger=ledger)
    assert keys(blobs) == {deposit.object_key}
    assert len(list(ledger.read())) == 1
    blobs.fault = lambda _: None
    await sweep(rows, blobs, now=NOW + 2 * DAY, ledger=ledger)
    assert keys(blobs) == set()


async def test_an_orphan_gets_none_since_another_backup_may_know_it(rows: Rows) -> None:
    blobs, ledger = MemoryBlobs(), MemoryLedger()
    put(blobs, orphans_prefix(NOW) + hex32()[2:], complete=True)
    await sweep(rows, blobs, now=NOW, ledger=ledger)
    assert keys(blobs) == set()
    assert list(ledger.read()) == []


async def test_for_two_weeks_after_a_restore_no_object_is_condemned(
    rows: Rows, practice: Practice
) -> None:
    """Whoever restored the wrong backup first must find the right one's objects."""
    blobs = MemoryBlobs()
    orphan = orphans_prefix(NOW + 14 * DAY) + hex32()[2:]
    upload = rows.open_deposit(practice)
    put(blobs, orphan, complete=True)
    put(blobs, upload.object_key)
    rows.database.write_now(keep_fact, fact=Fact.RESTORED_AT, value=str(NOW))
    await sweep(rows, blobs, now=NOW + 14 * DAY - 1)
    assert keys(blobs) == {orphan, upload.object_key}
    await sweep(rows, blobs, now=NOW + 14 * DAY)
    assert keys(blobs) == set()


def line_digest(line: str) -> bytes | None:
    tombstone = read_tombstone(line)
    return None if tombstone is None else tombstone.digest


async def test_leftovers_that_can_not_be_swept_keep_nothing_that_is_due(rows: Rows) -> None:
    class Stubborn(MemoryBlobs):
        def sweep(self) -> None:
            raise StoreUnavailableError("not now")

    blobs = Stubborn()
    put(blobs, hex32())
    await sweep(rows, blobs, now=NOW)
    assert keys(blobs) == set()
