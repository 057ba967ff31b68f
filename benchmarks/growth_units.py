"""The steps of work whose cost must not grow with the table: the service's own functions."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from benchmarks.filler import Filler
from benchmarks.rows import Lengths, Patient, Sender
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.records.completion import NewCover, check_recipients, complete_deposit
from souspli_mailbox.records.deliveries import (
    Delivery,
    keep_receipt,
    list_deliveries,
    read_cover,
    read_delivery,
    record_event,
)
from souspli_mailbox.records.deposits import NewDeposit, open_deposit
from souspli_mailbox.records.jobs import Job, JobName, claim_jobs, finish_job, next_due
from souspli_mailbox.records.notifications import ToMail, begin_notification, record_mailed
from souspli_mailbox.records.sent import sent_deposits
from souspli_mailbox.records.sweeps import (
    condemn_orphans,
    condemn_stale_uploads,
    condemned_objects,
    delete_due,
)
from souspli_mailbox.records.usage import Quota
from souspli_mailbox.retention import UPLOAD_SECONDS, due
from souspli_mailbox.schema import tables
from souspli_storage.database import Database

PAGE: Final = 50
LARGE_MAILBOX: Final = 10_000
SMALL_MAILBOX: Final = 10
DOCUMENTS_OF_A_SENDER: Final = 1_000
DUE: Final = 1_000
KEYS: Final = 500
NO_QUOTA: Final = Quota(sealed_bytes=0, documents_a_day=0)


@dataclass
class Filled:
    """A database in which so many deliveries are, and who they are for."""

    size: int
    database: Database
    now: int
    cover: bytes
    senders: list[Sender]
    patients: list[Patient]
    small: Patient
    """Has ten deliveries."""
    large: Patient | None
    """Has ten thousand, where so many are in the table."""
    _turn: count[int] = field(default_factory=count)
    made: list[str] = field(default_factory=list)
    """Deliveries that were deposited here and not collected yet."""

    def next_patient(self) -> Patient:
        """Return one who was not mailed today, for a while."""
        return self.patients[next(self._turn) % len(self.patients)]


def fill(
    database: Database, *, size: int, lengths: Lengths, now: int, patients_at_least: int
) -> Filled:
    """Add `size` deliveries; senders with a thousand each, patients with about ten."""
    filler = Filler(database, lengths=lengths, now=now)
    senders = filler.senders(max(1, size // DOCUMENTS_OF_A_SENDER))
    patients = filler.patients(max(patients_at_least, size // 10), senders)
    small, large, *others = patients
    many = LARGE_MAILBOX if size >= 10 * LARGE_MAILBOX else 0
    # Each of the two has its own spread over the whole time.
    every_small, every_large = size // SMALL_MAILBOX, size // many if many else size + 1

    def recipient(number: int) -> Patient:
        if number % every_small == 0:
            return small
        return large if number % every_large == 1 else others[number % len(others)]

    filler.deliveries(map(recipient, range(size)), size)
    mailed = max(1, len(others) // 50)
    filler.mailed(others[:mailed])
    return Filled(
        size=size,
        database=database,
        now=now,
        cover=secrets.token_bytes(lengths.cover),
        senders=senders,
        patients=others[mailed:],
        small=small,
        large=large if many else None,
    )


@dataclass(frozen=True)
class Unit:
    """One step of work, done `times` times in each measurement."""

    name: str
    what: str
    work: Callable[[Filled], object]
    times: int = 20
    prepare: Callable[[Filled], object] = lambda _: None
    """Before each measurement, outside the time."""


def deposit(filled: Filled) -> None:
    """Both transactions of a deposit, and the look-up between them."""
    patient = filled.next_patient()
    new = NewDeposit(
        organisation=patient.sender.organisation,
        document_id=secrets.token_hex(16),
        member=patient.sender.member,
        object_key=secrets.token_hex(16),
        sealed_length=210_603,
        segments=1,
    )
    cover = NewCover(
        delivery_id=secrets.token_hex(16),
        invitation_id=patient.invitation_id,
        recipient_fingerprint=patient.fingerprint,
        cover_hash=hashlib.sha256(filled.cover).hexdigest(),
        cover=filled.cover,
    )
    database = filled.database
    database.write_now(open_deposit, deposit=new, quota=NO_QUOTA, now=filled.now)
    database.read_now(
        check_recipients, organisation=new.organisation, covers=[cover], now=filled.now
    )
    database.write_now(
        complete_deposit,
        organisation=new.organisation,
        document_id=new.document_id,
        request_hash=secrets.token_hex(32),
        covers=[cover],
        sender_cover=filled.cover,
        sender_cover_hash=cover.cover_hash,
        quota=NO_QUOTA,
        now=filled.now,
    )
    filled.made.append(cover.delivery_id)


def notify(filled: Filled) -> None:
    """One notification from the job table and back, but for the mail itself."""
    database, names = filled.database, [JobName.NOTIFY]
    database.read_now(next_due, names=names)
    taken = database.write_now(
        claim_jobs,
        names=names,
        lease=secrets.token_hex(16),
        now=filled.now,
        lease_until=filled.now + 120,
        most=1,
    )
    if not taken:
        raise RuntimeError("no notification is due: deposit first")
    (job,) = taken
    found = database.write_now(
        begin_notification,
        delivery_id=job.ids["delivery_id"],
        now=filled.now,
        until=job.lease_until,
    )
    database.write_now(_finish, job=job, found=found, now=filled.now)


def _finish(connection: Connection, *, job: Job, found: object, now: int) -> None:
    finish_job(connection, job=job)
    if isinstance(found, ToMail):
        record_mailed(connection, recipient=found.recipient, now=now)


def look_for_work(filled: Filled) -> None:
    """What every node does every two seconds."""
    filled.database.read_now(next_due, names=list(JobName))


def collect(filled: Filled) -> None:
    """Cover, `fetched`, receipt."""
    delivery_id, database = filled.made.pop(), filled.database
    database.read_now(read_delivery, delivery_id=delivery_id)
    database.read_now(read_cover, delivery_id=delivery_id)
    database.write_now(
        record_event, delivery_id=delivery_id, event=DeliveryEvent.COLLECTED, now=filled.now
    )
    database.write_now(
        keep_receipt, delivery_id=delivery_id, receipt=filled.cover[:5_030], now=filled.now
    )


def first_page(filled: Filled) -> None:
    """The mailbox of a patient with ten deliveries."""
    page(filled, filled.small)


def page(
    filled: Filled, patient: Patient, *, after: tuple[int, str] | None = None, limit: int = PAGE
) -> tuple[Delivery, ...]:
    """One page of a mailbox."""
    return filled.database.read_now(
        list_deliveries, account_number=patient.account_number, after=after, limit=limit
    )


def tell_all(filled: Filled, patient: Patient) -> None:
    """Note that a mail told the patient of everything that waits."""
    recipient = f"account:{patient.account_number}"
    filled.database.write_now(record_mailed, recipient=recipient, now=filled.now)


def senders_list(filled: Filled) -> None:
    """The first page of what a practice sent."""
    sender = filled.senders[next(filled._turn) % len(filled.senders)]  # noqa: SLF001  (same module)
    filled.database.read_now(sent_deposits, member=sender.member, after=None, limit=PAGE)


def sweep(filled: Filled) -> None:
    """What the hourly job does in the database, but for its look at every object."""
    database, now = filled.database, filled.now
    database.write_now(delete_due, due=due(now))
    database.write_now(condemn_stale_uploads, due=due(now), now=now)
    database.read_now(condemned_objects, limit=50)


def make_due(filled: Filled) -> None:
    """Half nonces that nobody used, half uploads that nobody completed."""
    patient, now = filled.patients[0], filled.now
    nonces = [
        {
            "nonce_hash": secrets.token_hex(32),
            "purpose": "sign-in",
            "subject": patient.account_number,
            "expires_at": now - 1,
        }
        for _ in range(DUE // 2)
    ]
    uploads = [
        {
            "organisation": patient.sender.organisation,
            "document_id": secrets.token_hex(16),
            "member": patient.sender.member,
            "state": "uploading",
            "object_key": secrets.token_hex(16),
            "sealed_length": 210_603,
            "segments": 1,
            "opened_at": now - UPLOAD_SECONDS - 1,
        }
        for _ in range(DUE // 2)
    ]

    def write(connection: Connection) -> None:
        # Those of the last time, as if the store had confirmed that they are gone.
        connection.execute(delete(tables.condemned_objects))
        connection.execute(insert(tables.nonces), nonces)
        connection.execute(insert(tables.deposits), uploads)

    filled.database.write_now(write)


def look_for_orphans(filled: Filled) -> None:
    """Compare 500 keys of the store with the table, as the sweep does with each of them."""

    def some_keys(connection: Connection) -> list[str]:
        deposits = tables.deposits.c
        newest = connection.execute(select(func.max(deposits.deposit_id))).scalar_one()
        known = select(deposits.object_key).where(deposits.deposit_id > newest - KEYS)
        return list(connection.execute(known).scalars())

    keys = filled.database.read_now(some_keys)
    filled.database.write_now(condemn_orphans, object_keys=keys, now=filled.now)


UNITS: Final = (
    Unit("deposit", "deposit: opened, checked, completed", deposit),
    Unit("notify", "notification: looked for, taken, begun, done", notify),
    Unit("collect", "collection: read, `fetched`, receipt kept", collect),
    Unit("mailbox", "mailbox of 10, first page", first_page),
    Unit("sent", "sender's list, first page of 50", senders_list),
    Unit("work", "looking for work, 3 % of deliveries waiting for tomorrow", look_for_work),
    Unit("sweep", "sweep, nothing due", sweep, times=5),
    Unit("sweep-due", f"sweep, {DUE:,} rows due", sweep, times=1, prepare=make_due),
    Unit("orphans", f"{KEYS} keys of the store compared", look_for_orphans, times=2),
)
