"""A full disk, a locked database, a clock that jumps by a day, two nodes at one job."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from crash import purge_story
from crash.chosen import everywhere
from crash.engines import EMBEDDED, ENGINES, Engines
from crash.node import Node, settle
from crash.points import CLIENT_STEPS, PURGE_STEPS, SERVICE_STEPS, Act, Point
from crash.proxy import Proxy
from crash.saboteur import Sabotage
from crash.story import HOUR, Run
from crash.template import sending
from product.world import until

from souspli_exchange.port_errors import StorageFullError
from souspli_mailbox.database import DATABASE_FILE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from crash.template import Template

STEPS: Final = {step.name: step for step in (*SERVICE_STEPS, *PURGE_STEPS, *CLIENT_STEPS)}
JUMPS: Final = ((26,), (-26,), (26, -26))
ROOMS: Final = (9_000_000, 300_000, 0)
"""In bytes: for one part, for rows, for nothing."""


@pytest.mark.parametrize(
    ("engines", "room"),
    [
        *((EMBEDDED, room) for room in ROOMS),
        # The half that is a server's has a disk of its own.
        (Engines(DatabaseKind.SQLITE, StoreKind.S3), 0),
        (Engines(DatabaseKind.POSTGRESQL, StoreKind.DISK), 9_000_000),
    ],
    ids=str,
)
def test_a_disk_that_is_full_at_each_stage_and_has_room_again(
    made: Template, tmp_path: Path, engines: Engines, room: int
) -> None:
    with Run(made, engines, tmp_path / "run", segments=3, small=True) as run:
        assert run.disk is not None
        run.stray()
        run.node.start(run.quiet)
        # The sender keeps the document, and is told.
        run.disk.fill(run.node, room=room)
        ended = run.practice.run("send", "--resume", "--json", sabotage=run.quiet)
        assert ended.code == 75, ended.err
        assert "Traceback" not in ended.err
        run.disk.make_room(run.node)
        run.send()
        # Jobs wait, and what was to be deleted is deleted later.
        run.disk.fill(run.node, room=0)
        run.let_time_pass(26 * HOUR)
        settle(run.settled, seconds=1)
        run.disk.make_room(run.node)
        run.settle()
        # The reader is told as well, and comes back.
        run.disk.fill(run.node, room=0)
        if engines.database is DatabaseKind.SQLITE:
            with pytest.raises(StorageFullError):
                run.read()
        run.disk.make_room(run.node)
        run.read()
        run.node.stop()
        assert run.look() == []


@pytest.mark.parametrize("step", ["purge: decided", "purge: told", "purge: covers deleted"])
def test_a_disk_that_is_full_in_the_middle_of_a_purge_and_has_room_again(
    made: Template, tmp_path: Path, step: str
) -> None:
    with Run(made, EMBEDDED, tmp_path / "run", small=True) as run:
        assert run.disk is not None
        sabotage = Sabotage(run.folder, point=Point(STEPS[step], Act.HELD_AFTER))
        run.node.start(sabotage)
        alone = purge_story.send_both(run)
        run.let_time_pass(purge_story.LATE_SECONDS)
        until(sabotage.struck.exists)
        run.disk.fill(run.node, room=0)
        sabotage.go.touch()
        until(lambda: purge_story.round_is_over(run))
        # Where what became of it could not be written down either, its lease has to run out.
        run.leases_are_orphaned()
        assert not purge_story.ended(run)
        run.disk.make_room(run.node)
        purge_story.let_it_end(run)
        run.read()
        run.node.stop()
        assert purge_story.forgotten(run, alone) == []
        assert purge_story.kept(run) == []


def test_a_database_that_somebody_else_holds_longer_than_a_write_waits(
    made: Template, tmp_path: Path
) -> None:
    with Run(made, EMBEDDED, tmp_path / "run") as run:
        run.node.start(run.quiet)
        with closing(sqlite3.connect(run.ground.data / DATABASE_FILE)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            # On a machine with other work a sender has given up many times before a 503 is seen.
            sender = threading.Thread(target=lambda: run.send(tries=60))
            sender.start()
            # The first write of a sign-in has given up by then.
            until(lambda: b'"status": 503' in run.node.log.read_bytes())
            holder.rollback()
        sender.join()
        run.settle()
        run.read()
        run.node.stop()
        assert run.look() == []


@pytest.mark.parametrize(("engines", "hours"), everywhere("document", JUMPS), ids=str)
def test_the_clock_jumps_while_a_document_is_on_its_way(
    made: Template, tmp_path: Path, engines: Engines, hours: tuple[int, ...]
) -> None:
    """A day ahead, the upload is swept under the sender's hands: it is begun again."""
    held = Point(STEPS["a part sent"], Act.HELD_AFTER)
    # Through the service: that is the step of the sender that is held.
    with Run(made, engines, tmp_path / "run", segments=3, direct=False) as run:
        sabotage = Sabotage(run.folder, point=held)
        run.stray()
        run.node.start(run.quiet)
        sender = run.practice.start("send", "--resume", "--json", sabotage=sabotage)
        until(sabotage.struck.exists)
        for one in hours:
            run.let_time_pass(one * HOUR)
            if one > 0:
                until(lambda: not run.facts.rows("deposits"))
            time.sleep(0.3)  # a look at the clock
        sabotage.go.touch()
        # The session is a day old as well: what is kept is sent the next time.
        assert sender.wait() == (0 if hours == (-26,) else 1), sender.err.read_text()
        run.send()
        run.settle()
        run.read()
        run.node.stop()
        assert run.look() == []


