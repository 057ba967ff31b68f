"""Rows by the million, as the service would have written them, in bulk.

What is measured goes through the service's own functions; these are the many rows that are
there already. Ids, hashes and ciphertext are random, of the right shape and length.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select

from souspli_mailbox.schema import tables
from souspli_storage.database import Database

DAY: Final = 86_400
# Over how long what is there was sent.
DAYS: Final = 100
# In one transaction: every index is written to at random, so the fewer times the better.
AT_ONCE: Final = 25_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Lengths:
    """Bytes of what is large in a row; each lies in a column that no statement searches."""

    statement: int
    """Of an organisation, a member, an invitation's record, half a binding."""
    receipt: int
    identity: int
    vault: int
    cover: int

    def at_most(self, most: int) -> Lengths:
        """Return the same, cut."""
        mine = (self.statement, self.receipt, self.identity, self.vault, self.cover)
        return Lengths(*(min(length, most) for length in mine))


# As the real client makes them.
REAL_LENGTHS: Final = Lengths(
    statement=11_300, receipt=5_030, identity=4_656, vault=1_064, cover=9_851
)


@dataclass(frozen=True)
class Sender:
    """A member, the only one of an organisation."""

    organisation: str
    member: str


@dataclass(frozen=True)
class Patient:
    """A patient with an account, invited by one practice, signed in."""

    account_number: str
    invitation_id: str
    fingerprint: str
    token: str
    sender: Sender


