"""What can't be read is its own document's matter; what the machine lacks is nobody's."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import msgspec
import pytest
from bridge.test_spool import SECRET, documents, slip_of

from souspli_cli.bridge import ledger, starting
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.fresh_slips import FreshSlips
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.policy import Policy
from souspli_cli.bridge.routing import Domain, Person
from souspli_cli.bridge.sending.sorting import Sorter
from souspli_cli.bridge.spool import MailSpool, new_queue_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from souspli_cli.bridge.routing import TraitsKey
    from souspli_storage.database import Database

FIRST, SECOND = "first@exemple.fr", "second@exemple.fr"


class FailingBook:
    """Knows everybody by address, but for entries that fail; nobody by anything else."""

    def __init__(self) -> None:
        self.failures: dict[str, Exception] = {}

    def person(self, address: str) -> Person | None:
        if address in self.failures:
            raise self.failures[address]
        return Person(address, "Durand", None, "Jeanne", "1961-03-02", "F")

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:
        del key
        return ()

    def with_ins(self, matricule: str) -> Sequence[Person]:
        del matricule
        return ()


class World:
    """Two accepted mails, one for each of two people."""

    def __init__(self, folder: Path, database: Database) -> None:
        folder.mkdir()
        self.database = database
        self.spool = MailSpool(folder, SECRET)
        self.book = FailingBook()
        self.sorter = Sorter(
            database,
            self.spool,
            book=self.book,
            domain=Domain("pont.example"),
            policy=Policy(),
            digests=Digests.of(SECRET),
            secret=SECRET,
            clock=lambda: 2_000.0,
            fresh=FreshSlips(),
        )
        self.queue_ids = [self._accepted(FIRST, 1), self._accepted(SECOND, 2)]
        starting.recover(database, self.spool, Digests.of(SECRET))

    def _accepted(self, address: str, order: int) -> str:
        queue_id, sealed = new_queue_id(), documents(b"x")
        slip = msgspec.structs.replace(
            slip_of(queue_id, 1), recipients=(address,), order=order, repeat=f"{order:064x}"
        )
        self.spool.put(slip, sealed)
        self.spool.finish(queue_id)
        return queue_id

    def outcome(self) -> list[tuple[State, str | None, bool]]:
        """State, reason and whether it is sorted, of each."""
        rows = self.database.read_now(ledger.rows, tuple(State), 10)
        return [(row.state, row.reason, row.target is not None) for row in rows]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """As above."""
    with open_ledger(tmp_path / "ledger.sqlite") as database:
        yield World(tmp_path / "spool", database)


SORTED = (State.WAITING, None, True)
UNSORTED = (State.WAITING, None, False)


def test_a_mail_that_can_not_be_read_keeps_no_other_from_being_sorted(world: World) -> None:
    path = world.spool.path(world.queue_ids[0])
    whole = path.read_bytes()
    path.unlink()
    path.mkdir()
    world.sorter.sort_all()
    assert world.outcome() == [(State.TO_CHECK, "spool_damaged", False), SORTED]
    path.rmdir()
    path.write_bytes(whole)
    world.database.write_now(ledger.try_again, None, now=3_000)
    world.sorter.sort_all()
    assert world.outcome() == [SORTED, SORTED]


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EISDIR, errno.EOVERFLOW])
def test_an_entry_that_can_not_be_read_keeps_no_other_from_being_sorted(
    world: World, number: int
) -> None:
    world.book.failures[FIRST] = OSError(number, "")
    world.sorter.sort_all()
    assert world.outcome() == [(State.TO_CHECK, "book_damaged", False), SORTED]


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT]
)
@pytest.mark.parametrize("where", ["book", "spool"])
def test_what_the_machine_lacks_sends_nothing_to_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str, number: int
) -> None:
    failure = OSError(number, "")

    def fail(_spool: MailSpool, _queue_id: str) -> None:
        raise failure

    with monkeypatch.context() as patched:
        if where == "spool":
            patched.setattr(MailSpool, "read", fail)
        world.book.failures[SECOND] = failure
        with pytest.raises(OSError) as raised:  # noqa: PT011  (compared below)
            world.sorter.sort_all()
        assert raised.value is failure
    assert world.outcome() == [UNSORTED, UNSORTED]
    world.book.failures.clear()
    world.sorter.sort_all()
    assert world.outcome() == [SORTED, SORTED]


def test_of_covers_that_can_not_be_looked_at_nobody_says_that_nothing_left(world: World) -> None:
    assert not world.sorter._may_have_left("no-covers")
    # No folder at all, as a disk that fails has none.
    world.spool.path(world.queue_ids[0]).replace(world.spool.folder / "file")
    assert world.sorter._may_have_left("file/x")
