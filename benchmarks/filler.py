"""A database with rows by the million, in bulk.

What is measured goes through the service's own functions; these are the many rows that are
there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select

from benchmarks.rows import DAY, DAYS, Lengths, Patient, Row, Rows, Sender
from souspli_mailbox.schema import tables
from souspli_storage.database import Database

# In one transaction: every index is written to at random, so the fewer times the better.
AT_ONCE: Final = 25_000


class Filler:
    """Fills one database. The same seed draws the same rows."""

    def __init__(
        self, database: Database, *, lengths: Lengths, now: int, seed: int = 1, after: int = 0
    ) -> None:
        """`after`: how many accounts another one has added already."""
        self._database = database
        self._rows = Rows(lengths=lengths, now=now, seed=seed, after=after)
        self._now = now

    def senders(self, count: int) -> list[Sender]:
        """Add organisations with a member each."""
        made = [Sender(self._rows.hex(32), self._rows.hex(32)) for _ in range(count)]
        numbers = [self._rows.account_number() for _ in made]
        with_number = list(zip(made, numbers, strict=True))
        self._insert(
            tables.accounts, (self._rows.account(n, "member", s.member) for s, n in with_number)
        )
        self._insert(tables.organisations, (self._rows.organisation(one) for one in made))
        self._insert(tables.members, (self._rows.member(s, n) for s, n in with_number))
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
                account_number=self._rows.account_number(),
                invitation_id=self._rows.hex(16),
                fingerprint=fingerprint or self._rows.hex(32),
                token=self._rows.hex(32),
                sender=senders[index % len(senders)],
            )
            for index in range(count)
        ]
        self._insert(
            tables.accounts,
            (
                self._rows.account(one.account_number, "patient", one.fingerprint, identity)
                for one in made
            ),
        )
        self._insert(tables.unlockers, (self._rows.unlocker(one.account_number) for one in made))
        self._insert(tables.sessions, (self._rows.session(o.account_number, o.token) for o in made))
        self._insert(tables.vaults, (self._rows.vault(one.account_number) for one in made))
        self._insert(tables.invitations, (self._rows.invitation(one) for one in made))
        self._insert(tables.bindings, (self._rows.binding(one) for one in made))
        return made

    def signed_in(self, sender: Sender) -> str:
        """Open a session of the sender's member; its token."""
        token = self._rows.hex(32)
        number: str = self._database.read_now(
            lambda connection: connection.execute(
                select(tables.members.c.account_number).where(
                    tables.members.c.fingerprint == sender.member
                )
            ).scalar_one()
        )
        self._insert(tables.unlockers, [self._rows.unlocker(number)])
        self._insert(tables.sessions, [self._rows.session(number, token)])
        return token

    def deliveries(self, recipients: Iterable[Patient], count: int) -> None:
        """Add one stored document for each of the recipients: `count` in all, oldest first."""
        first = 1 + self._database.read_now(_newest_deposit)
        self._database.write_now(_count_on, to=first + count)
        numbered = enumerate(recipients)
        while some := list(islice(numbered, AT_ONCE)):
            moments = [self._now - DAYS * DAY + DAYS * DAY * n // count for n, _ in some]
            deposits = [
                self._rows.deposit(first + n, p, m) for (n, p), m in zip(some, moments, strict=True)
            ]
            deliveries = [
                self._rows.delivery(first + n, p, m, n)
                for (n, p), m in zip(some, moments, strict=True)
            ]
            self._database.write_now(
                _insert_all,
                (
                    (tables.deposits, deposits),
                    (tables.sender_covers, [self._rows.sender_cover(first + n) for n, _ in some]),
                    (tables.deliveries, deliveries),
                    (tables.covers, [self._rows.cover(one["delivery_id"]) for one in deliveries]),
                    (
                        tables.receipts,
                        [self._rows.receipt(one) for one in deliveries if one["state"] == "opened"],
                    ),
                    (
                        tables.jobs,
                        [
                            self._rows.job(one["delivery_id"])
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
        letters = [
            self._rows.unanswered(senders[number % len(senders)], number) for number in range(count)
        ]
        self._insert(tables.invitations, letters)
        self._insert(tables.person_checks, (self._rows.person_check(one) for one in letters))
        first = 1 + self._database.read_now(_newest_deposit)
        self._database.write_now(_count_on, to=first + documents)
        keys: list[str] = []
        for some in _chunks(enumerate(letters[:documents])):
            patients = [_nobody(letter) for _, letter in some]
            numbered = list(zip([n for n, _ in some], patients, strict=True))
            moment = self._now - 20 * DAY
            deposits = [self._rows.deposit(first + n, patient, moment) for n, patient in numbered]
            deliveries = [
                # 80: told by mail, collected by nobody.
                {**self._rows.delivery(first + n, patient, moment, 80), "account_number": None}
                for n, patient in numbered
            ]
            self._database.write_now(
                _insert_all,
                (
                    (tables.deposits, deposits),
                    (tables.sender_covers, [self._rows.sender_cover(first + n) for n, _ in some]),
                    (tables.deliveries, deliveries),
                    (tables.covers, [self._rows.cover(one["delivery_id"]) for one in deliveries]),
                ),
            )
            keys += [one["object_key"] for one in deposits]
        return keys

    def mailed(self, patients: Iterable[Patient]) -> None:
        """Note that these were mailed an hour ago."""
        self._insert(tables.notifications, (self._rows.mailed(one) for one in patients))

    def _insert(self, table: Table, rows: Iterable[Row]) -> None:
        for some in _chunks(rows):
            self._database.write_now(_insert_all, ((table, some),))


def _nobody(letter: Row) -> Patient:
    sender = Sender(letter["organisation"], letter["member"])
    return Patient("", letter["invitation_id"], "", "", sender)


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
