"""What the laboratory's software is answered, and what is kept by then."""

from __future__ import annotations

import asyncio
import base64
import datetime
import socket
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import aiosmtplib
import msgspec
import pytest
from bridge.plain_reader import mail, read
from bridge.world import MAILBOX, SETTINGS, queue_id
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from souspli_cli.bridge import answers
from souspli_cli.bridge.settings import Tls
from souspli_cli.bridge.throttle import ADDRESS_FAILURES

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.world import Laboratory

    from souspli_cli.bridge.settings import Settings
    from souspli_cli.intake.values import Mail

JEANNE = "jeanne@exemple.fr"


async def refused(laboratory: Laboratory, content: bytes, *recipients: str) -> str:
    """Hand in a mail that is refused as a whole; give the answer."""
    with pytest.raises(aiosmtplib.SMTPDataError) as failure:
        await laboratory.send(content, *(recipients or (JEANNE,)))
    return f"{failure.value.code} {failure.value.message}"


def kept(laboratory: Laboratory) -> list[Path]:
    """Every file of the spool, whatever it is called."""
    return list(laboratory.folder.spool.iterdir())


class Talk:
    """A client that says exactly what it is told to."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory

    async def __aenter__(self) -> Talk:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._laboratory.port
        )
        assert (await self.heard()).startswith("220 ")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def heard(self) -> str:
        line = (await self._reader.readline()).decode()
        while line[3:4] == "-":
            line = (await self._reader.readline()).decode()
        return line.strip()

    async def say(self, line: str | bytes) -> str:
        self.send(line)
        return await self.heard()

    def send(self, line: str | bytes) -> None:
        self._writer.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")

    async def sign_in(self) -> None:
        plain = base64.b64encode(f"\0sil\0{self._laboratory.password}".encode()).decode()
        assert (await self.say("EHLO labo")).startswith("250 ")
        assert await self.say(f"AUTH PLAIN {plain}") == answers.SIGNED_IN

    async def begin(self) -> None:
        await self.sign_in()
        assert await self.say("MAIL FROM:<labo@labo.example>") == answers.SENDER_OK
        assert await self.say(f"RCPT TO:<{JEANNE}>") == answers.RECIPIENT_OK
        assert await self.say("DATA") == answers.GO_ON

    async def ended(self) -> bool:
        return await self._reader.read() == b""


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
        from souspli_cli.bridge import accounts  # noqa: PLC0415

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


def with_tls(laboratory: Laboratory, folder: Path, tls: Tls) -> tuple[Settings, ssl.SSLContext]:
    """Settings with a certificate made for the test, and a client's context that knows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    settings = msgspec.structs.replace(
        SETTINGS,
        tls=tls,
        tls_certificate=str(folder / "cert.pem"),
        tls_key=str(folder / "key.pem"),
    )
    return settings, ssl.create_default_context(cafile=str(folder / "cert.pem"))


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


# --- DATA ------------------------------------------------------------------------------


async def test_a_repeat_gets_the_same_id_and_nothing_is_sent_twice(
    laboratory: Laboratory,
) -> None:
    content = mail(message_id="<1@labo>")
    async with laboratory.bridge():
        first = await laboratory.send(content, JEANNE)
        assert await laboratory.send(content, JEANNE) == first
        await laboratory.settled(1)
        assert await laboratory.send(content, JEANNE) == first
        other = await laboratory.send(mail(message_id="<2@labo>"), JEANNE)
        assert queue_id(other) != queue_id(first)
        await laboratory.settled(2)
    async with laboratory.bridge():
        assert await laboratory.send(content, JEANNE) == first
        assert len(await laboratory.settled(2)) == 2


async def test_the_same_mail_to_somebody_else_is_another(laboratory: Laboratory) -> None:
    content = mail(message_id="<1@labo>")
    async with laboratory.bridge():
        first = await laboratory.send(content, JEANNE)
        second = await laboratory.send(content, "paul@exemple.fr")
        assert queue_id(first) != queue_id(second)
        assert len(await laboratory.settled(2)) == 2


