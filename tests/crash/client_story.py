"""One run in which the sending program is killed, or one of its writes broken."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from crash import purge_story, story, withdraw_story
from crash.node import settle
from crash.points import Kind
from crash.saboteur import Sabotage
from crash.story import Outcome, Run
from crash.template import sending
from product.world import PATIENCE_SECONDS

from souspli_exchange.ports.states import DepositState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crash.engines import Engines
    from crash.points import Point
    from crash.template import Template


def tell(template: Template, engines: Engines, folder: Path, *, point: Point) -> Outcome:
    """Send a file that is not sealed yet; resume; send again what never was kept.

    A practice that is told nothing, or that a document was not sent, sends it again:
    under another id, since it is another sealing.
    """
    if point.step.replaces:
        return _tell_of_a_letter(template, engines, folder, point=point)
    with Run(template, engines, folder, segments=point.step.segments, sealed=False) as run:
        sabotage = Sabotage(folder, point=point)
        run.node.start(run.quiet)
        ended = run.practice.run(*sending(run.sample.file), sabotage=sabotage)
        if ended.code != 0:
            run.send()
        assert not list(run.practice.profile.glob("outbox/*/document.json"))
        if not stored(run):
            # Killed before it was kept, or refused: as if it had never been begun.
            assert ended.code != 0, ended.err
            again = run.practice.run(*sending(run.sample.file), sabotage=run.quiet)
            assert again.code == 0, again.err
        run.settle()
        run.read()
        run.node.stop()
        return Outcome(
            broken=run.look(document_ids=stored(run)[:1]),
            struck=sabotage.struck.exists(),
            lives=run.node.lives,
            mails=len(run.mails.mails()),
        )


def _tell_of_a_letter(
    template: Template, engines: Engines, folder: Path, *, point: Point
) -> Outcome:
    """Send, and then lose the program that replaces a recipient's letter."""
    with Run(template, engines, folder) as run:
        sabotage = Sabotage(folder, point=point)
        run.node.start(run.quiet)
        run.send()
        settle(lambda: not run.notify_jobs(), seconds=PATIENCE_SECONDS)
        run.replace_letter(sabotage)
        run.settle()
        run.read()
        run.node.stop()
        return Outcome(
            broken=run.look(),
            struck=sabotage.struck.exists(),
            lives=run.node.lives,
            mails=len(run.mails.mails()),
        )


def story_of(template: Template, engines: Engines, point: Point) -> Callable[[Path], Outcome]:
    """Return the run of any point, to be given a folder."""
    if point.step.purges:
        tells = purge_story.tell
    elif point.step.withdraws:
        tells = withdraw_story.tell
    else:
        tells = tell if point.step.kind is Kind.CLIENT else story.tell
    return functools.partial(tells, template, engines, point=point)


def stored(run: Run) -> list[str]:
    """Ids of the documents that the service has."""
    return [
        row.document_id for row in run.facts.rows("deposits") if row.state == DepositState.STORED
    ]
