"""The laboratory's relay, real (aiosmtpd) or hostile: TLS or nothing, and never for long."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult
from simulation.relay import running_relay

from souspli_cli.bridge.errors import NoticeDelayedError, NoticeRefusedError
from souspli_cli.bridge.notices import relay as notice_relay
from souspli_cli.bridge.notices.relay import NoticeRelay
from souspli_cli.bridge.notices.settings import Notices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from simulation.relay import RunningRelay

TO = "labo@labo.example"
CONTENT = b"Subject: x\r\n\r\nx\r\n"


def client(relay: RunningRelay, *, trust: ssl.SSLContext | None = None, **said: Any) -> NoticeRelay:
    """A bridge's side."""
    settings = Notices(relay=f"127.0.0.1:{relay.port}", **said)
    return NoticeRelay(settings, name="pont.labo.example", trust=trust or relay.trust)


@pytest.mark.parametrize(("offer", "tls"), [("starttls", "starttls"), ("tls", "implicit")])
async def test_a_notice_goes_over_tls_from_nobody(tmp_path: Path, offer: str, tls: Any) -> None:
    async with running_relay(tmp_path, offer=offer) as relay:
        await client(relay, tls=tls).send(CONTENT, TO)
        ((sender, recipients, content, _),) = relay.handler.taken
        assert (sender, recipients, content) == ("<>", [TO], CONTENT)
        assert set(relay.handler.greeted_as) == {"pont.labo.example"}


async def test_a_connection_is_left_after_each_notice(tmp_path: Path) -> None:
    async with running_relay(tmp_path, offer="none") as relay:
        tells = client(relay, tls="none")
        await tells.send(CONTENT, TO)
        await tells.send(CONTENT, TO)
        async with asyncio.timeout(10):
            while relay.there:  # noqa: ASYNC110  (the relay's side has no event for it)
                await asyncio.sleep(0.01)
        assert (relay.connections, relay.handler.goodbyes) == (2, 2)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_without_tls_nothing_is_said(tmp_path: Path, tls: Any) -> None:
    async with running_relay(tmp_path, offer="none") as relay:
        with pytest.raises(NoticeDelayedError) as delayed:
            await client(relay, tls=tls).send(CONTENT, TO)
        assert (delayed.value.away, delayed.value.may_have_it) == (True, False)
        assert relay.handler.taken == []


@pytest.mark.parametrize("offer", ["starttls", "tls"])
async def test_a_relay_that_is_not_who_it_should_be_gets_nothing(
    tmp_path: Path, offer: str
) -> None:
    tls: Any = "implicit" if offer == "tls" else offer
    async with running_relay(tmp_path, "other.example", offer=offer) as relay:
        for trust in (None, ssl.create_default_context()):
            with pytest.raises(NoticeDelayedError) as delayed:
                await client(relay, tls=tls, trust=trust).send(CONTENT, TO)
            assert delayed.value.away
        assert relay.handler.taken == []


async def test_a_wrong_password_is_a_relay_that_is_away(tmp_path: Path) -> None:
    def authenticate(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    password = tmp_path / "password"
    password.write_text("wrong\n")
    async with running_relay(tmp_path, authenticator=authenticate, auth_required=True) as relay:
        tells = client(relay, user="pont", password_file=str(password))
        with pytest.raises(NoticeDelayedError) as delayed:
            await tells.send(CONTENT, TO)
        assert delayed.value.away


@pytest.mark.parametrize("knows", [True, False])
async def test_an_address_with_accents(tmp_path: Path, knows: bool) -> None:
    async with running_relay(tmp_path, offer="none", enable_SMTPUTF8=knows) as relay:
        refused = contextlib.nullcontext() if knows else pytest.raises(NoticeRefusedError)
        with refused:
            await client(relay, tls="none").send(CONTENT, "jérôme@labo.example")
        assert [to for _, to, _, _ in relay.handler.taken] == [["jérôme@labo.example"]] * knows


async def test_what_a_relay_says_is_in_no_error(tmp_path: Path) -> None:
    for answer, kind in (("550", NoticeRefusedError), ("451", NoticeDelayedError)):
        async with running_relay(
            tmp_path, offer="none", answers={"RCPT": f"{answer} 5.1.1 <{TO}>"}
        ) as relay:
            with pytest.raises(kind) as failure:
                await client(relay, tls="none").send(CONTENT, TO)
            assert TO not in f"{failure.value}{failure.value.__cause__}"


# --- one that wants to be waited for ----------------------------------------------------

# Greeting, EHLO, MAIL, RCPT, DATA; then the mail itself.
POLITE = (b"220 x\r\n", b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n")


@contextlib.asynccontextmanager
async def dripping(steps: int, drop: bytes) -> AsyncIterator[int]:
    """A relay that answers some steps, and then a little every now and then, for ever."""

    talking: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            for number, answer in enumerate(POLITE[:steps]):
                if number:
                    await reader.readline()
                writer.write(answer)
            while True:
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0.05)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        task.add_done_callback(lambda _: writer.transport.abort())
        talking.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in talking:
            task.cancel()
        await asyncio.wait(talking)


HOSTILE = [
    pytest.param("none", 0, b"2", id="a greeting that does not end"),
    pytest.param("none", 0, b"220-x\r\n", id="a greeting of endless lines"),
    pytest.param("none", 1, b"2", id="an answer that does not end"),
    pytest.param("none", 1, b"250-x\r\n", id="an answer of endless lines"),
    pytest.param("none", 5, b"2", id="no word once it has the mail"),
    pytest.param("implicit", 0, b"", id="TLS that does not begin"),
]


@pytest.mark.parametrize(("tls", "steps", "drop"), HOSTILE)
async def test_a_relay_that_answers_a_byte_at_a_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tls: Any, steps: int, drop: bytes
) -> None:
    monkeypatch.setattr(notice_relay, "STEP_SECONDS", 0.3)
    async with dripping(steps, drop) as port:
        tells = NoticeRelay(Notices(relay=f"127.0.0.1:{port}", tls=tls), name="pont.labo.example")
        begun = time.monotonic()
        with pytest.raises(NoticeDelayedError) as delayed:
            await tells.send(CONTENT, TO)
        # A step for each answer, and what the machine is late by.
        assert 0.3 <= time.monotonic() - begun < 5
        assert delayed.value.away
        assert delayed.value.may_have_it == (steps == len(POLITE))


@pytest.mark.parametrize(("tls", "steps", "drop"), HOSTILE)
async def test_a_dialogue_that_drips_can_be_ended_at_once(
    tls: Any, steps: int, drop: bytes
) -> None:
    async with dripping(steps, drop) as port:
        tells = NoticeRelay(Notices(relay=f"127.0.0.1:{port}", tls=tls), name="pont.labo.example")
        sending = asyncio.create_task(tells.send(CONTENT, TO))
        await asyncio.sleep(0.3)
        assert not sending.done()
        begun = time.monotonic()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert time.monotonic() - begun < 2
