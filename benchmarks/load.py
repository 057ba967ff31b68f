"""Deposits and collections of 200 KiB documents, beside what the machine can do at most.

`python -m benchmarks.load` starts the real service, founds a practice by the real client,
and drives it from other processes: 1, 4 and 16 connections, one node and two. In the same
rounds the limits are measured: the same statements by pgbench (PostgreSQL) or the same rows
committed by nobody but SQLite, the same bytes made durable, fsync.

Documents are sealed before: sealing is the sender's work. Patients are rows made in bulk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from benchmarks import drivers
from benchmarks.capture import Captured
from benchmarks.driver import ToCollect, ToDeposit
from benchmarks.drivers import Driven, Drivers
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.engines import Engines
from benchmarks.load_limits import Limits, prepare_limits
from benchmarks.nodes import Node
from benchmarks.processes import cpu_seconds
from benchmarks.rows import Patient
from benchmarks.series import Series, Timed
from benchmarks.world import World, made
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import tables

# Two cores: a third process would only take turns with them.
DRIVERS: Final = 2


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    rounds: int = 7
    connections: tuple[int, ...] = (1, 4, 16)
    nodes: tuple[int, ...] = (1, 2)
    count: int = 160
    """Documents in each measurement."""
    warming: int = 16
    """Deposits by nodes that were just started, all at once, before anything is measured."""

    @property
    def documents(self) -> int:
        """How many there will be at most, the first round's, which warms up, included."""
        each = len(self.nodes) * (self.count * len(self.connections) + self.warming)
        # A quarter more: PostgreSQL undoes some of pgbench's, which then takes the next.
        return (self.rounds + 1) * each * 5 // 4


@dataclass
class Measurement:
    """One kind of work with so many nodes and connections, in all rounds."""

    series: Series
    processor: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Milliseconds of processor for each document, by whose they are."""

    def add(self, driven: Driven, used: dict[str, float], count: int) -> None:
        """Add a round; `used` are seconds of processor."""
        self.series.rounds.append(Timed(driven.rate, driven.seconds))
        self.series.errors.update(driven.errors)
        for name, seconds in (used | {"drivers": driven.processor}).items():
            self.processor[name].append(1e3 * seconds / count)


Key = tuple[str, int, int]
"""What, nodes, connections."""


@dataclass
class Found:
    """Everything that was measured on one pair of engines."""

    engines: Engines
    limits: Limits
    captured: Captured
    measured: dict[Key, Measurement] = field(default_factory=dict)

    def of(self, what: str, node_count: int, connections: int) -> Measurement:
        """Return the measurement, new if there is none."""
        return self.measured.setdefault((what, node_count, connections), Measurement(Series(what)))


DEPOSIT, NOTIFIED, COLLECT = "deposit", "deposit, notified", "collect"


def measure(database: DatabaseKind, store: StoreKind, plan: Plan, folder: Path) -> Found:
    """Measure it all, in `folder`."""
    with ExitStack() as stack:
        world = stack.enter_context(made(database, store, patients=plan.documents, folder=folder))
        limits = prepare_limits(world, folder)
        driving = stack.enter_context(drivers.started(folder, world.letters, processes=DRIVERS))
        load = Load(world, driving, plan, iter(world.patients))
        found = Found(world.engines, limits, world.captured)
        for number in range(plan.rounds + 1):
            tell(f"{found.engines.says}: round {number} of {plan.rounds}")
            # The first one warms everything up.
            load.one_round(
                found if number else Found(found.engines, limits.forgotten(), found.captured)
            )
        return found


@dataclass(frozen=True)
class Load:
    """What is driven, by whom, for whom."""

    world: World
    drivers: Drivers
    plan: Plan
    patients: Iterator[Patient]

    def one_round(self, found: Found) -> None:
        """Every measurement once, the limits among them."""
        for count in self.plan.nodes:
            with self.world.nodes(count) as group:
                if self.plan.warming:
                    self.deposit(group, self.plan.warming, connections=self.plan.warming)
                for connections in self.plan.connections:
                    self.measure(group, connections, found)
        for connections in self.plan.connections:
            found.limits.measure(connections=connections, count=self.plan.count)

    def measure(self, group: list[Node], connections: int, found: Found) -> None:
        """Deposit, wait until all are notified, collect what was deposited."""
        count, world = self.plan.count, self.world
        with processor_of(world, group) as used:
            sent = self.deposit(group, count, connections=connections)
        found.of(DEPOSIT, len(group), connections).add(sent.driven, used, count)
        notified = found.of(NOTIFIED, len(group), connections)
        notified.series.rounds.append(Timed(count / (sent.notified_at - sent.driven.begin), ()))
        items = [
            ToCollect(
                token=sent.patients[made.item].token,
                delivery_id=made.delivery_id,
                receipt=world.sealing.receipt(made.document_id, now=int(time.time())),
                contents=made.contents,
            )
            for made in sent.driven.made
        ]
        with processor_of(world, group) as used:
            driven = self.drivers.drive(items, ports=ports(group), connections=connections)
        found.of(COLLECT, len(group), connections).add(driven, used, count)

    def deposit(self, group: list[Node], count: int, *, connections: int) -> Sent:
        """Deposit for the next `count` patients; return once the relay has every mail."""
        patients = list(islice(self.patients, count))
        items = [
            ToDeposit(token=self.world.token, invitation_id=patient.invitation_id)
            for patient in patients
        ]
        driven = self.drivers.drive(items, ports=ports(group), connections=connections)
        while self.world.database.read_now(_notifications_due, now=int(time.time())):
            time.sleep(0.02)
        return Sent(driven, patients, time.monotonic())


def ports(group: list[Node]) -> list[int]:
    """Where the nodes listen."""
    return [node.port for node in group]


@dataclass(frozen=True)
class Sent:
    """What was deposited, for whom, and when the last of them had been mailed."""

    driven: Driven
    patients: list[Patient]
    notified_at: float


def _notifications_due(connection: Connection, *, now: int) -> int:
    job = tables.jobs.c
    due: int = connection.execute(
        select(func.count())
        .select_from(tables.jobs)
        .where(job.state == "waiting", job.run_at <= now, job.job == JobName.NOTIFY)
    ).scalar_one()
    return due


@contextmanager
def processor_of(world: World, group: list[Node]) -> Generator[dict[str, float]]:
    """Seconds of processor that nodes, database and store use meanwhile."""
    watched = {"service": [node.pid for node in group]} | {
        name: [pid] for name, pid in world.engines.servers.items()
    }
    used = {name: -sum(map(cpu_seconds, pids)) for name, pids in watched.items()}
    yield used
    for name, pids in watched.items():
        used[name] += sum(map(cpu_seconds, pids))


def tell(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  (its progress)


def main() -> None:
    """Measure what the options say, and print it."""
    from benchmarks.load_tables import write_tables  # noqa: PLC0415  (needs this module)

    parser = argparse.ArgumentParser(description="Deposits and collections beside the limits.")
    parser.add_argument(
        "--database", type=DatabaseKind, choices=list(DatabaseKind), default=DatabaseKind.SQLITE
    )
    parser.add_argument("--store", type=StoreKind, choices=list(StoreKind), default=StoreKind.DISK)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--count", type=int, default=Plan.count, help="documents at a time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="souspli-load-") as name:
        plan = Plan(rounds=given.rounds, count=given.count)
        found = measure(given.database, given.store, plan, Path(name))
    sys.stdout.write(write_tables([found]))


if __name__ == "__main__":
    main()