async def test_two_at_once_are_one(laboratory: Laboratory) -> None:
    content = mail(message_id="<1@labo>")
    async with laboratory.bridge():
        found = await asyncio.gather(*(laboratory.send(content, JEANNE) for _ in range(5)))
        assert len(set(found)) == 1
        assert len(await laboratory.settled(1)) == 1


async def test_many_mails_come_over_one_connection(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        async with laboratory.client() as client:
            for number in range(20):
                content = mail(title=str(number))
                await client.sendmail("labo@labo.example", [JEANNE], content)
        rows = await laboratory.settled(20)
        sent = [laboratory.sent(row.document_id) for row in rows]
        assert [one.title for one in sent if one] == [str(number) for number in range(20)]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r"])
async def test_smuggled_ends_close_the_connection_and_keep_nothing(
    laboratory: Laboratory, end: bytes
) -> None:
    inner = f"MAIL FROM:<a@b.fr>\r\nRCPT TO:<{JEANNE}>\r\nDATA\r\n".encode()
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.begin()
        talk.send(b"Subject: x\r\n\r\nx" + end + inner + mail() + b".\r\n")
        assert await talk.heard() == answers.SMUGGLED
        assert await talk.ended()
        assert not kept(laboratory)
        assert laboratory.rows() == []


async def test_what_was_sent_behind_the_dot_is_the_next_command(laboratory: Laboratory) -> None:
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.begin()
        assert (await talk.say(mail() + b".\r\nNOOP\r\nQUIT\r\n")).startswith("250 2.0.0")
        assert (await talk.heard()).startswith("250 ")
        assert (await talk.heard()).startswith("221 ")


async def test_a_client_that_hangs_up_before_the_dot_leaves_nothing(
    laboratory: Laboratory,
) -> None:
    async with laboratory.bridge():
        async with Talk(laboratory) as talk:
            await talk.begin()
            talk.send(mail())
        answer = await laboratory.send(mail(title="another"), JEANNE)
        rows = await laboratory.settled(1)
        assert [row.queue_id for row in rows] == [queue_id(answer)]


async def test_a_client_that_hangs_up_after_the_dot_and_repeats_has_sent_once(
    laboratory: Laboratory,
) -> None:
    content = mail(b"x" * 500_000, message_id="<1@labo>")
    async with laboratory.bridge():
        async with Talk(laboratory) as talk:
            await talk.begin()
            talk.send(content + b".\r\n")
            await talk._writer.drain()
            talk._writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
        answer = await laboratory.send(content, JEANNE)
        rows = await laboratory.settled(1)
        assert [row.queue_id for row in rows] == [queue_id(answer)]


async def test_slow_data_is_waited_for_as_long_as_some_comes(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souspli_cli.bridge.session.STEP_SECONDS", 0.6)
    async with laboratory.bridge():
        async with Talk(laboratory) as talk:
            await talk.begin()
            content = mail() + b".\r\n"
            step = -(-len(content) // 6)
            for start in range(0, len(content), step):
                await asyncio.sleep(0.2)
                talk.send(content[start : start + step])
            assert (await talk.heard()).startswith("250 2.0.0")
        async with Talk(laboratory) as talk:
            await talk.begin()
            talk.send(b"Subject: and then nothing\r\n")
            assert await talk.ended()


async def test_a_line_of_64_kib_is_taken_and_a_longer_one_is_not(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        head = b"Subject: x\r\n\r\n"
        assert await laboratory.send(head + b"x" * 65_536 + b"\r\n", JEANNE)
        async with Talk(laboratory) as talk:
            await talk.begin()
            long = head + b"x" * 65_537 + b"\r\n.\r\n"
            assert await talk.say(long) == answers.LINE_TOO_LONG


async def test_a_mail_beyond_size_is_refused_before_and_after_it_was_sent(
    laboratory: Laboratory,
) -> None:
    limits = msgspec.structs.replace(SETTINGS.limits, mail_bytes=50_000, memory_bytes=1_000_000)
    laboratory.settings = msgspec.structs.replace(SETTINGS, limits=limits)
    async with laboratory.bridge(), Talk(laboratory) as talk:
        await talk.sign_in()
        assert await talk.say("MAIL FROM:<labo@labo.example> SIZE=50001") == answers.TOO_LARGE
        assert await talk.say("MAIL FROM:<labo@labo.example> SIZE=50000") == answers.SENDER_OK
        await talk.say(f"RCPT TO:<{JEANNE}>")
        await talk.say("DATA")
        assert await talk.say(mail(b"x" * 100_000) + b".\r\n") == answers.TOO_LARGE
        assert (await talk.say("NOOP")).startswith("250 ")
    assert not kept(laboratory)


async def test_without_memory_for_it_a_mail_is_told_to_come_later(
    laboratory: Laboratory,
) -> None:
    limits = msgspec.structs.replace(SETTINGS.limits, mail_bytes=200_000, memory_bytes=600_000)
    laboratory.settings = msgspec.structs.replace(SETTINGS, limits=limits)
    async with laboratory.bridge(), Talk(laboratory) as first, Talk(laboratory) as second:
        await first.begin()
        await second.begin()
        first.send(b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 150)
        await asyncio.sleep(0.2)
        assert await second.say(mail(b"y" * 100_000) + b".\r\n") == answers.NO_ROOM
        assert (await first.say(b".\r\n")).startswith("250 2.0.0")
        await second.say("MAIL FROM:<labo@labo.example>")
        await second.say(f"RCPT TO:<{JEANNE}>")
        await second.say("DATA")
        assert (await second.say(mail(b"y" * 100_000) + b".\r\n")).startswith("250 2.0.0")


async def test_a_failure_of_the_reader_is_temporary_and_keeps_nothing(
    laboratory: Laboratory,
) -> None:
    async with laboratory.bridge():
        answer = await refused(laboratory, mail(**{"raise": "Jeanne Durand"}))
        assert answer == answers.LATER
        assert not kept(laboratory)
        assert laboratory.rows() == []


async def test_a_mail_that_is_none_is_refused_for_good(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        assert await refused(laboratory, b"\r\n") == answers.UNREADABLE


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


async def test_neither_mails_nor_addresses_reach_the_log(
    laboratory: Laboratory, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with laboratory.bridge():
        await refused(laboratory, mail(**{"raise": "Jeanne Durand"}))
        await laboratory.send(mail(title="Secret"), MAILBOX)
        await laboratory.settled(1)
    said = "".join(capfd.readouterr()) + caplog.text
    assert "bridge-mail-not-kept" in said
    for word in ("Jeanne", "Durand", JEANNE, "Secret", "labo@labo.example", laboratory.password):
        assert word not in said


async def test_a_bridge_that_ends_answers_the_mail_under_way(laboratory: Laboratory) -> None:
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(content: bytes) -> Mail:
        loop.call_soon_threadsafe(began.set)
        import time  # noqa: PLC0415

        time.sleep(0.3)
        return read(content)

    laboratory.reader = slow
    async with laboratory.bridge() as running, Talk(laboratory) as talk:
        await talk.begin()
        talk.send(mail() + b".\r\n")
        await began.wait()
        running.stop()
        assert (await talk.heard()).startswith("250 2.0.0")


async def test_a_second_bridge_on_the_profile_is_refused(laboratory: Laboratory) -> None:
    from souspli_cli.errors import Refused  # noqa: PLC0415

    async with laboratory.bridge():
        with pytest.raises(Refused, match="bridge_runs_already"):
            async with replace(laboratory).bridge():
                pass
