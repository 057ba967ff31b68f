"""One run of the purge: two documents wait for a letter that nobody answers, a month passes.

One of them is for the patient with an account as well: its contents stay, and open.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from crash import properties
from crash.engines import all_rows, put_back
from crash.node import settle
from crash.properties import Broken, Property
from crash.saboteur import Sabotage
from crash.story import Outcome, Run
from crash.template import PENDING
from product.world import PATIENCE_SECONDS

from souspli_keys import dsse
from souspli_keys.statements import PurgeStatement
from souspli_mailbox.records.jobs import JobName

if TYPE_CHECKING:
    from pathlib import Path

    from crash.engines import AllRows, Engines
    from crash.points import Point
    from crash.template import Template
    from sqlalchemy import Row

DAY: Final = 86_400
LATE_SECONDS: Final = 31 * DAY
# A killed worker's lease, or what a purge waits for before it tries again.
AGAIN_SECONDS: Final = 600
ALONE: Final = b"for the pending patient alone"


def tell(template: Template, engines: Engines, folder: Path, *, point: Point) -> Outcome:
    """Run it once, with this happening while it purges."""
    with Run(template, engines, folder, versioned=True) as run:
        sabotage = Sabotage(folder, point=point)
        run.node.start(run.quiet)
        alone = send_both(run)
        run.node.stop()
        before = all_rows(run.database) if point.step.puts_back else None
        run.let_time_pass(LATE_SECONDS)
        run.node.start(sabotage)
        # Not `run.died`: what was acknowledged a month ago is to go.
        with run.node.kept(sabotage, lambda: None):
            # A month of not running looks like a clock that leapt: a day has to pass first.
            settle(lambda: _is_held_back(run), seconds=PATIENCE_SECONDS)
            run.let_time_pass(DAY)
            _purge(run, sabotage, point)
            if ended(run):
                run.read()
        run.node.stop()
        run.broken += forgotten(run, alone)
        run.broken += kept(run)
        lives = run.node.lives
        if before is not None:
            run.broken += comes_back(run, before, alone)
        return Outcome(
            # The quiet start before is none of the point's.
            broken=run.found,
            struck=sabotage.struck.exists(),
            lives=lives - 1,
            mails=len(run.mails.mails()),
        )


def send_both(run: Run) -> str:
    """Send what waits for both patients, and a second document; return where that one lies."""
    run.send()
    file = run.folder / "seul.bin"
    file.write_bytes(ALONE)
    words = ("send", file, "--to", PENDING, "--yes", "--json")
    sent = run.practice.run(*words, sabotage=run.quiet)
    assert sent.code == 0, sent.err
    # One mail each; the second document's waits for the next day, and is never sent.
    settle(lambda: len(run.mails.mails()) >= 2, seconds=PATIENCE_SECONDS)
    return _alone(run, sent.json["document_id"])


def _purge(run: Run, sabotage: Sabotage, point: Point) -> None:
    """Let the time pass that leases and second tries take, until all has ended."""
    for _ in range(8):
        settle(lambda: ended(run) or _rests(run, killed=point.act.kills), seconds=PATIENCE_SECONDS)
        if point.act.kills:
            run.node.outlive(sabotage, lives=2, ended=ended(run))
        if ended(run):
            return
        run.let_time_pass(AGAIN_SECONDS)


def let_it_end(run: Run) -> None:
    """Let the time pass that second tries take, until all has ended or nothing helps."""
    for _ in range(8):
        settle(lambda: ended(run) or _rests(run, killed=False), seconds=PATIENCE_SECONDS)
        if ended(run):
            break
        run.let_time_pass(AGAIN_SECONDS)


def _rests(run: Run, *, killed: bool) -> bool:
    """Whether nothing happens before some time has passed: a round under way is no rest.

    Unless its process was killed, whose lease has to run out, or it is known that nobody is
    at it any more.
    """
    return run.node.alive and all(
        row.run_at > run.quiet.now() and (killed or row.lease is None or row.lease in run.orphaned)
        for row in run.facts.rows("jobs")
        if row.job == JobName.EXPIRE and row.state == "waiting"
    )


def round_is_over(run: Run) -> bool:
    """Whether nobody is at it any more, be it that its end could not be written down."""
    ids = [row.job_id for row in run.facts.rows("jobs") if row.job == JobName.EXPIRE]
    lines = run.node.log.read_bytes().splitlines()
    unsettled = [line for line in lines if b'"job-unsettled"' in line]
    return _rests(run, killed=False) or any(
        b'"job": %d,' % one in line for one in ids for line in unsettled
    )


def _is_held_back(run: Run) -> bool:
    """Whether the first round is over: one under a lease would put the next off by the day."""
    return any(
        row.job == JobName.EXPIRE and row.lease is None and row.run_at > run.quiet.now()
        for row in run.facts.rows("jobs")
    )


def ended(run: Run) -> bool:
    """Whether there is a purge, it has ended, and the database's files know."""
    purges = run.facts.rows("purges")
    facts = {row.fact for row in run.facts.rows("service_facts")}
    return bool(purges) and all(row.ended_at for row in purges) and "purged-since" not in facts


