"""Mails that a real Postfix can't deliver come back to the listener, by the lines of our page.

`make relays`: it needs root, so it is no part of `make test`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from relays.postfix import Postfix, documented, postfix
from simulation.databases import Place
from simulation.desk import RETURN_PATH_KEY, SENDER
from simulation.relay import RunningRelay, running_relay
from simulation.reports import report
from simulation.rows import CODE_KEY, NOW, Practice, Rows
from sqlalchemy import select

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.bounce_listener import BounceListener
from souspli_mailbox.delivery_reports import MAX_REPORT_BYTES
from souspli_mailbox.jobs import Done
from souspli_mailbox.notify import SmtpRelay
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records.jobs import finish_job
from souspli_mailbox.return_paths import return_path
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import BounceSettings, DatabaseSettings, MailSettings


@dataclass
class World:
    """A service's outbox and its listener, with a Postfix between them and the patients."""

    rows: Rows
    postfix: Postfix
    patients: RunningRelay
    """The server of `there.example`, which answers as it is told."""
    outbox: Outbox
    practice: Practice

    async def mail(self, address: str, *, meanwhile: bool = False) -> str:
        """Invite, deposit, and have the mail handed over; return the delivery's id.

        `meanwhile`: Postfix is done with it before it is noted that it took it.
        """
        letter = self.rows.invite(self.practice, address)
        (made,) = self.rows.deliver(self.practice, (letter.invitation_id, letter.claim_fingerprint))
        for job in self.rows.jobs(now=NOW, lease_until=NOW + 120):
            done = await self.outbox.notify(job)
            assert isinstance(done, Done)
            assert done.then is not None
            if meanwhile:
                await self.rests()
            self.rows.database.write_now(done.then)
            self.rows.database.write_now(finish_job, job=job)
        return made.delivery_id

    async def rests(self) -> None:
        await asyncio.to_thread(self.postfix.rests)

    def path(self, delivery_id: str, address: str, *, key: bytes = RETURN_PATH_KEY) -> str:
        return return_path(sender=SENDER, key=key, delivery_id=delivery_id, address=address)

    def state(self, delivery_id: str) -> tuple[str, str | None]:
        delivery = tables.deliveries.c
        asked = select(delivery.state, delivery.bounce_reason).where(
            delivery.delivery_id == delivery_id
        )
        kept = self.rows.database.read_now(lambda connection: connection.execute(asked).one())
        return kept.state, kept.bounce_reason


@contextlib.asynccontextmanager
async def world_at(folder: Path, *, protocol: str = "smtp") -> AsyncIterator[World]:
    answers: dict[str, str] = {}
    with Place("sqlite", folder / "data", DatabaseSettings()).open() as database:
        rows = Rows(database)
        listener = BounceListener(
            msgspec.convert({"protocol": protocol}, BounceSettings),
            database=database,
            key=RETURN_PATH_KEY,
            clock=lambda: float(NOW + 60),
        )
        port = await listener.start()
        try:
            async with running_relay(folder, offer="none", answers=answers) as patients:
                with postfix(
                    documented(port=port, lmtp=protocol == "lmtp"),
                    f"/@there\\.example$/ smtp:[127.0.0.1]:{patients.port}",
                    "/@away\\.example$/ smtp:[127.0.0.1]:1",
                ) as running:
                    settings = MailSettings(
                        host="127.0.0.1", port=running.port, tls="none", timeout=30
                    )
                    relay = SmtpRelay(settings, name="souspli.example")
                    outbox = Outbox(
                        database=database,
                        relay=relay,
                        clock=lambda: float(NOW),
                        sender=SENDER,
                        page="https://souspli.example/",
                        code_key=CODE_KEY,
                        return_path_key=RETURN_PATH_KEY,
                    )
                    try:
                        yield World(rows, running, patients, outbox, rows.admit())
                    finally:
                        await relay.close()
        finally:
            await listener.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_at(tmp_path) as made:
        yield made


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
async def test_what_postfix_gives_up_becomes_bounced_with_the_reason(
    tmp_path: Path, protocol: str
) -> None:
    async with world_at(tmp_path, protocol=protocol) as world:
        for number, (step, answer, reason) in enumerate(
            [
                ("RCPT", "550 5.1.1 no such user", "address-unknown"),
                ("RCPT", "550 No such user here", "other"),
                ("RCPT", "452 4.2.2 over quota", "mailbox-full"),
                ("DATA", "552 5.2.2 over quota", "mailbox-full"),
                ("DATA", "554 5.7.1 looks like spam", "refused"),
                ("MAIL", "550 5.7.25 no reverse name", "refused"),
            ]
        ):
            world.patients.handler.answers.clear()
            world.patients.handler.answers[step] = answer
            made = await world.mail(f"patient{number}@there.example")
            # Taken by the relay, and known to be undeliverable a moment later.
            await world.rests()
            assert world.state(made) == (DeliveryState.BOUNCED, reason), answer
        made = await world.mail("patient@away.example", meanwhile=True)
        assert world.state(made) == (DeliveryState.BOUNCED, "unreachable")
        assert f"127.0.0.1[127.0.0.1]:{world.postfix.port}" not in world.postfix.log


