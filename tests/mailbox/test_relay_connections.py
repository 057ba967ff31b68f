"""Connections to a real relay that are kept over a run of mails, and what may become of them.

Whatever it is, no mail is lost by it and none is sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from simulation.relay import RunningRelay, running_relay

from souspli_mailbox import mails, relay_connections
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.relay_client import RelayClient, RelayPlace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from souspli_mailbox.notify import SmtpRelay

    Start = Callable[..., Awaitable[RunningRelay]]

SENDER = "no-reply@souspli.example"


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with contextlib.AsyncExitStack() as running:

        async def start(**more: Any) -> RunningRelay:
            more.setdefault("offer", "none")
            return await running.enter_async_context(running_relay(tmp_path, **more))

        yield start


async def send(relay: SmtpRelay, *names: str) -> None:
    """One mail to each, one after the other."""
    for name in names:
        to = f"{name}@example.org"
        mail = mails.activated(sender=SENDER, to=to, message_id=name, now=1_800_000_000)
        await relay.send(mail, return_path=SENDER, to=to)


def taken(relay: RunningRelay) -> list[str]:
    """To whom, in order."""
    return [to.partition("@")[0] for _, tos, _, _ in relay.handler.taken for to in tos]


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110  (the relay's side has no event for it)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_run_of_mails_takes_one_connection(start: Start, tls: str) -> None:
    relay = await start(offer=tls)
    await send(relay.client(tls=tls), "a", "b", "c")
    assert taken(relay) == ["a", "b", "c"]
    assert relay.connections == 1
    assert {secure for _, _, _, secure in relay.handler.taken} == {tls == "starttls"}


async def test_two_mails_at_once_take_two_and_the_next_one_of_them(start: Start) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await asyncio.gather(send(client, "a"), send(client, "b"))
    await send(client, "c")
    assert sorted(taken(relay)) == ["a", "b", "c"]
    assert relay.connections == 2


async def test_each_mail_says_its_own_sender_and_recipient(start: Start) -> None:
    relay = await start(enable_SMTPUTF8=True)
    client = relay.client(tls="none")
    await send(client, "a", "jérôme", "b")
    assert taken(relay) == ["a", "jérôme", "b"]
    assert relay.connections == 1
    for _, (to,), content, _ in relay.handler.taken:
        assert f"To: {to}".encode() in content


async def test_one_that_nobody_uses_is_left_after_a_moment(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_connections, "KEPT_SECONDS", 0.01)
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    await until(lambda: not relay.there)
    assert relay.handler.goodbyes == 1
    await send(client, "b")
    assert taken(relay) == ["a", "b"]
    assert relay.connections == 2


async def test_a_connection_takes_only_so_many(start: Start) -> None:
    relay = await start()
    place = RelayPlace(
        host="127.0.0.1", port=relay.port, tls="none", user=None, password=None, timeout=10
    )
    client = RelayClient(place, name="souspli.example", most_mails=2)
    for name in "abcde":
        await client.send(b"Subject: x\r\n\r\nx\r\n", return_path=SENDER, to=f"{name}@example.org")
    await until(lambda: relay.handler.goodbyes == 2)
    assert taken(relay) == [*"abcde"]
    assert relay.connections == 3
    await client.close()


async def test_closing_says_goodbye_to_every_one(start: Start) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await asyncio.gather(*(send(client, name) for name in "abc"))
    await client.close()
    assert relay.handler.goodbyes == 3


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
async def test_a_relay_that_hangs_up_after_each_mail_gets_them_all(start: Start, tls: str) -> None:
    relay = await start(offer=tls)
    relay.handler.hangs_up = "taken"
    await send(relay.client(tls=tls), "a", "b", "c")
    assert taken(relay) == ["a", "b", "c"]
    assert relay.connections == 3


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("tls", ["none", "starttls"])
async def test_a_relay_that_hangs_up_meanwhile_gets_the_next_one_anew(
    start: Start, tls: str, noticed: bool
) -> None:
    relay = await start(offer=tls)
    client = relay.client(tls=tls)
    await send(client, "a")
    relay.hang_up()
    if noticed:
        await until(lambda: not relay.there)
        await asyncio.sleep(0.02)
    await send(client, "b")
    assert taken(relay) == ["a", "b"]
    assert relay.connections == 2


async def test_a_relay_that_restarts_gets_the_next_one(start: Start) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    await relay.stop()
    with pytest.raises(MailDelayedError):
        await send(client, "b")
    await relay.start()
    await send(client, "b")
    assert taken(relay) == ["a", "b"]


async def test_a_relay_that_says_421_to_the_next_one_gets_it_anew(start: Start) -> None:
    relay = await start()
    relay.handler.most_mails = 1
    await send(relay.client(tls="none"), "a", "b", "c")
    assert taken(relay) == ["a", "b", "c"]
    assert relay.connections == 3


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", [None, "421 4.3.2 closing"])
async def test_a_new_connection_that_ends_before_the_mail_is_not_tried_for_ever(
    start: Start, step: str, answer: str | None
) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    if answer is None:
        relay.handler.hangs_up = step
    else:
        relay.handler.answers[step] = answer
    with pytest.raises(MailDelayedError):
        await send(client, "b")
    assert taken(relay) == ["a"]
    # The kept one, and one more.
    assert relay.connections == 2


async def test_a_line_that_is_lost_with_the_mail_is_not_tried_again(start: Start) -> None:
    """The relay may have it: only the job says when it is sent once more."""
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    relay.handler.hangs_up = "DATA"
    with pytest.raises(MailDelayedError):
        await send(client, "b")
    assert taken(relay) == ["a", "b"]
    assert relay.connections == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_a_refusal_on_a_kept_connection_is_one(start: Start, step: str) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    relay.handler.answers[step] = "550 5.1.1 no such mailbox"
    with pytest.raises(MailRefusedError):
        await send(client, "b")
    assert relay.connections == 1
    relay.handler.answers.clear()
    await send(client, "c")
    assert taken(relay) == ["a", "c"]


async def test_an_address_that_the_relay_cannot_take_is_refused_on_a_kept_one(
    start: Start,
) -> None:
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    with pytest.raises(MailRefusedError):
        await send(client, "jérôme")
    await send(client, "b")
    assert taken(relay) == ["a", "b"]
    assert relay.connections == 2


async def test_a_mail_that_is_given_up_leaves_nothing_to_the_next(start: Start) -> None:
    """As when a job's time is up: the answer to the one is not taken for the other's."""
    relay = await start()
    client = relay.client(tls="none")
    await send(client, "a")
    relay.handler.slow = asyncio.Event()
    sending = asyncio.create_task(send(client, "b"))
    await until(lambda: len(relay.handler.taken) == 2)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    relay.handler.slow.set()
    relay.handler.answers["RCPT"] = "550 5.1.1 no such mailbox"
    with pytest.raises(MailRefusedError):
        await send(client, "c")
    assert relay.connections == 2
