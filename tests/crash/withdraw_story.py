"""One run of a withdrawal: a document that nobody has collected yet is taken back.

By `souspli withdraw`, as a program; what is killed is the service at a step, or that program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crash.engines import all_rows, put_back
from crash.node import settle
from crash.points import Kind
from crash.programs import UNKNOWN
from crash.properties import Broken, Property
from crash.saboteur import Sabotage
from crash.story import HOUR, Outcome, Run
from product.world import PATIENCE_SECONDS

from souspli_mailbox.records.jobs import JobName

if TYPE_CHECKING:
    from pathlib import Path

    from crash.engines import Engines
    from crash.points import Point
    from crash.template import Template

# A killed worker's lease, a job's first retries, and the hour of the next sweep.
AGAIN_SECONDS = HOUR + 60


def tell(template: Template, engines: Engines, folder: Path, *, point: Point) -> Outcome:
    """Run it once, with this happening while it is taken back."""
    with Run(template, engines, folder, versioned=True) as run:
        sabotage = Sabotage(folder, point=point)
        of_client = point.step.kind is Kind.CLIENT
        run.node.start(run.quiet)
        run.send()
        settle(lambda: not run.notify_jobs(), seconds=PATIENCE_SECONDS)
        run.node.stop()
        before = all_rows(run.database) if point.step.puts_back else None
        run.node.start(run.quiet if of_client else sabotage)
        # Not `run.died`: what was acknowledged before is to go.
        with run.node.kept(sabotage, lambda: None):
            _withdraw(run, sabotage if of_client else run.quiet)
            # From the first answer on, whatever of the rest is still to be done.
            run.broken += withdrawn(run)
            for _ in range(8):
                settle(lambda: _finished(run) or _rests(run), seconds=PATIENCE_SECONDS)
                if point.act.kills and not of_client:
                    run.node.outlive(sabotage, lives=2, ended=_finished(run))
                if _finished(run):
                    break
                run.let_time_pass(AGAIN_SECONDS)
        run.node.stop()
        run.broken += taken_away(run)
        lives = run.node.lives
        if before is not None:
            put_back(run.database, before)
            run.let_time_pass(-run.quiet.clock_is_off)
            run.node.start(run.quiet)
            run.node.stop()
            found = [*withdrawn(run), *_closed(run)]
            run.broken += [Broken(Property.GONE, f"after a restore: {one.how}") for one in found]
        return Outcome(
            # The quiet start before is none of the point's.
            broken=run.found,
            struck=sabotage.struck.exists(),
            lives=lives - 1,
            mails=len(run.mails.mails()),
        )


def _withdraw(run: Run, sabotage: Sabotage) -> None:
    """Type it until it says that it is done; whoever was not told types it again."""
    document_id = run.sample.sealed.document_id
    words = ("withdraw", document_id, "--reason", "wrong-patient", "--yes", "--json")
    for _ in range(8):
        ended = run.practice.run(*words, sabotage=sabotage)
        if ended.code == 0:
            return
        failed = ended.code in {75, UNKNOWN} or sabotage is not run.quiet
        assert failed, f"{ended.code}: {ended.err or ended.out}"
        sabotage = run.quiet
    raise AssertionError("it never was withdrawn")


def _finished(run: Run) -> bool:
    jobs = {row.job for row in run.facts.rows("jobs") if row.state == "waiting"}
    return JobName.WITHDRAW not in jobs and not run.facts.rows("condemned_objects")


def _rests(run: Run) -> bool:
    """Whether all that is left waits for a later moment, a killed worker's lease included."""
    return run.node.alive and all(
        row.run_at > run.quiet.now()
        for row in run.facts.rows("jobs")
        if row.job in {JobName.WITHDRAW, JobName.SWEEP} and row.state == "waiting"
    )


def withdrawn(run: Run) -> list[Broken]:
    """Nobody had collected it: nobody is given it any more."""
    left = [row for row in run.facts.rows("deliveries") if row.state != "withdrawn"]
    return [Broken(Property.FINISHED, "a delivery is not withdrawn")] if left else []


def _closed(run: Run) -> list[Broken]:
    """Nothing on the service can be opened."""
    covers = len(run.facts.rows("covers")) + len(run.facts.rows("sender_covers"))
    return [Broken(Property.GONE, f"{covers} covers are left")] if covers else []


def taken_away(run: Run) -> list[Broken]:
    """One withdrawal, carried out; no cover, no contents, no version of them is left."""
    broken = [*withdrawn(run), *_closed(run)]
    kept = run.facts.rows("withdrawals")
    if len(kept) != 1 or kept[0].carried_out_at is None:
        broken.append(Broken(Property.FINISHED, "no withdrawal was carried out"))
    if not _finished(run) or run.facts.object_keys():
        broken.append(Broken(Property.SWEPT, "contents are still there"))
    keys = {str(row.object_key) for row in run.facts.rows("deposits")}
    if [one for one in run.ground.listed() if any(key in one for key in keys)]:
        broken.append(Broken(Property.SWEPT, "versions or marks of contents"))
    used = run.facts.rows("organisation_usage")
    if any(row.sealed_bytes for row in used):
        broken.append(Broken(Property.FINISHED, "the quota was not given back"))
    return broken
