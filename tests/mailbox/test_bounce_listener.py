"""The listener for mails that come back: real SMTP and LMTP over sockets, and strangers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from simulation.databases import Place
from simulation.desk import RETURN_PATH_KEY, Desk, desk_at
from simulation.reports import OUT_OF_OFFICE, report
from simulation.rows import NOW, Practice, Rows

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox import bounce_listener
from souspli_mailbox.bounce_listener import MOST_CONNECTIONS, MOST_RECIPIENTS, BounceListener
from souspli_mailbox.delivery_reports import MAX_REPORT_BYTES
from souspli_mailbox.return_paths import return_path
from souspli_mailbox.settings import BounceSettings
from souspli_storage.errors import DatabaseBusyError

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@dataclass
class Intake:
    """A listener, and a delivery of which a mail was sent."""

    desk: Desk
    listener: BounceListener
    port: int
    delivery_id: str
    path: str
    """The return path of that mail."""

    @property
    def state(self) -> DeliveryState:
        return self.desk.state(self.delivery_id)

    async def smtp(self, talk: Callable[[smtplib.SMTP], Any], kind: Any = smtplib.SMTP) -> Any:
        """Talk to the listener in a thread, as a relay would."""

        def run() -> Any:
            with kind("127.0.0.1", self.port) as client:
                return talk(client)

        return await asyncio.to_thread(run)

    async def hand_over(self, content: bytes, *, sender: str = "", to: str | None = None) -> None:
        await self.smtp(lambda client: client.sendmail(sender, [to or self.path], content))


@contextlib.asynccontextmanager
async def intake_at(rows: Rows, folder: Path, *, protocol: str = "smtp") -> AsyncIterator[Intake]:
    async with desk_at(rows, folder) as desk:
        practice: Practice = rows.admit()
        invitation = rows.invite(practice)
        (made,) = rows.deliver(practice, (invitation.invitation_id, invitation.claim_fingerprint))
        await desk.work()
        ((path, _, _, _),) = desk.relay.handler.taken
        listener = BounceListener(
            msgspec.convert({"protocol": protocol}, BounceSettings),
            database=rows.database,
            key=RETURN_PATH_KEY,
            clock=lambda: float(NOW + 60),
        )
        port = await listener.start()
        try:
            yield Intake(desk, listener, port, made.delivery_id, path)
        finally:
            await listener.close()


@pytest.fixture
async def intake(rows: Rows, tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake_at(rows, tmp_path) as intake:
        yield intake


async def test_a_report_that_comes_back_makes_its_delivery_bounced(
    intake: Intake, place: Place
) -> None:
    assert intake.state is DeliveryState.NOTIFIED
    await intake.hand_over(report())
    kept = intake.desk.delivery(intake.delivery_id)
    assert (kept.state, kept.bounced_at) == (DeliveryState.BOUNCED, NOW + 60)


async def test_a_relay_that_changes_the_letters_case_is_understood(
    intake: Intake, place: Place
) -> None:
    await intake.hand_over(report(), to=intake.path.upper())
    assert intake.state is DeliveryState.BOUNCED


async def test_by_lmtp_each_recipient_has_an_answer(
    rows: Rows, tmp_path: Path, place: Place
) -> None:
    async with intake_at(rows, tmp_path, protocol="lmtp") as intake:
        reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
        said = (
            b"LHLO relay.example\r\nMAIL FROM:<>\r\n"
            b"RCPT TO:<no-reply+unknown@souspli.example>\r\n"
            b"RCPT TO:<%s>\r\nDATA\r\n%s\r\n.\r\nQUIT\r\n" % (intake.path.encode(), report())
        )
        writer.write(said)
        answers = (await reader.read()).decode().splitlines()
        writer.close()
        after = answers[next(n for n, line in enumerate(answers) if line.startswith("354")) + 1 :]
        assert [line[:3] for line in after] == ["250", "250", "221"]
        assert intake.state is DeliveryState.BOUNCED


@pytest.mark.parametrize(
    ("content", "change"),
    [
        (OUT_OF_OFFICE, {}),
        (report(action="delayed", status="4.4.1"), {}),
        (report(), {"sender": "patient@example.org"}),
        (report(), {"to": "no-reply@souspli.example"}),
        (report(), {"to": "no-reply+abc@souspli.example"}),
        (b"", {}),
        (b"\x00\xff\r\n\r\n\x00", {}),
    ],
)
async def test_whatever_else_comes_is_taken_and_changes_nothing(
    intake: Intake, place: Place, content: bytes, change: dict[str, str]
) -> None:
    await intake.hand_over(content, **change)
    assert intake.state is DeliveryState.NOTIFIED


async def test_a_forger_who_knows_the_delivery_but_not_the_key_changes_nothing(
    intake: Intake, place: Place
) -> None:
    forged = return_path(
        sender="no-reply@souspli.example",
        key=b"?" * 32,
        delivery_id=intake.delivery_id,
        address="patient@example.org",
    )
    await intake.hand_over(report(), to=forged)
    assert intake.state is DeliveryState.NOTIFIED


async def test_a_database_that_is_busy_has_the_report_come_again(
    intake: Intake, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = intake.desk.rows.database

    async def busy(*_args: object, **_more: object) -> None:
        raise DatabaseBusyError("busy")

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", busy)
        with pytest.raises(smtplib.SMTPDataError) as caught:
            await intake.hand_over(report())
    assert caught.value.smtp_code == 451
    assert intake.state is DeliveryState.NOTIFIED
    await intake.hand_over(report())
    assert intake.state is DeliveryState.BOUNCED


async def test_a_fault_of_ours_is_told_to_nobody(
    intake: Intake, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_raw: bytes) -> None:
        raise RuntimeError("secret@example.org")

    monkeypatch.setattr(bounce_listener, "read_report", fail)
    with pytest.raises(smtplib.SMTPDataError) as caught:
        await intake.hand_over(report())
    assert caught.value.smtp_code == 451
    assert b"secret" not in caught.value.smtp_error


async def test_a_mail_that_is_too_large_is_refused_and_not_kept(
    intake: Intake, place: Place
) -> None:
    line = b"x" * 70 + b"\r\n"
    large = report() + line * (MAX_REPORT_BYTES // len(line))
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPSenderRefused)) as caught:
        await intake.hand_over(large)
    assert caught.value.smtp_code == 552
    assert intake.state is DeliveryState.NOTIFIED


async def test_more_recipients_than_a_report_has_are_refused(intake: Intake, place: Place) -> None:
    def talk(client: smtplib.SMTP) -> list[int]:
        client.ehlo()
        client.mail("")
        return [client.rcpt(f"no-reply+{n}@a.example")[0] for n in range(MOST_RECIPIENTS + 1)]

    codes = await intake.smtp(talk)
    assert codes == [250] * MOST_RECIPIENTS + [452]


async def test_connections_are_bounded_and_make_room_again(intake: Intake, place: Place) -> None:
    opened = [
        await asyncio.open_connection("127.0.0.1", intake.port) for _ in range(MOST_CONNECTIONS)
    ]
    for reader, _ in opened:
        assert (await reader.readline()).startswith(b"220")
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    assert (await reader.read()).startswith(b"421")
    writer.close()
    for reader, writer in opened:
        writer.close()
        await reader.read()
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                await intake.hand_over(report())
                break
    assert intake.state is DeliveryState.BOUNCED


@pytest.mark.parametrize("limit", ["STEP_SECONDS", "CONNECTION_SECONDS"])
async def test_who_says_nothing_or_drips_is_left(
    rows: Rows, tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(bounce_listener, limit, 0.2)
    async with intake_at(rows, tmp_path) as intake:
        reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
        await reader.readline()

        async def drip() -> None:
            with contextlib.suppress(OSError):
                while True:
                    writer.write(b"N")
                    await writer.drain()
                    await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(10):
            with contextlib.suppress(OSError):
                await reader.read()
        dripping.cancel()
        writer.close()


async def test_the_greeting_names_neither_machine_nor_program(intake: Intake, place: Place) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    assert await reader.readline() == b"220 souspli souspli\r\n"
    writer.close()


async def test_no_address_reaches_a_log(
    intake: Intake, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
        await intake.hand_over(report())
    assert {"event": "bounce", "changed": 1, "log_level": "info"} in lines
    written = caplog.text + str(lines)
    for secret in ("patient@example.org", intake.path, intake.delivery_id, "no such user"):
        assert secret not in written


async def test_closing_hangs_up_on_who_is_there(intake: Intake, place: Place) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", intake.port)
    await reader.readline()
    async with asyncio.timeout(10):
        await intake.listener.close()
        with contextlib.suppress(OSError):
            assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", intake.port)