class Filler:
    """Fills one database. The same seed draws the same rows."""

    def __init__(
        self, database: Database, *, lengths: Lengths, now: int, seed: int = 1, after: int = 0
    ) -> None:
        """`after`: how many accounts another one has added already."""
        self._database = database
        self._lengths = lengths
        self._now = now
        self._random = random.Random(seed)  # noqa: S311  (no secrets: rows to be many)
        self._account = after

    def senders(self, count: int) -> list[Sender]:
        """Add organisations with a member each."""
        made = [Sender(self._hex(32), self._hex(32)) for _ in range(count)]
        numbers = [self._account_number() for _ in made]
        with_number = list(zip(made, numbers, strict=True))
        self._insert(
            tables.accounts, (self._account_row(n, "member", s.member) for s, n in with_number)
        )
        self._insert(
            tables.organisations,
            (
                {
                    "fingerprint": one.organisation,
                    "statement_hash": self._hex(32),
                    "created_at": self._now,
                    "envelope": self._bytes(self._lengths.statement),
                }
                for one in made
            ),
        )
        self._insert(
            tables.members,
            (
                {
                    "fingerprint": one.member,
                    "organisation": one.organisation,
                    "account_number": number,
                    "statement_hash": self._hex(32),
                    "created_at": self._now,
                    "envelope": self._bytes(self._lengths.statement),
                }
                for one, number in with_number
            ),
        )
        return made

    def patients(
        self,
        count: int,
        senders: list[Sender],
        *,
        fingerprint: str | None = None,
        identity: bytes | None = None,
    ) -> list[Patient]:
        """Add patients who claimed an invitation of one of the senders, in turn.

        All with the same `identity` where one is given: what is sealed to it, all open.
        """
        made = [
            Patient(
                account_number=self._account_number(),
                invitation_id=self._hex(16),
                fingerprint=fingerprint or self._hex(32),
                token=self._hex(32),
                sender=senders[index % len(senders)],
            )
            for index in range(count)
        ]
        self._insert(
            tables.accounts,
            (
                self._account_row(one.account_number, "patient", one.fingerprint, identity)
                for one in made
            ),
        )
        self._insert(tables.unlockers, (self._unlocker(one.account_number) for one in made))
        self._insert(tables.sessions, (self._session(o.account_number, o.token) for o in made))
        self._insert(
            tables.vaults,
            (
                {
                    "account_number": one.account_number,
                    "generation": 1,
                    "saved_at": self._now,
                    "sealed": self._bytes(self._lengths.vault),
                }
                for one in made
            ),
        )
        self._insert(tables.invitations, (self._invitation(one) for one in made))
        self._insert(
            tables.bindings,
            (
                {
                    "invitation_id": one.invitation_id,
                    "binding_hash": self._hex(32),
                    "account_number": one.account_number,
                    "bound_at": self._now,
                    "by_claim": self._bytes(self._lengths.statement),
                    "by_identity": self._bytes(self._lengths.statement),
                }
                for one in made
            ),
        )
        return made

    def signed_in(self, sender: Sender) -> str:
        """Open a session of the sender's member; its token."""
        token = self._hex(32)
        number: str = self._database.read_now(
            lambda connection: connection.execute(
                select(tables.members.c.account_number).where(
                    tables.members.c.fingerprint == sender.member
                )
            ).scalar_one()
        )
        self._insert(tables.unlockers, [self._unlocker(number)])
        self._insert(tables.sessions, [self._session(number, token)])
        return token

    def deliveries(self, recipients: Iterable[Patient], count: int) -> None:
        """Add one stored document for each of the recipients: `count` in all, oldest first."""
        first = 1 + self._database.read_now(_newest_deposit)
        self._database.write_now(_count_on, to=first + count)
        numbered = enumerate(recipients)
        while some := list(islice(numbered, AT_ONCE)):
            moments = [self._now - DAYS * DAY + DAYS * DAY * n // count for n, _ in some]
            deposits = [
                self._deposit(first + n, p, m) for (n, p), m in zip(some, moments, strict=True)
            ]
            deliveries = [
                self._delivery(first + n, p, m, n) for (n, p), m in zip(some, moments, strict=True)
            ]
            self._database.write_now(
                _insert_all,
                (
                    (tables.deposits, deposits),
                    (tables.sender_covers, [self._sender_cover(first + n) for n, _ in some]),
                    (tables.deliveries, deliveries),
                    (tables.covers, [self._cover(one["delivery_id"]) for one in deliveries]),
                    (
                        tables.receipts,
                        [self._receipt(one) for one in deliveries if one["state"] == "opened"],
                    ),
                    (
                        tables.jobs,
                        [
                            self._job(one["delivery_id"])
                            for one in deliveries
                            if one["state"] == "stored"
                        ],
                    ),
                ),
            )

    def unanswered(self, senders: list[Sender], count: int, documents: int) -> list[str]:
        """Add letters that ended a second ago, a document waiting for the first `documents`.

        Returns the keys of the documents' objects.
        """
        letters: list[Row] = []
        for number in range(count):
            sender = senders[number % len(senders)]
            letters.append(
                {
                    **self._letter(sender),
                    "letter_number": f"{number:010}",
                    "status": "pending",
                    "address": f"patient-{number}@example.org",
                    "not_before": self._now - 30 * DAY - 1,
                    "not_after": self._now - 1,
                    "created_at": self._now - 30 * DAY - 1,
                }
            )
        self._insert(tables.invitations, letters)
        self._insert(
            tables.person_checks,
            (
                {
                    "invitation_id": one["invitation_id"],
                    "position": 0,
                    "person_check": self._bytes(32),
                }
                for one in letters
            ),
        )
        first = 1 + self._database.read_now(_newest_deposit)
        self._database.write_now(_count_on, to=first + documents)
        keys: list[str] = []
        for some in _chunks(enumerate(letters[:documents])):
            patients = [self._nobody(letter) for _, letter in some]
            numbered = list(zip([n for n, _ in some], patients, strict=True))
            moment = self._now - 20 * DAY
            deposits = [self._deposit(first + n, patient, moment) for n, patient in numbered]
            deliveries = [
                # 80: told by mail, collected by nobody.
                {**self._delivery(first + n, patient, moment, 80), "account_number": None}
                for n, patient in numbered
            ]
            self._database.write_now(
                _insert_all,
                (
                    (tables.deposits, deposits),
                    (tables.sender_covers, [self._sender_cover(first + n) for n, _ in some]),
                    (tables.deliveries, deliveries),
                    (tables.covers, [self._cover(one["delivery_id"]) for one in deliveries]),
                ),
            )
            keys += [one["object_key"] for one in deposits]
        return keys

    def mailed(self, patients: Iterable[Patient]) -> None:
        """Note that these were mailed an hour ago."""
        self._insert(
            tables.notifications,
            (
                {"recipient": f"account:{p.account_number}", "mailed_at": self._now - 3_600}
                for p in patients
            ),
        )

    def _deposit(self, deposit_id: int, patient: Patient, moment: int) -> Row:
        return {
            "deposit_id": deposit_id,
            "organisation": patient.sender.organisation,
            "document_id": self._hex(16),
            "member": patient.sender.member,
            "state": "stored",
            "object_key": self._hex(16),
            "sealed_length": 230_000,
            "segments": 1,
            "opened_at": moment - 1,
            "stored_at": moment,
            "request_hash": self._hex(32),
        }

    def _delivery(self, deposit_id: int, patient: Patient, moment: int, index: int) -> Row:
        """Of a hundred: 70 opened, 10 fetched, 15 notified, 3 waiting for their mail, 2 bounced."""
        kind = index % 100
        state = "opened"
        if kind >= 70:
            state = "fetched" if kind < 80 else "notified" if kind < 95 else "stored"
        if kind >= 98:
            state = "bounced"
        return {
            "delivery_id": self._hex(16),
            "deposit_id": deposit_id,
            "invitation_id": patient.invitation_id,
            "position": 0,
            "account_number": patient.account_number,
            "state": state,
            "stored_at": moment,
            "notified_at": moment + 2 if kind < 95 else None,
            "bounced_at": moment + 2 if kind >= 98 else None,
            "fetched_at": moment + DAY if kind < 80 else None,
            "opened_at": moment + DAY if kind < 70 else None,
            "cover_hash": self._hex(32),
        }

    def _sender_cover(self, deposit_id: int) -> Row:
        return {
            "deposit_id": deposit_id,
            "cover_hash": self._hex(32),
            "cover": self._bytes(self._lengths.cover),
        }

    def _cover(self, delivery_id: str) -> Row:
        return {"delivery_id": delivery_id, "cover": self._bytes(self._lengths.cover)}

    def _receipt(self, delivery: Row) -> Row:
        return {
            "delivery_id": delivery["delivery_id"],
            "kept_at": delivery["opened_at"],
            "envelope": self._bytes(self._lengths.receipt),
        }

    def _job(self, delivery_id: str) -> Row:
        """A notification that waits for tomorrow: its recipient was mailed today."""
        return {
            "job": "notify",
            "payload": json.dumps({"delivery_id": delivery_id}),
            "state": "waiting",
            "run_at": self._now + self._random.randrange(3_600, DAY),
            "attempts": 0,
            "created_at": self._now,
        }

    def _account_row(
        self, number: str, kind: str, fingerprint: str, identity: bytes | None = None
    ) -> Row:
        return {
            "account_number": number,
            "kind": kind,
            "address": f"{number}@example.org",
            "fingerprint": fingerprint,
            "created_at": self._now,
            "identity": identity or self._bytes(self._lengths.identity),
        }

    def _unlocker(self, number: str) -> Row:
        return {
            "unlocker_id": hashlib.md5(number.encode(), usedforsecurity=False).hexdigest(),
            "account_number": number,
            "kind": "password",
            "login_public_key": self._bytes(32),
            "wrapped_vault_key": self._bytes(72),
        }

    def _session(self, number: str, token: str) -> Row:
        return {
            "token_hash": hashlib.sha256(token.encode()).hexdigest(),
            "account_number": number,
            "unlocker_id": hashlib.md5(number.encode(), usedforsecurity=False).hexdigest(),
            "client": "program",
            "created_at": self._now,
            # Seen in the future, so that no request has to note that it was seen.
            "last_seen_at": self._now + DAY,
            "expires_at": self._now + 10 * DAY,
        }

    def _invitation(self, patient: Patient) -> Row:
        return {
            **self._letter(patient.sender),
            "invitation_id": patient.invitation_id,
            "letter_number": patient.account_number,
            "status": "claimed",
            "address": f"{patient.account_number}@example.org",
            "not_before": self._now - DAYS * DAY,
            "not_after": self._now - (DAYS - 30) * DAY,
            "created_at": self._now - DAYS * DAY,
            "claimed_at": self._now - (DAYS - 1) * DAY,
            "account_number": patient.account_number,
        }

    def _nobody(self, letter: Row) -> Patient:
        sender = Sender(letter["organisation"], letter["member"])
        return Patient("", letter["invitation_id"], "", "", sender)

    def _letter(self, sender: Sender) -> Row:
        return {
            "invitation_id": self._hex(16),
            "organisation": sender.organisation,
            "member": sender.member,
            "record_hash": self._hex(32),
            "claim_fingerprint": self._hex(32),
            "claim_login_key": self._bytes(32),
            "mails_window_at": 0,
            "mails": 0,
            "person_window_at": 0,
            "person_tries": 0,
            "envelope": self._bytes(self._lengths.statement),
        }

    def _account_number(self) -> str:
        # Far from those that clients draw: ten digits, counted downwards.
        self._account += 1
        return f"{10**10 - self._account}"

    def _hex(self, length: int) -> str:
        return self._bytes(length).hex()

    def _bytes(self, length: int) -> bytes:
        return self._random.randbytes(length)

    def _insert(self, table: Table, rows: Iterable[Row]) -> None:
        for some in _chunks(rows):
            self._database.write_now(_insert_all, ((table, some),))


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while some := list(islice(waiting, AT_ONCE)):
        yield some


def _insert_all(connection: Connection, parts: Iterable[tuple[Table, list[Row]]]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # 256 MiB: by default 2 MiB, which a transaction of this size goes through many times.
        connection.exec_driver_sql("PRAGMA cache_size=-262144")
    for table, rows in parts:
        if rows:
            connection.execute(insert(table), rows)
    if sqlite:
        connection.exec_driver_sql("PRAGMA cache_size=-2000")


def _count_on(connection: Connection, *, to: int) -> None:
    """Let PostgreSQL count deposits from there; SQLite looks for itself."""
    if connection.dialect.name != "sqlite":
        sequence = func.pg_get_serial_sequence("deposits", "deposit_id")
        connection.execute(select(func.setval(sequence, to)))


def _newest_deposit(connection: Connection) -> int:
    newest: int | None = connection.execute(
        select(func.max(tables.deposits.c.deposit_id))
    ).scalar_one()
    return newest or 0