@pytest.mark.parametrize(("engines", "sealed"), everywhere("ahead", [False, True]), ids=str)
def test_a_node_whose_clock_is_a_day_ahead_sweeps_an_upload_under_the_senders_hands(
    made: Template, tmp_path: Path, engines: Engines, sealed: bool
) -> None:
    held = Point(STEPS["a part sent"], Act.HELD_AFTER)
    with Run(made, engines, tmp_path / "run", segments=3, sealed=sealed, direct=False) as run:
        sabotage = Sabotage(run.folder, point=held)
        run.node.start(run.quiet)
        words = ("send", "--resume", "--json") if sealed else sending(run.sample.file)
        sender = run.practice.start(*words, sabotage=sabotage)
        until(sabotage.struck.exists)
        with second_node(run, hours=26):
            until(lambda: not run.facts.rows("deposits") and not run.facts.object_keys())
        sabotage.go.touch()
        # The session went with it: whichever command it was, the document is kept.
        assert sender.wait() == (1 if sealed else 75), sender.err.read_text()
        assert list(run.practice.profile.glob("outbox/*/document.json"))
        run.send()
        run.settle()
        run.read()
        run.node.stop()
        (deposit,) = run.facts.rows("deposits")
        assert run.look(document_ids=[deposit.document_id]) == []


@pytest.mark.parametrize(("engines", "hours"), everywhere("mail", JUMPS), ids=str)
def test_the_clock_jumps_while_a_mail_is_handed_over(
    made: Template, tmp_path: Path, engines: Engines, hours: tuple[int, ...]
) -> None:
    held = Point(STEPS["mail accepted"], Act.HELD_AFTER)
    with Run(made, engines, tmp_path / "run") as run:
        sabotage = Sabotage(run.folder, point=held)
        run.stray()
        run.node.start(sabotage)
        run.send()
        until(sabotage.struck.exists)
        for one in hours:
            run.let_time_pass(one * HOUR)
            time.sleep(0.5)  # other workers of the service look for work
        sabotage.go.touch()
        run.settle()
        run.read()
        run.node.stop()
        assert run.look() == []


