"""What the next start makes of what a crash left: every mail, in the order it was taken."""

from __future__ import annotations

import errno
import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from bridge.test_spool import SECRET, documents, slip_of, write

from souspli_cli.bridge import ledger, standing, starting
from souspli_cli.bridge.accepting.acceptance import Acceptance
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.spool import MailSpool, new_queue_id

if TYPE_CHECKING:
    from pathlib import Path


def test_mails_of_one_second_are_recorded_in_the_order_they_were_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_AT_ONCE", 7)
    folder = tmp_path / "spool"
    folder.mkdir()
    spool = MailSpool(folder, SECRET)
    sealed = documents(b"x")
    taken = [new_queue_id() for _ in range(40)]
    draw = random.Random(1)  # noqa: S311  (no secret)
    for order, queue_id in draw.sample(list(enumerate(taken)), len(taken)):
        document = msgspec.structs.replace(sealed[0].slip, document_id=f"{order:032x}")
        slip = msgspec.structs.replace(slip_of(queue_id, 1), order=order, repeat=f"{order:064x}")
        spool.put(slip, [type(sealed[0])(document, sealed[0].segments)])
        spool.finish(queue_id)
    with open_ledger(tmp_path / "ledger.sqlite") as database:
        starting.recover(database, spool, Digests.of(SECRET))
        rows = database.read_now(ledger.rows, tuple(State), 100)
        assert [row.queue_id for row in rows] == taken
        starting.recover(database, spool, Digests.of(SECRET))
        assert database.read_now(ledger.rows, tuple(State), 100) == rows


def test_a_later_mail_has_a_larger_order_wherever_the_clock_goes() -> None:
    clock = iter([100.0, 100.0, 90.5, 100.000001, 200.0])
    acceptance = Acceptance.__new__(Acceptance)
    acceptance._order, acceptance._clock = 0, lambda: next(clock)
    moments = [acceptance._next_moment() for _ in range(5)]
    orders = [moment.order for moment in moments]
    assert sorted(set(orders)) == orders
    assert [moment.seconds for moment in moments] == [100, 100, 90, 100, 200]


def test_a_mail_that_can_not_be_read_stays_and_is_counted_and_the_others_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = MailSpool(tmp_path / "spool", SECRET)
    spool.folder.mkdir()
    (good, _), bad = write(spool, b"x"), "A" * 16
    spool.path(bad).mkdir()  # stands for a bad sector
    with open_ledger(tmp_path / "ledger.sqlite") as database:
        starting.recover(database, spool, Digests.of(SECRET))
        assert [row.queue_id for row in database.read_now(ledger.rows, tuple(State), 9)] == [good]
        assert standing.damaged_mails(database, spool) == (bad,)
        assert spool.path(bad).exists()

        def fail(_spool: MailSpool, _queue_id: str) -> None:
            raise OSError(errno.EMFILE, "")

        # The machine's matter: whoever starts it is told, and no mail is passed over.
        monkeypatch.setattr(MailSpool, "read", fail)
        with pytest.raises(OSError) as raised:  # noqa: PT011  (compared below)
            starting.recover(database, spool, Digests.of(SECRET))
        assert raised.value.errno == errno.EMFILE
