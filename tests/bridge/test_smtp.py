"""Who may hand mails in, over what, and for whom: the dialogue up to DATA."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib
import msgspec
import pytest
from bridge.plain_reader import mail
from bridge.smtp_talk import JEANNE, Talk, kept, with_tls
from bridge.world import SETTINGS

from souspli_cli.bridge.settings import Tls
from souspli_cli.bridge.smtp import answers
from souspli_cli.bridge.smtp.throttle import ADDRESS_FAILURES

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.world import Laboratory

# --- who may ---------------------------------------------------------------------------


async def test_nothing_but_signing_in_is_done_before_it(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.say("EHLO labo")
        for line in ("MAIL FROM:<a@b.fr>", f"RCPT TO:<{JEANNE}>", "DATA", f"VRFY {JEANNE}"):
            assert await talk.say(line) == answers.SIGN_IN_FIRST
    assert not kept(laboratory)


async def test_login_and_plain_sign_in_and_a_wrong_password_does_not(
    laboratory: Laboratory,
) -> None:
    async with laboratory.bridge():
        async with laboratory.client(username=None, password=None) as client:
            await client.ehlo()
            await client.auth_login("sil", laboratory.password)
        async with laboratory.client(username=None, password=None) as client:
            await client.ehlo()
            await client.auth_plain("sil", laboratory.password)
            await client.sendmail("labo@labo.example", [JEANNE], mail())
        for name, password in (("sil", "wrong"), ("nobody", laboratory.password), ("sil", "")):
            async with laboratory.client(username=None, password=None) as client:
                await client.ehlo()
                with pytest.raises(aiosmtplib.SMTPAuthenticationError) as failure:
                    await client.auth_plain(name, password)
            assert failure.value.code == 535


async def test_a_removed_account_and_a_new_one_count_at_once(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        password = laboratory.add_account("second")
        async with laboratory.client(username="second", password=password) as client:
            assert client.is_connected
        from souspli_cli.bridge.smtp import accounts  # noqa: PLC0415

        accounts.remove(laboratory.folder.accounts, "sil")
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            async with laboratory.client():
                pass


async def test_who_tries_passwords_has_to_wait(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.say("EHLO x")
        wrong = base64.b64encode(b"\0sil\0wrong").decode()
        for _ in range(ADDRESS_FAILURES):
            assert await talk.say(f"AUTH PLAIN {wrong}") == answers.SIGN_IN_WRONG
        right = base64.b64encode(f"\0sil\0{laboratory.password}".encode()).decode()
        assert await talk.say(f"AUTH PLAIN {right}") == answers.TOO_MANY_TRIES


@pytest.mark.parametrize("line", ["AUTH PLAIN ####", "AUTH PLAIN AAAA", "AUTH LOGIN ####"])
async def test_auth_that_can_not_be_read_is_said_to_be_that(
    laboratory: Laboratory, line: str
) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.say("EHLO x")
        assert await talk.say(line) == answers.AUTH_NOT_UNDERSTOOD


async def test_an_account_may_only_send_from_its_addresses(laboratory: Laboratory) -> None:
    password = laboratory.add_account("narrow", ("labo@labo.example", "@other.example"))
    signed_in = {"username": "narrow", "password": password}
    async with laboratory.bridge(), laboratory.client(**signed_in) as client:
        await client.sendmail("Labo@LABO.example", [JEANNE], mail(title="1"))
        await client.sendmail("any@other.example", [JEANNE], mail(title="2"))
        for sender in ("x@labo.example", "any@sub.other.example", ""):
            with pytest.raises(aiosmtplib.SMTPSenderRefused) as failure:
                await client.sendmail(sender, [JEANNE], mail(title="3"))
            assert failure.value.code == 550


# --- TLS -------------------------------------------------------------------------------


async def test_a_mail_comes_by_starttls_and_not_without(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    laboratory.settings, context = with_tls(laboratory, tmp_path, Tls.STARTTLS)
    async with laboratory.bridge():
        options = {"hostname": "localhost", "start_tls": True, "tls_context": context}
        async with laboratory.client(**options) as client:
            content = mail(b"x" * 300_000)
            assert (await client.sendmail("labo@labo.example", [JEANNE], content))[1]
        async with Talk(laboratory) as talk:
            await talk.say("EHLO labo")
            assert await talk.say("AUTH PLAIN AAAA") == answers.TLS_FIRST
            assert await talk.say("MAIL FROM:<a@b.fr>") == answers.TLS_FIRST
        await laboratory.settled(1)


async def test_a_mail_comes_by_tls_from_the_first_byte(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    laboratory.settings, context = with_tls(laboratory, tmp_path, Tls.IMPLICIT)
    async with laboratory.bridge():
        options = {"hostname": "localhost", "use_tls": True, "tls_context": context}
        async with laboratory.client(**options) as client:
            assert (await client.sendmail("labo@labo.example", [JEANNE], mail()))[1]


# --- recipients ------------------------------------------------------------------------


async def test_one_unknown_recipient_among_ten_leaves_the_others(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.sign_in()
        await talk.say("MAIL FROM:<labo@labo.example>")
        assert await talk.say("RCPT TO:<nobody@exemple.fr>") == answers.RECIPIENT_UNKNOWN
        for _ in range(9):
            assert await talk.say(f"RCPT TO:<{JEANNE}>") == answers.RECIPIENT_OK
        assert await talk.say("DATA") == answers.GO_ON
        assert (await talk.say(mail() + b".\r\n")).startswith("250 2.0.0")
        (row,) = await laboratory.settled(1)
        assert row.state == "delivered"


async def test_a_mail_without_a_known_recipient_is_not_taken(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.sign_in()
        await talk.say("MAIL FROM:<labo@labo.example>")
        for unknown in ("nobody@exemple.fr", "é@é.fr", "x" * 300 + "@exemple.fr", "jeanne"):
            assert (await talk.say(f"RCPT TO:<{unknown}>"))[:2] == "55"
        assert await talk.say("DATA") == answers.RECIPIENT_FIRST


# --- connections -----------------------------------------------------------------------


async def test_8_bit_and_utf8_are_announced_and_taken(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        talk.send("EHLO labo")
        said = b""
        while b"250 " not in said:
            said += await talk._reader.read(4_096)
        size = f"SIZE {SETTINGS.limits.mail_bytes}".encode()
        for word in (b"8BITMIME", b"SMTPUTF8", size, b"AUTH LOGIN PLAIN", b"ENHANCEDSTATUSCODES"):
            assert word in said
        await talk.sign_in()
        line = "MAIL FROM:<labo@labo.example> BODY=8BITMIME SMTPUTF8"
        assert await talk.say(line) == answers.SENDER_OK
        await talk.say(f"RCPT TO:<{JEANNE}>")
        await talk.say("DATA")
        assert (await talk.say("Subject: été\r\n\r\né\r\n.")).startswith("250 2.0.0")


async def test_more_connections_than_allowed_are_told_so(laboratory: Laboratory) -> None:
    limits = msgspec.structs.replace(SETTINGS.limits, connections=2)
    laboratory.settings = msgspec.structs.replace(SETTINGS, limits=limits)
    async with laboratory.bridge(), Talk(laboratory), Talk(laboratory) as second:
        reader, writer = await asyncio.open_connection("127.0.0.1", laboratory.port)
        assert (await reader.read()).decode().strip() == answers.BUSY
        writer.close()
        assert (await second.say("NOOP")).startswith("250 ")


async def test_handshakes_that_fail_take_nobody_s_place(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    found, context = with_tls(laboratory, tmp_path, Tls.IMPLICIT)
    limits = msgspec.structs.replace(SETTINGS.limits, connections=2)
    laboratory.settings = msgspec.structs.replace(found, limits=limits)
    async with laboratory.bridge():
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", laboratory.port)
            writer.write(b"EHLO labo\r\n")
            await reader.read()
            writer.close()
        options = {"hostname": "localhost", "use_tls": True, "tls_context": context}
        async with laboratory.client(**options) as client:
            assert (await client.sendmail("labo@labo.example", [JEANNE], mail()))[1]


async def test_a_second_bridge_on_the_profile_is_refused(laboratory: Laboratory) -> None:
    from souspli_cli.errors import Refused  # noqa: PLC0415

    async with laboratory.bridge():
        with pytest.raises(Refused, match="bridge_runs_already"):
            async with replace(laboratory).bridge():
                pass