async def test_what_postfix_delivers_stays_notified_whatever_programs_answer_to_it(
    world: World, tmp_path: Path
) -> None:
    address = "patient@there.example"
    made = await world.mail(address)
    await world.rests()
    ((sender, _, _, _),) = world.patients.handler.taken
    path = world.path(made, address)
    assert sender == path

    vacation = tmp_path / "vacation"
    vacation.write_text(
        f"From: {address}\nTo: {path}\nSubject: Absence jusqu'au 12\n"
        "Auto-Submitted: auto-replied (vacation)\nPrecedence: bulk\n\n"
        "Action: failed\nStatus: 5.1.1\n"
    )
    forged, signed = tmp_path / "forged", tmp_path / "signed"
    forged.write_bytes(report(to=path))
    signed.write_bytes(report(to=path))
    other = world.path(made, address, key=b"?" * 32)
    for from_, to, data in (
        # RFC 3834: an answer by a program has no sender; some have.
        ("<>", path, vacation),
        (address, path, vacation),
        # A report that somebody made, who does not have the token; who has a sender.
        ("<>", other, forged),
        (address, path, signed),
        # A mailbox that forwards everything to where it came from.
        (path, path, vacation),
    ):
        await asyncio.to_thread(world.postfix.swaks, sender=from_, to=to, data=data)
        await world.rests()
        assert world.state(made) == (DeliveryState.NOTIFIED, None), (from_, to)
    # Each was taken, and answered by nobody: the patient has the one mail.
    assert len(world.patients.handler.taken) == 1
    assert world.postfix.log.count("status=sent (250 2.0.0 taken)") == 5
    assert "sender non-delivery notification" not in world.postfix.log


async def test_a_report_that_is_refused_for_its_size_goes_round_in_no_circle(
    world: World, tmp_path: Path
) -> None:
    address = "patient@there.example"
    made = await world.mail(address)
    await world.rests()
    path, large = world.path(made, address), tmp_path / "large"
    large.write_bytes(report(to=path) + b"x" * 70 + b"\r\n" + b"y\r\n" * (MAX_REPORT_BYTES // 3))
    await asyncio.to_thread(world.postfix.swaks, sender="<>", to=path, data=large)
    await world.rests()
    assert world.state(made) == (DeliveryState.NOTIFIED, None)
    assert "sender non-delivery notification" not in world.postfix.log
    # And the way is free for one that is a report.
    small = tmp_path / "small"
    small.write_bytes(report(to=path))
    await asyncio.to_thread(world.postfix.swaks, sender="<>", to=path, data=small)
    await world.rests()
    assert world.state(made) == (DeliveryState.BOUNCED, "address-unknown")
