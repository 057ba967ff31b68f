"""Mails through a bridge that is killed, into a service that is killed (docs/crash.md).

PYTHONPATH=tests python -m chaos.run --mails 100000 --bridge-kills 200 --service-kills 50
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos import table
from chaos.bugs import Bug
from chaos.clients import Clients
from chaos.kills import Killing, schedule
from chaos.laboratory import Laboratory
from chaos.mails import mail_of
from chaos.opening import open_all
from chaos.verdict import Seen, judge

if TYPE_CHECKING:
    from chaos.verdict import Verdict

# Mails in the spool beyond which the clients wait: the kills are to fall on both ends.
MOST_WAITING: Final = 400
# Nothing waits longer than the worker's longest hour; no run comes near it.
DRAIN_SECONDS: Final = 3_600.0


@dataclass(frozen=True)
class Plan:
    """What a run is to be."""

    mails: int
    bridge_kills: int
    service_kills: int
    seed: int
    clients: int = 6
    patients: int = 8
    processes: int = 2
    """Of the bridge, that read mails."""
    readers: int = 2
    """Processes that open at the end."""
    bug: Bug | None = None


@dataclass
class Ran:
    """What a run was."""

    plan: Plan
    verdict: Verdict
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    away: dict[str, list[float]] = field(default_factory=dict)
    """Of each program, how long it was away after each kill."""


def chaos(plan: Plan, folder: Path) -> Ran:
    """Run, and judge."""
    began = time.monotonic()
    with Laboratory(
        folder, patients=plan.patients, processes=plan.processes, bug=plan.bug
    ) as laboratory:
        laboratory.bridge.start()
        founded = time.monotonic()
        clients, away = asyncio.run(_send(plan, laboratory))
        sent = time.monotonic()
        _drain(laboratory)
        drained = time.monotonic()
        laboratory.bridge.stop()
        opened = open_all(laboratory.service.url, laboratory.patients, processes=plan.readers)
        ended = time.monotonic()
        seen = Seen(clients.stories, opened, laboratory.stored(), laboratory.held())
    people = laboratory.people
    verdict = judge(seen, lambda number: mail_of(plan.seed, number, people))
    stages = {
        "founding": founded - began,
        "mails and kills": sent - founded,
        "until nothing waited": drained - sent,
        "opening": ended - drained,
    }
    return Ran(plan, verdict, stages, away)


async def _send(plan: Plan, laboratory: Laboratory) -> tuple[Clients, dict[str, list[float]]]:
    """Hand in all mails while both programs are killed."""
    backlog = _Backlog(laboratory)
    clients = Clients(
        laboratory.bridge.port,
        laboratory.password,
        count=plan.clients,
        seed=plan.seed,
        room=lambda: backlog.count < MOST_WAITING,
    )
    bridge, service = laboratory.bridge, laboratory.service
    killings = {
        "bridge": Killing(bridge.kill, bridge.start, lambda: len(clients.stories)),
        "service": Killing(
            lambda: service.stop(9), laboratory.start_service, lambda: len(clients.stories)
        ),
    }
    mails = (mail_of(plan.seed, number, laboratory.people) for number in range(plan.mails))
    watching = asyncio.create_task(backlog.watch())
    telling = asyncio.create_task(_tell(plan, clients, backlog))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(clients.hand_in(mails))
            for name, count in (("bridge", plan.bridge_kills), ("service", plan.service_kills)):
                kills = schedule(plan.seed, name, kills=count, mails=plan.mails)
                group.create_task(killings[name].run(kills))
    finally:
        watching.cancel()
        telling.cancel()
    return clients, {name: one.away_seconds for name, one in killings.items()}


class _Backlog:
    """How many mails are in the spool, looked at now and then."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self.count = 0

    async def watch(self) -> None:
        while True:
            # Those that are to be checked stay there: some in a hundred.
            self.count = await asyncio.to_thread(self._laboratory.waiting)
            await asyncio.sleep(0.3)


async def _tell(plan: Plan, clients: Clients, backlog: _Backlog) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(10)
        done, seconds = len(clients.stories), time.monotonic() - began
        sys.stderr.write(
            f"{seconds:.0f} s: {done} of {plan.mails} mails, {backlog.count} waiting, "
            f"{done / seconds:.1f} a second\n"
        )


def _drain(laboratory: Laboratory) -> None:
    until = time.monotonic() + DRAIN_SECONDS
    while laboratory.waiting():
        assert time.monotonic() < until, "documents still wait"
        time.sleep(0.2)


def main() -> int:
    """Run, print the table; 1 if a promise was broken, or a bug was not found out."""
    parser = argparse.ArgumentParser(prog="chaos.run", description=__doc__)
    parser.add_argument("--mails", type=int, default=2_000)
    parser.add_argument("--bridge-kills", type=int, default=20)
    parser.add_argument("--service-kills", type=int, default=5)
    parser.add_argument("--clients", type=int, default=6, help="connections side by side")
    parser.add_argument("--seed", type=int, help="repeats mails, hang-ups and kills")
    parser.add_argument("--bugs", action="store_true", help="small runs with deliberate bugs")
    parser.add_argument("--write", action="store_true", help="puts the table into docs/crash.md")
    given = parser.parse_args()
    seed: int = secrets.randbelow(10**6) if given.seed is None else given.seed
    sys.stderr.write(f"seed {seed}\n")
    if given.bugs:
        return sum(not _is_found(bug, seed) for bug in Bug)
    ran = _run(
        Plan(
            given.mails,
            given.bridge_kills,
            given.service_kills,
            seed=seed,
            clients=given.clients,
            readers=os.cpu_count() or 1,
        )
    )
    for one in ran.verdict.broken[:50]:
        sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"{table.written(ran)}\n")
    if given.write:
        table.write(ran)
    return int(bool(ran.verdict.broken))


def _is_found(bug: Bug, seed: int) -> bool:
    """Run a bridge with a bug, and say what was seen of it."""
    ran = _run(Plan(200, 6, 1, seed=seed, patients=3, processes=1, readers=1, bug=bug))
    first = next(iter(ran.verdict.broken), "not found out")
    sys.stdout.write(f"{bug}: {len(ran.verdict.broken)} broken; {first}\n")
    sys.stdout.flush()
    return bool(ran.verdict.broken)


def _run(plan: Plan) -> Ran:
    with tempfile.TemporaryDirectory(prefix="souspli-chaos-") as folder:
        return chaos(plan, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
