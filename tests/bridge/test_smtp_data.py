"""What a mail is answered, and what is kept by then: DATA, its bounds, and its repeats."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from typing import TYPE_CHECKING

import aiosmtplib
import msgspec
import pytest
from bridge.plain_reader import mail, read
from bridge.smtp_talk import JEANNE, Talk, kept
from bridge.world import MAILBOX, SETTINGS, queue_id
from click.testing import CliRunner

from souspli_cli.bridge import standing
from souspli_cli.bridge.accepting import spool_room
from souspli_cli.bridge.accepting.spool_room import SpoolRoom
from souspli_cli.bridge.smtp import answers
from souspli_cli.bridge.verbs.status import status

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.world import Laboratory

    from souspli_cli.intake.values import Mail


async def refused(laboratory: Laboratory, content: bytes, *recipients: str) -> str:
    """Hand in a mail that is refused as a whole; give the answer."""
    with pytest.raises(aiosmtplib.SMTPDataError) as failure:
        await laboratory.send(content, *(recipients or (JEANNE,)))
    return f"{failure.value.code} {failure.value.message}"


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
    monkeypatch.setattr("souspli_cli.bridge.smtp.session.STEP_SECONDS", 0.6)
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


async def test_mails_leave_room_on_the_disk_for_what_sends_them(laboratory: Laboratory) -> None:
    usual = laboratory.settings
    limits = msgspec.structs.replace(SETTINGS.limits, free_bytes=1 << 60)
    known = mail(message_id="<1@labo>")
    async with laboratory.bridge():
        answer = await laboratory.send(known, JEANNE)
    laboratory.settings = msgspec.structs.replace(SETTINGS, limits=limits)
    async with laboratory.bridge():
        assert await refused(laboratory, mail()) == answers.NO_ROOM
        # Nothing has to be written for it, and what is kept is still sent.
        assert await laboratory.send(known, JEANNE) == answer
        await laboratory.settled(1)
        assert not kept(laboratory)
    laboratory.settings = usual
    async with laboratory.bridge():
        await laboratory.send(mail(), JEANNE)
        await laboratory.settled(2)


def test_room_is_held_for_each_mail_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(spool_room, "check_room", lambda _, length: asked.append(length))
    room = SpoolRoom(tmp_path, reserve_bytes=100)
    with room.held(1), room.held(2):
        pass
    with room.held(3):
        assert asked == [102, 106, 106]
    with pytest.raises(ValueError, match="reader"), room.held(4):
        raise ValueError("reader")
    with room.held(0):
        assert asked[-1] == 100
    with SpoolRoom(tmp_path, reserve_bytes=0).held(5):
        assert len(asked) == 5


@pytest.mark.parametrize(
    ("free", "said", "words"),
    [(99, "none", "aucun mail"), (399, "little", "bientôt plein"), (400, "enough", "Place libre")],
)
def test_status_says_whether_mails_find_room(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, free: int, said: str, words: str
) -> None:
    def check_room(_: Path, length: int) -> None:
        if free < length:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(standing, "check_room", check_room)
    laboratory.folder.settings.write_text("[limits]\nfree_bytes = 100\n")
    where = ["--profile", str(laboratory.profile)]
    assert words in CliRunner().invoke(status, where, catch_exceptions=False).stdout
    told = CliRunner().invoke(status, [*where, "--json"], catch_exceptions=False)
    assert json.loads(told.stdout)["room"] == said
    # Settings that no bridge would start with are another question.
    laboratory.folder.settings.write_text("=")
    told = CliRunner().invoke(status, [*where, "--json"], catch_exceptions=False)
    assert json.loads(told.stdout)["room"] == "none"


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