@contextmanager
def second_node(run: Run, *, hours: int = 0) -> Generator[Node]:
    """Run another service on the same rows and documents, with a clock of its own."""
    folder = run.folder / "second"
    folder.mkdir()
    sabotage = Sabotage(folder)
    sabotage.move_clock(hours * HOUR)
    node = Node(folder, run.ground.data, run.environment)
    node.start(sabotage)
    try:
        yield node
    finally:
        node.stop()
        node.end()


@pytest.mark.parametrize("engines", ENGINES, ids=str)
def test_two_nodes_do_the_same_job(made: Template, tmp_path: Path, engines: Engines) -> None:
    """One has handed the mail over and hangs; for the other, its lease has ended."""
    held = Point(STEPS["mail accepted"], Act.HELD_AFTER)
    with Run(made, engines, tmp_path / "run") as run:
        sabotage = Sabotage(run.folder, point=held)
        run.stray()
        run.node.start(sabotage)
        run.send()
        until(sabotage.struck.exists)
        with second_node(run, hours=26):
            until(lambda: not run.notify_jobs())
            sabotage.go.touch()
            until(lambda: b"job-unsettled" in run.node.log.read_bytes())
            assert b"LeaseLostError" in run.node.log.read_bytes()
            run.settle()
            run.read()
            run.node.stop()
        assert run.look() == []


@pytest.mark.parametrize(
    ("engines", "held"),
    everywhere(
        "deposit",
        [
            Point(STEPS["deposit opened"], Act.HELD_AFTER),
            Point(STEPS["first part"], Act.HELD_AFTER),
            Point(STEPS["object complete"], Act.HELD_BEFORE),
            Point(STEPS["object complete"], Act.HELD_AFTER),
            Point(STEPS["deposit stored"], Act.HELD_BEFORE),
            Point(STEPS["deposit stored"], Act.HELD_AFTER),
        ],
    ),
    ids=str,
)
def test_two_nodes_take_the_same_deposit(
    made: Template, tmp_path: Path, engines: Engines, held: Point
) -> None:
    """One hangs in the middle, the sender asks the other one, and then the first goes on."""
    direct = held.step.direct is not False
    with Proxy(0) as line, Run(made, engines, tmp_path / "run", line=line, direct=direct) as run:
        sabotage = Sabotage(run.folder, point=held)
        run.stray()
        run.node.start(sabotage)
        sender = run.practice.start("send", "--resume", "--json", sabotage=run.quiet)
        until(sabotage.struck.exists)
        with second_node(run) as other:
            line.upstream = other.port
            line.cut()
            assert sender.wait() == 0, sender.err.read_text()
            sabotage.go.touch()
            run.settle()
            run.read()
            # What was under way finishes before it ends.
            assert run.node.stop() == 0
        assert run.look() == []


@pytest.mark.parametrize(
    ("engines", "held"),
    everywhere(
        "sweep",
        [
            Point(STEPS["uploads condemned"], Act.HELD_AFTER),
            Point(STEPS["orphans condemned"], Act.HELD_BEFORE),
            Point(STEPS["object deleted"], Act.HELD_BEFORE),
            Point(STEPS["object deleted"], Act.HELD_AFTER),
        ],
    ),
    ids=str,
)
def test_two_nodes_sweep_the_same_things(
    made: Template, tmp_path: Path, engines: Engines, held: Point
) -> None:
    with Run(made, engines, tmp_path / "run") as run:
        sabotage = Sabotage(run.folder, point=held)
        run.stray()
        run.node.start(sabotage)
        run.send()
        # Clocks that jump over a mail under way are another test's: each doubles it once.
        until(lambda: not run.notify_jobs())
        run.let_time_pass(26 * HOUR)
        until(sabotage.struck.exists)
        # For this one the lease of the other has ended long ago, and it looks for orphans
        # in the same one of 256 places.
        with second_node(run, hours=26 + 256):
            until(run.settled)
            sabotage.go.touch()
            run.read()
            run.node.stop()
        assert run.look() == []
