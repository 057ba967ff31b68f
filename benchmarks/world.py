"""What a load needs before its first document: a practice, patients, documents that are sealed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import engines, nodes
from benchmarks.capture import Captured, capture
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.engines import Engines
from benchmarks.filler import Filler
from benchmarks.letters import Letter, Sealing
from benchmarks.nodes import Node
from benchmarks.practice import Practice, found_practice
from benchmarks.rows import REAL_LENGTHS, Patient
from souspli_keys.identity import Identity
from souspli_storage.database import Database

LETTERS: Final = 8
# Deliveries that are in the table before anything is measured. In a recording, ids that the
# database counts are told by their value, which must be none of the small ones beside them.
BEFORE: Final = 2_000
# Patients for the recording, which warms up with the first of them.
RECORDED: Final = 3


@dataclass(frozen=True)
class World:
    """A service that is not running yet."""

    engines: Engines
    sealing: Sealing
    letters: Sequence[Letter]
    token: str
    """Of the practice's member."""
    patients: Sequence[Patient]
    """Each for one document."""
    captured: Captured
    """The statements that one document takes."""
    database: Database
    mail_port: int

    @contextmanager
    def nodes(self, count: int) -> Generator[list[Node]]:
        """Start so many nodes on the same database and store."""
        with ExitStack() as stack:
            yield [stack.enter_context(_node(self.engines, self.mail_port)) for _ in range(count)]


@contextmanager
def made(
    database: DatabaseKind, store: StoreKind, *, patients: int, folder: Path, before: int = BEFORE
) -> Generator[World]:
    """Start the engines, let a practice in, add patients, seal documents, record statements."""
    with ExitStack() as stack:
        stood_on = stack.enter_context(engines.started(database, store, folder))
        mail_port = stack.enter_context(nodes.mail_sink())
        with _node(stood_on, mail_port) as node:
            practice = asyncio.run(found_practice(node))
        # From here on nobody else looks, so that rows may be filled in.
        now = int(time.time())
        sealing = Sealing(practice.member, practice.sender.organisation, Identity.generate())
        letters = [sealing.letter(now=now) for _ in range(LETTERS)]
        opened = stack.enter_context(stood_on.open())
        people, token = _fill(
            opened, practice, sealing, RECORDED + patients, now=now, before=before
        )
        stood_on.settle()
        captured = asyncio.run(
            capture(
                stood_on.in_process(),
                token=token,
                patients=people[:RECORDED],
                letter=letters[0],
                sealing=sealing,
                now=now,
            )
        )
        yield World(
            engines=stood_on,
            sealing=sealing,
            letters=letters,
            token=token,
            patients=people[RECORDED:],
            captured=captured,
            database=opened,
            mail_port=mail_port,
        )


def _node(stood_on: Engines, mail_port: int) -> AbstractContextManager[Node]:
    return nodes.running(stood_on.data, settings=stood_on.settings, mail_port=mail_port)


def _fill(
    database: Database, practice: Practice, sealing: Sealing, count: int, *, now: int, before: int
) -> tuple[list[Patient], str]:
    """Add patients, and others to whom much was sent before; open the member's session."""
    filler = Filler(database, lengths=REAL_LENGTHS, now=now)
    reader = sealing.reader.public
    people = filler.patients(
        count,
        [practice.sender],
        fingerprint=reader.fingerprint,
        identity=json.dumps(reader.to_json()).encode(),
    )
    others = filler.patients(before // 10, [practice.sender])
    filler.deliveries((others[n % len(others)] for n in range(before)), before)
    return people, filler.signed_in(practice.sender)