def _alone(run: Run, document_id: str) -> str:
    (key,) = (
        row.object_key for row in run.facts.rows("deposits") if row.document_id == document_id
    )
    return str(key)


def _letter(run: Run) -> Row[tuple[object, ...]]:
    (letter,) = (row for row in run.facts.rows("invitations") if row.account_number is None)
    return letter


def forgotten(run: Run, alone: str) -> list[Broken]:
    """Nothing of the letter is left: no address, no cover, no contents, no version of them."""
    letter, facts = _letter(run), run.facts
    waited = [row for row in facts.rows("deliveries") if row.account_number is None]
    covers = {row.delivery_id for row in facts.rows("covers")}
    wrong: list[str] = []
    if letter.address is not None or letter.envelope:
        wrong.append("the letter says who it was for")
    if [row for row in waited if row.state != "expired" or row.delivery_id in covers]:
        wrong.append("what waited can still be opened")
    if facts.rows("condemned_objects") or alone in facts.object_keys():
        wrong.append("contents are still there")
    if left := [one for one in run.ground.listed() if alone in one]:
        wrong.append(f"{len(left)} versions or marks of contents")
    purges = facts.rows("purges")
    if len(purges) != 1 or purges[0].envelope is None:
        wrong.append("no certificate")
    else:
        statement = PurgeStatement.parse(dsse.parse(json.loads(purges[0].envelope)).payload)
        told = (statement.deliveries, statement.objects_deleted, statement.objects_kept)
        if told != (2, 1, 1) or len(statement.documents) != 2:
            wrong.append(f"the certificate says {told}")
    return [Broken(Property.FORGOTTEN, how) for how in wrong]


def kept(run: Run) -> list[Broken]:
    """What the other patient needs opens, with the sender's own cover beside it."""
    (theirs,) = (row for row in run.facts.rows("deliveries") if row.account_number is not None)
    broken = properties.contents(
        run.facts,
        run.sample.content,
        organisation=run.template.patient.vault.pinned[0].fingerprint,
        readers=run.readers,
        only={theirs.delivery_id},
    )
    if theirs.deposit_id not in {row.deposit_id for row in run.facts.rows("sender_covers")}:
        broken.append(Broken(Property.CONTENTS, "the sender's own cover is gone"))
    return broken


def comes_back(run: Run, before: AllRows, alone: str) -> list[Broken]:
    """Put the rows of before the purge back, a month earlier: it is purged all the same."""
    put_back(run.database, before)
    run.let_time_pass(-run.quiet.clock_is_off)
    run.node.start(run.quiet)
    let_it_end(run)
    run.node.stop()
    back = [Broken(Property.GONE, f"after a restore: {one.how}") for one in forgotten(run, alone)]
    return [*back, *kept(run)]
