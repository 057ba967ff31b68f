"""A store that lies when it lists: nothing that a row names goes, and everything ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from simulation.backups import World, delete_document
from simulation.rows import NOW, Rows, hex32
from sqlalchemy import select

from souspli_mailbox import listings, sweep
from souspli_mailbox.backup import restore
from souspli_mailbox.backup.progress import untold
from souspli_mailbox.jobs import NotYet
from souspli_mailbox.records.jobs import Job, JobName
from souspli_mailbox.records.sweeps import condemned_objects
from souspli_mailbox.retention import SWEEP_EVERY_SECONDS
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import DatabaseSettings
from souspli_mailbox.sweep import Sweeper, orphans_prefix
from souspli_mailbox.tombstones import TombstoneKey, Tombstones
from souspli_storage.blobs import KEY
from souspli_storage.errors import NoSuchObjectError, StoreDamagedError, StoreUnavailableError
from souspli_storage.memory import MemoryBlobs
from souspli_storage.memory_ledger import MemoryLedger

JOB = Job(job_id=1, name=JobName.SWEEP, ids={}, attempts=1, lease="", lease_until=0)
NO_KEYS = ("", "a", "ab" * 15, "AB" * 16, "ab" * 16 + "\n", "\n" + "ab" * 16, "../" + "a" * 29,
           "ab" * 16 + ".parts", "é" * 32, "٣" * 32, "ab" * 500_000)  # fmt: skip

Lie = Callable[[Iterator[str]], Iterator[str]]


class LyingBlobs(MemoryBlobs):
    """Lists what `lie` makes of the truth."""

    def __init__(self, lie: Lie) -> None:
        super().__init__()
        self.lie = lie
        self.asked_to_delete: list[str] = []

    def objects(self, prefix: str = "") -> Iterator[str]:
        return self.lie(super().objects(prefix))

    def incomplete(self, prefix: str = "") -> Iterator[str]:
        return self.lie(super().incomplete(prefix))

    def delete(self, key: str) -> None:
        self.asked_to_delete.append(key)
        super().delete(key)


def nothing(_truth: Iterator[str]) -> Iterator[str]:
    return iter(())


def no_keys(truth: Iterator[str]) -> Iterator[str]:
    yield from NO_KEYS
    yield from truth


def everything_twice(truth: Iterator[str]) -> Iterator[str]:
    return itertools.chain.from_iterable((key, key) for key in truth)


def inventions(truth: Iterator[str]) -> Iterator[str]:
    yield from truth
    yield from (orphans_prefix(NOW) + hex32()[2:] for _ in range(700))


def endless_inventions(truth: Iterator[str]) -> Iterator[str]:
    yield from truth
    while True:
        yield orphans_prefix(NOW) + hex32()[2:]


def endless_no_keys(truth: Iterator[str]) -> Iterator[str]:
    yield from truth
    yield from itertools.repeat("no key")


def endless_truth(truth: Iterator[str]) -> Iterator[str]:
    return itertools.cycle([*truth, "0" * 32])


def broken_off(truth: Iterator[str]) -> Iterator[str]:
    yield from truth
    raise StoreUnavailableError("in the middle of a page")


LIES: tuple[Lie, ...] = (
    nothing,
    no_keys,
    everything_twice,
    inventions,
    endless_inventions,
    endless_no_keys,
    endless_truth,
    broken_off,
)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience enough for a few thousand keys."""
    monkeypatch.setattr(listings, "MOST_LISTED", 5_000)


async def swept(rows: Rows, blobs: MemoryBlobs, ledger: MemoryLedger) -> dict[str, int]:
    counted: dict[str, int] = {}
    sweeper = Sweeper(
        database=rows.database,
        blobs=blobs,
        tombstones=Tombstones(ledger, TombstoneKey(b"k" * 32)),
        clock=lambda: float(NOW),
        observer=counted.update,
    )
    outcome = await sweeper.sweep(JOB)
    assert isinstance(outcome, NotYet)
    assert outcome.run_at <= NOW + SWEEP_EVERY_SECONDS
    sweeper.close()
    return counted


def named(rows: Rows) -> set[str]:
    statement = select(tables.deposits.c.object_key)
    return rows.database.read_now(lambda connection: set(connection.execute(statement).scalars()))


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_sweep_deletes_nothing_that_a_row_names_and_ends(rows: Rows, lie: Lie) -> None:
    blobs, ledger = LyingBlobs(lie), MemoryLedger()
    practice = rows.admit()
    for invitation in (rows.invite(practice), rows.invite(practice, "other@example.org")):
        rows.deliver(practice, (invitation.invitation_id, invitation.claim_fingerprint))
    rows.open_deposit(practice)
    for key in named(rows):
        blobs.begin(key)
    with structlog.testing.capture_logs() as logged:
        counted = await swept(rows, blobs, ledger)
    assert not {*blobs.asked_to_delete} & named(rows)
    assert all(KEY.fullmatch(key) for key in blobs.asked_to_delete)
    assert {*MemoryBlobs.incomplete(blobs)} == named(rows)
    assert len(named(rows)) == 3
    # A table that grows with every hour is what a store must not be able to make of us.
    left = rows.database.read_now(condemned_objects, limit=10_000)
    assert len(left) + counted["objects"] <= sweep.ORPHANS_AT_ONCE + sweep.KEYS_AT_ONCE
    messages = {line["event"] for line in logged}
    if lie in {no_keys, endless_no_keys}:
        assert "listing-strange" in messages
    if lie in {endless_no_keys, endless_truth, broken_off}:
        assert "orphans-not-looked-for" in messages
    assert not [line for line in logged if "ab" * 16 in str(line)]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_what_is_due_goes_although_the_listing_has_no_end(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs, within one page or between them: its thread is lost, and no other."""
    monkeypatch.setattr(sweep, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(listings, "MOST_LISTED", 3_000_000)
    blobs = LyingBlobs(endless_no_keys)
    condemned = hex32()
    blobs.begin(condemned)
    rows.database.write_now(sweep.condemn_orphans, object_keys=[condemned], now=NOW)
    counted = await swept(rows, blobs, MemoryLedger())
    assert counted["objects"] == 1
    assert blobs.asked_to_delete == [condemned]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_restore_condemns_what_tombstones_name_alone_and_ends(
    lie: Lie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "data", DatabaseSettings())
    world.fill()
    deleted = delete_document(world)
    before = world.rows()["deposits"]

    class Lying(type(world.blobs)):  # type: ignore[misc]  # whichever store the settings have
        def objects(self, prefix: str = "") -> Iterator[str]:
            return lie(super().objects(prefix))

    lying = Lying(world.settings.data / "documents")
    monkeypatch.setattr(restore, "open_blobs", lambda _: lying)
    if lie in {endless_inventions, endless_no_keys, endless_truth, broken_off}:
        with pytest.raises((StoreDamagedError, StoreUnavailableError)):
            restore.after_restore(world.settings, now=NOW, told=untold)
    else:
        done = restore.after_restore(world.settings, now=NOW, told=untold)
        assert done.missing == ()
        assert done.strange == (len(NO_KEYS) if lie is no_keys else 0)
    assert world.rows()["deposits"] == before
    with world.connect() as database:
        condemned = database.read_now(condemned_objects, limit=10)
    assert {one.object_key for one in condemned} <= {deleted}
    with pytest.raises(NoSuchObjectError):
        world.blobs.size(deleted)
