"""What one deposit, its notification and its collection cost in statements: recorded."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, select
from structlog.testing import capture_logs

from benchmarks.driver import Task, ToCollect, ToDeposit, perform
from benchmarks.letters import Letter, Sealing
from benchmarks.rows import Patient
from benchmarks.statements import Recording, Transaction, compare, recording
from souspli_mailbox import entry
from souspli_mailbox.app import make_app
from souspli_mailbox.jobs import Done
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records.jobs import JobName, claim_jobs, finish_job
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import DATABASE, SECRETS, WORKER

LEASE_SECONDS = 120


@dataclass(frozen=True)
class Captured:
    """The transactions of each step, in order."""

    deposit: tuple[Transaction, ...]
    notify: tuple[Transaction, ...]
    """Of the deposit's one delivery: `deposit` and `notify` name the same values alike."""
    collect: tuple[Transaction, ...]


class _Everything:
    """A relay that takes every mail."""

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Take it."""

    async def close(self) -> None:
        """Keep nothing."""


async def capture(
    settings: Settings,
    *,
    token: str,
    patients: Sequence[Patient],
    letter: Letter,
    sealing: Sealing,
    now: int,
) -> Captured:
    """Run the service in this process, on the database of `settings`, for three patients.

    The clock stands at `now`. The first patient only warms up what is made once.
    """
    app = make_app(settings, clock=lambda: float(now), open_relay=lambda _: _Everything())
    runner = entry.make_runner(app)
    with capture_logs():
        address = await entry.start(runner, settings)
        port = int(address.rstrip("/").rpartition(":")[2])
        try:
            # Its polling would stand among the statements.
            app[WORKER].stop()
            work = _Work(app, port=port, token=token, letter=letter, sealing=sealing, now=now)
            _, first, second = [await work.record(patient) for patient in patients[:3]]
        finally:
            await runner.cleanup()
    known = (first.known, second.known)
    sent = len(first.deposit.transactions)
    both = compare(
        Recording(first.deposit.transactions + first.notify.transactions),
        Recording(second.deposit.transactions + second.notify.transactions),
        known=known,
    )
    # A deposit draws its delivery's id; a collection finds it.
    found = tuple({**one.known, one.delivery_id: "delivery_id"} for one in (first, second))
    collect = compare(first.collect, second.collect, known=(found[0], found[1]))
    return Captured(both[:sent], both[sent:], collect)


@dataclass(frozen=True)
class _Recorded:
    deposit: Recording
    notify: Recording
    collect: Recording
    known: Mapping[Any, str]
    delivery_id: str


@dataclass(frozen=True)
class _Work:
    app: web.Application
    port: int
    token: str
    letter: Letter
    sealing: Sealing
    now: int

    async def record(self, patient: Patient) -> _Recorded:
        """Deposit for the patient, notify, collect."""
        with recording() as deposit:
            item = ToDeposit(token=self.token, invitation_id=patient.invitation_id)
            made = (await self._perform(item)).made[0]
        with recording() as notify:
            job_id = await self._notify()
        with recording() as collect:
            receipt = self.sealing.receipt(made.document_id, now=self.now)
            await self._perform(
                ToCollect(
                    token=patient.token,
                    delivery_id=made.delivery_id,
                    receipt=receipt,
                    contents=made.contents,
                )
            )
        deposit_id = await self.app[DATABASE].read(_deposit_id, delivery_id=made.delivery_id)
        known = recipient_names(patient) | {deposit_id: "deposit_id", job_id: "job_id"}
        return _Recorded(deposit, notify, collect, known, made.delivery_id)

    async def _perform(self, item: ToDeposit | ToCollect) -> Any:
        task = Task(ports=[self.port], connections=1, begin_at=0, items=[item])
        report = await perform(task, [self.letter])
        if report.errors:
            raise RuntimeError(f"not done: {report.errors}")
        return report

    async def _notify(self) -> int:
        """Do the due job as the worker does it when a deposit wakes it, step after step."""
        app, database = self.app, self.app[DATABASE]
        outbox = Outbox(
            database=database,
            relay=_Everything(),
            clock=lambda: float(self.now),
            sender="no-reply@souspli.localhost",
            page="http://127.0.0.1/",
            code_key=app[SECRETS].one_time_codes,
            return_path_key=app[SECRETS].return_paths,
        )
        handlers: dict[JobName, Callable[..., Awaitable[Any]]] = {JobName.NOTIFY: outbox.notify}
        taken = await database.write(
            claim_jobs,
            names=handlers,
            lease=secrets.token_hex(16),
            now=self.now,
            lease_until=self.now + LEASE_SECONDS,
            most=1,
        )
        if not taken:
            raise RuntimeError("nothing to notify")
        (job,) = taken
        done = await outbox.notify(job)
        if not isinstance(done, Done) or done.then is None:
            raise RuntimeError("nobody was notified")
        then = done.then

        def finish(connection: Connection) -> None:
            finish_job(connection, job=job)
            then(connection)

        await database.write(finish)
        return job.job_id


def recipient_names(patient: Patient) -> dict[Any, str]:
    """Return what names a patient in statements, with the names of the columns for it."""
    return {
        patient.account_number: "account_number",
        patient.invitation_id: "invitation_id",
        hashlib.sha256(patient.token.encode()).hexdigest(): "token_hash",
        f"account:{patient.account_number}": "recipient",
    }


def _deposit_id(connection: Connection, *, delivery_id: str) -> int:
    found: int = connection.execute(
        select(tables.deliveries.c.deposit_id).where(tables.deliveries.c.delivery_id == delivery_id)
    ).scalar_one()
    return found
