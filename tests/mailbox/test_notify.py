"""Handing mails to a real relay (aiosmtpd): TLS or nothing, and what its answers mean."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult
from simulation.relay import RunningRelay, running_relay

from souspli_keys.address import normalise_address
from souspli_mailbox import mails
from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.notify import SmtpRelay
from souspli_mailbox.settings import MailSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Start = Callable[..., Awaitable[RunningRelay]]

TO = "patient@example.org"
SENDER = "no-reply@souspli.example"
MAIL = mails.activated(sender=SENDER, to=TO, message_id="1", now=1_800_000_000)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    async with contextlib.AsyncExitStack() as running:

        async def start(*names: str, **more: Any) -> RunningRelay:
            return await running.enter_async_context(running_relay(tmp_path, *names, **more))

        yield start


async def send(relay: SmtpRelay, *, to: str = TO) -> None:
    await relay.send(MAIL, return_path="no-reply+abc@souspli.example", to=to)


async def test_a_mail_reaches_the_relay_over_starttls(start: Start) -> None:
    relay = await start()
    await send(relay.client())
    ((sender, recipients, content, secure),) = relay.handler.taken
    assert (sender, recipients) == ("no-reply+abc@souspli.example", [TO])
    assert content.rstrip() == MAIL.as_bytes().rstrip()
    assert secure
    assert set(relay.handler.greeted_as) == {"souspli.example"}


async def test_a_mail_reaches_a_relay_that_begins_with_tls(
    start: Start,
) -> None:
    relay = await start(offer="tls")
    await send(relay.client(tls="tls"))
    assert len(relay.handler.taken) == 1


async def test_without_tls_only_if_the_settings_say_so(start: Start) -> None:
    relay = await start(offer="none")
    with pytest.raises(MailDelayedError):
        await send(relay.client())
    with pytest.raises(MailDelayedError):
        await send(relay.client(tls="tls"))
    assert relay.handler.taken == []
    await send(relay.client(tls="none"))
    assert len(relay.handler.taken) == 1


@pytest.mark.parametrize(("tls", "reads"), [("none", False), ("starttls", True), ("tls", True)])
async def test_the_machine_s_certificates_are_read_only_for_a_relay_with_tls(
    monkeypatch: pytest.MonkeyPatch, tls: str, reads: bool
) -> None:
    read: list[bool] = []
    made = ssl.create_default_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append(True) or made)
    SmtpRelay(MailSettings(tls=tls), name="souspli.example")
    assert read == [True] * reads


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    start: Start,
) -> None:
    relay = await start()
    with pytest.raises(MailDelayedError):
        await send(relay.client(trust=ssl.create_default_context()))
    assert relay.handler.taken == []


@pytest.mark.parametrize("offer", ["starttls", "tls"])
async def test_a_certificate_of_another_name_is_refused(start: Start, offer: str) -> None:
    relay = await start("other.example", offer=offer)
    with pytest.raises(MailDelayedError):
        await send(relay.client(tls=offer))
    assert relay.handler.taken == []


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_a_recipient_refused_for_good_bounces(start: Start, step: str) -> None:
    relay = await start(answers={step: f"550 5.1.1 <{TO}>: no such mailbox"})
    with pytest.raises(MailRefusedError) as refused:
        await send(relay.client())
    assert refused.value.code == 550
    assert TO not in str(refused.value)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_a_recipient_refused_for_now_is_tried_again(start: Start, step: str) -> None:
    relay = await start(answers={step: "451 4.7.1 greylisted"})
    with pytest.raises(MailDelayedError) as delayed:
        await send(relay.client())
    assert delayed.value.code == 451


async def test_a_relay_that_refuses_the_service_bounces_no_recipient(start: Start) -> None:
    relay = await start(offer="none", answers={"MAIL": "550 5.7.1 not you"})
    with pytest.raises(MailDelayedError):
        await send(relay.client(tls="none"))


async def test_a_wrong_password_bounces_no_recipient(start: Start, tmp_path: Path) -> None:
    def authenticate(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    relay = await start(authenticator=authenticate, auth_required=True)
    password = tmp_path / "password"
    password.write_text("wrong\n")
    with pytest.raises(MailDelayedError) as delayed:
        await send(relay.client(user="souspli", password_file=password))
    assert delayed.value.code == 535


async def test_a_relay_that_is_away_is_tried_again(start: Start) -> None:
    relay = await start()
    relay.port = 1  # nobody listens there
    with pytest.raises(MailDelayedError):
        await send(relay.client())


async def test_an_address_that_the_relay_cannot_take_bounces(
    start: Start,
) -> None:
    relay = await start(enable_SMTPUTF8=False)
    with pytest.raises(MailRefusedError) as caught:
        await send(relay.client(), to="jérôme@example.org")
    assert caught.value.reason is BounceReason.ADDRESS_UNSUPPORTED


async def test_a_domain_in_another_script_needs_no_extension(start: Start) -> None:
    relay = await start(enable_SMTPUTF8=False)
    await send(relay.client(), to=normalise_address("Patient@hôpital.example"))
    assert relay.handler.taken[0][1] == ["patient@xn--hpital-ixa.example"]


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("RCPT", "550 5.1.1 <patient@example.org>: unknown", BounceReason.ADDRESS_UNKNOWN),
        ("RCPT", "550 5.1.2 no such domain", BounceReason.DOMAIN_UNKNOWN),
        ("DATA", "554 5.7.1 looks like spam", BounceReason.REFUSED),
        ("DATA", "554 no", BounceReason.OTHER),
    ],
)
async def test_a_refusal_s_enhanced_status_code_gives_its_reason(
    start: Start, step: str, answer: str, reason: BounceReason
) -> None:
    relay = await start(answers={step: answer})
    with pytest.raises(MailRefusedError) as caught:
        await send(relay.client())
    assert caught.value.reason is reason
    assert "example.org" not in str(caught.value)


async def test_a_relay_without_tls_bounces_no_recipient_with_accents(start: Start) -> None:
    relay = await start(offer="none", enable_SMTPUTF8=True)
    with pytest.raises(MailDelayedError):
        await send(relay.client(), to="jérôme@example.org")


async def test_an_address_with_accents_reaches_a_relay_that_knows_them(
    start: Start,
) -> None:
    relay = await start(enable_SMTPUTF8=True)
    await send(relay.client(), to="jérôme@example.org")
    assert relay.handler.taken[0][1] == ["jérôme@example.org"]
