"""What is wrong with one purge holds up no other, and what is wrong with all ends the round."""

from __future__ import annotations

import itertools

import pytest
from simulation.purging import END, PurgeWorld
from simulation.refusing import purge_refused
from simulation.rows import NOW, Rows

from souspli_mailbox.jobs import NotYet
from souspli_mailbox.purge_round import PURGES_AT_ONCE
from souspli_mailbox.records import emptying, purges
from souspli_storage.errors import (
    DatabaseUnavailableError,
    NotDeletedError,
    StoreUnavailableError,
)


@pytest.fixture
def world(rows: Rows) -> PurgeWorld:
    return PurgeWorld(rows)


REFUSING = {
    "decide": "BEFORE INSERT",
    "told": "BEFORE UPDATE OF told_at",
    "empty": "BEFORE UPDATE OF deliveries",
    "forget": "BEFORE UPDATE OF ended_at",
    "anything": "BEFORE UPDATE",
}


@pytest.mark.parametrize("step", REFUSING)
async def test_a_row_that_the_database_refuses_holds_up_no_other(
    world: PurgeWorld, step: str
) -> None:
    poison = world.rows.invite(world.practice, "poison@example.org")
    others = [world.rows.invite(world.practice, f"p{n}@example.org", now=NOW + 1) for n in range(9)]
    world.deliver(poison, *others)
    world.now = END + 1
    with purge_refused(world.rows.database, REFUSING[step], invitation_id=poison.invitation_id):
        done = await world.purger.run(seconds=60)
    assert (done.ended, done.resisting, done.more) == (9, 1, False)
    assert all(purge is not None and purge.ended_at for purge in map(world.purge, others))
    world.now += purges.RESUME_SECONDS
    await world.run()
    ended = world.purge(poison)
    assert ended is not None
    assert ended.ended_at is not None


async def test_what_resists_is_tried_less_and_less_often_and_every_four_hours_at_last(
    world: PurgeWorld,
) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    tries: list[int] = []

    def held(_: str) -> None:
        tries.append(world.now - END)
        raise NotDeletedError(failures=[])

    world.blobs.delete = held  # type: ignore[method-assign]  # a store under a lock
    for _ in range(10):
        await world.run()
        world.now = world.one("SELECT resumes_at FROM purges")
    waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert waits == [300, 300, 600, 1_200, 2_400, 4_800, 9_600, 14_400, 14_400]


async def test_an_object_that_the_store_never_answers_about_holds_up_no_other(
    world: PurgeWorld,
) -> None:
    letters = [world.rows.invite(world.practice, f"p{n}@example.org") for n in range(12)]
    for letter in letters:
        world.deliver(letter)
    silent = set(sorted(world.blobs.objects())[: PURGES_AT_ONCE + 1])
    delete = world.blobs.delete

    def hang(key: str) -> None:
        if key in silent:
            raise StoreUnavailableError("no answer")
        delete(key)

    world.blobs.delete = hang  # type: ignore[method-assign]  # as above
    for _ in range(12):
        await world.run()
        world.now += purges.RESUME_SECONDS
    assert set(world.blobs.objects()) == silent
    # Of all of them, whatever the store does, nothing is left that could be opened.
    assert world.one("SELECT count(*) FROM covers") == 0


async def test_while_the_store_is_away_covers_go_all_the_same(world: PurgeWorld) -> None:
    letters = [world.rows.invite(world.practice, f"p{n}@example.org") for n in range(12)]
    for letter in letters:
        world.deliver(letter)
    asked: list[str] = []

    def hang(key: str) -> None:
        asked.append(key)
        raise StoreUnavailableError("no answer")

    world.blobs.delete = hang  # type: ignore[method-assign]  # as above
    done = await world.purger.run(seconds=60)
    assert (done.decided, done.ended, done.resisting, done.more) == (12, 0, 12, False)
    assert len(asked) == PURGES_AT_ONCE
    assert world.one("SELECT count(*) FROM covers") == 0


async def test_a_database_that_is_away_ends_the_round(
    world: PurgeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [world.rows.invite(world.practice, f"p{n}@example.org") for n in range(3)]
    world.now = END + 1

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(emptying, "forget_all", away)
        patch.setattr(emptying, "empty", away)
        patch.setattr(purges, "put_off", away)
        with pytest.raises(DatabaseUnavailableError):
            await world.purger.run(seconds=60)
        assert await world.run() == NotYet(world.now + purges.RESUME_SECONDS)
    await world.run()
    assert all(purge is not None and purge.ended_at for purge in map(world.purge, letters))
