"""A night on which a hundred thousand letters end: how long, how much memory, who notices.

`python -m benchmarks.purge` fills a database with letters that nobody answered, a document
waiting for some of them, starts `souspli serve` and asks it for a patient's list, again and
again: before, and while it purges. Prints a table for docs/performance.md.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select, update

from benchmarks import engines, nodes
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.engines import Engines
from benchmarks.filler import Filler
from benchmarks.nodes import Node
from benchmarks.page import where_and_when
from benchmarks.rows import REAL_LENGTHS
from souspli_mailbox.database import connect_database
from souspli_mailbox.records.clock import confirm_clock
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import tables
from souspli_mailbox.store import open_blobs
from souspli_storage.blobs import BlobStore, Part

LETTERS: Final = 100_000
DOCUMENTS: Final = 20_000
"""Letters that a document waits for: most were opened, or nothing was sent yet."""
# Of `_fill_ordinary`.
ACCOUNTS: Final = 2
CONTENTS: Final = secrets.token_bytes(1_000)
BEFORE_SECONDS: Final = 20.0
# Between two requests of the one who asks.
PAUSE_SECONDS: Final = 0.05
LOOK_SECONDS: Final = 2.0
SAID_EVERY: Final = 15


@dataclass(frozen=True)
class Night:
    """What was measured."""

    engines: str
    letters: int
    documents: int
    seconds: float
    peak_mib: float
    before: list[float]
    """Seconds of each request while nothing was due."""
    during: list[float]


def measure(
    database: DatabaseKind, store: StoreKind, folder: Path, *, letters: int, documents: int
) -> Night:
    """Fill, start, ask, wait until all has ended."""
    with (
        engines.started(database, store, folder) as stood_on,
        nodes.mail_sink() as mail_port,
    ):
        with _node(stood_on, mail_port):
            pass  # migrated
        token = _fill_ordinary(stood_on)
        with _node(stood_on, mail_port) as node, _asking(node, token) as before:
            time.sleep(BEFORE_SECONDS)
        _fill_due(stood_on, letters=letters, documents=documents)
        stood_on.settle()
        began = time.monotonic()
        with _node(stood_on, mail_port) as node, _asking(node, token) as during:
            _wait_until_ended(stood_on, letters)
            seconds = time.monotonic() - began
            peak = _peak_mib(node.pid)
        return Night(stood_on.says, letters, documents, seconds, peak, before, during)


def _node(stood_on: Engines, mail_port: int) -> AbstractContextManager[Node]:
    return nodes.running(stood_on.data, settings=stood_on.settings, mail_port=mail_port)


def _fill_ordinary(stood_on: Engines) -> str:
    """Add a patient with a mailbox; return the token of their session."""
    with stood_on.open() as database:
        # A service that is new waits a day before it purges by its clock.
        database.write_now(confirm_clock, now=int(time.time()))
        filler = Filler(database, lengths=REAL_LENGTHS, now=int(time.time()))
        patients = filler.patients(1, filler.senders(1))
        filler.deliveries(patients * 200, 200)
        return patients[0].token


def _fill_due(stood_on: Engines, *, letters: int, documents: int) -> None:
    """Add letters that ended a second ago, and for some a document with its object."""
    now = int(time.time())
    with stood_on.open() as database:
        filler = Filler(database, lengths=REAL_LENGTHS, now=now, seed=2, after=ACCOUNTS)
        waiting = filler.unanswered(filler.senders(50), letters, documents)
        # The hourly look comes now.
        database.write_now(_look_now, now=now)
    blobs = open_blobs(stood_on.in_process())
    digest = hashlib.sha256(CONTENTS).digest()
    with ThreadPoolExecutor(8) as putting:
        for _ in putting.map(partial(_put, blobs, digest), waiting):
            pass


def _look_now(connection: Connection, *, now: int) -> None:
    job = tables.jobs.c
    connection.execute(update(tables.jobs).where(job.job == JobName.EXPIRE).values(run_at=now))


def _put(blobs: BlobStore, digest: bytes, key: str) -> None:
    blobs.begin(key)
    blobs.put_part(key, 0, CONTENTS, digest)
    blobs.complete(key, [Part(0, len(CONTENTS), digest)])


def _wait_until_ended(stood_on: Engines, letters: int) -> None:
    """Wait until so many purges have ended; says from time to time how many have."""
    ended = select(func.count()).where(tables.purges.c.ended_at.is_not(None))
    # Reading alone: whoever opens it as a service does waits for those who write.
    with connect_database(stood_on.in_process()) as database:
        looks = 0
        while True:
            count: int = database.read_now(
                lambda connection: connection.execute(ended).scalar_one()
            )
            if looks % SAID_EVERY == 0:
                sys.stderr.write(f"{count:,} of {letters:,}\n")
            if count >= letters:
                return
            looks += 1
            time.sleep(LOOK_SECONDS)


@contextmanager
def _asking(node: Node, token: str) -> Generator[list[float]]:
    """Have somebody ask for their list all the time; the seconds of each answer."""
    over, seconds = threading.Event(), list[float]()

    def ask() -> None:
        line = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
        while not over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            line.request("GET", "/v1/deliveries", headers={"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise RuntimeError(f"the service answers {answer.status}")
            seconds.append(time.monotonic() - began)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield seconds
    finally:
        over.set()
        asking.join()


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not tell the peak")


def table(nights: list[Night]) -> str:
    """Return them for docs/performance.md."""
    head = (
        "| engines | letters | with a document | time | letters/s | peak of the node "
        "| a patient's list, before: median, p99 | while it purges: median, p99 |"
    )
    lines = [head, "|" + "---|" * 8]
    for one in nights:
        lines.append(
            f"| {one.engines} | {one.letters:,} | {one.documents:,} | {one.seconds / 60:.1f} min "
            f"| {one.letters / one.seconds:.0f} | {one.peak_mib:.0f} MiB "
            f"| {_shown(one.before)} | {_shown(one.during)} |"
        )
    return "\n".join(lines)


def _shown(seconds: list[float]) -> str:
    p99 = statistics.quantiles(seconds, n=100)[98]
    return f"{statistics.median(seconds) * 1_000:.1f} ms, {p99 * 1_000:.0f} ms"


ENGINES: Final = {
    "sqlite": (DatabaseKind.SQLITE, StoreKind.DISK),
    "postgresql": (DatabaseKind.POSTGRESQL, StoreKind.S3),
}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.purge", description=__doc__)
    parser.add_argument("engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--letters", type=int, default=LETTERS)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    given = parser.parse_args()
    nights: list[Night] = []
    for name in given.engines:
        with tempfile.TemporaryDirectory(prefix="souspli-purge-") as folder:
            nights.append(
                measure(
                    *ENGINES[name],
                    Path(folder),
                    letters=given.letters,
                    documents=given.documents,
                )
            )
    sys.stdout.write(f"{where_and_when()}:\n\n{table(nights)}\n")


if __name__ == "__main__":
    main()
