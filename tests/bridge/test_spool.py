"""A spooled mail is whole or not there, opens for its owner alone, and in its place alone."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from souspli_cli import files
from souspli_cli.bridge.accepting.folder_sync import FolderSync
from souspli_cli.bridge.accepting.sealing import seal_mail
from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.bridge.slip import MailSlip
from souspli_cli.bridge.spool import MailSpool, is_queue_id, new_queue_id
from souspli_cli.intake.values import Document, File, Format, Mail

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_cli.bridge.accepting.sealing import SealedDocument

SECRET = bytes(range(32))


def documents(*contents: bytes) -> list[SealedDocument]:
    """Seal a mail with a document for each content."""
    mail = Mail(
        message_id=None,
        documents=tuple(
            Document(
                format=Format.PLAIN,
                files=(File(name="a.pdf", media_type="application/pdf", content=content),),
            )
            for content in contents
        ),
    )
    return seal_mail(mail, now=1_000)


def slip_of(queue_id: str, count: int) -> MailSlip:
    """A mail's slip."""
    return MailSlip(
        queue_id=queue_id, account="sil", mail_from="", recipients=("a@b.fr",), message_id=None,
        received_at=1_000, order=1, repeat="00" * 32, documents=count,
    )  # fmt: skip


@pytest.fixture
def spool(tmp_path: Path) -> MailSpool:
    """An empty spool."""
    return MailSpool(tmp_path, SECRET)


def write(spool: MailSpool, *contents: bytes) -> tuple[str, list[SealedDocument]]:
    """Keep a mail; give its id and what was sealed."""
    queue_id, sealed = new_queue_id(), documents(*contents)
    spool.put(slip_of(queue_id, len(sealed)), sealed)
    spool.finish(queue_id)
    return queue_id, sealed


def test_what_was_written_is_read_segment_by_segment(spool: MailSpool) -> None:
    queue_id, sealed = write(spool, b"one", os.urandom(9_000_000), b"")
    mail = spool.read(queue_id)
    assert mail.slip == slip_of(queue_id, 3)
    assert [one.slip for one in sealed] == list(mail.documents)
    for number, one in enumerate(sealed):
        for index, segment in enumerate(one.segments):
            assert spool.segment(mail, number, index) == segment
    assert len(sealed[1].segments) == 2


@pytest.mark.parametrize("part", [0.0, 0.01, 0.1, 0.5, 0.999])
def test_a_file_cut_short_is_damaged(spool: MailSpool, part: float) -> None:
    queue_id, _ = write(spool, b"x" * 1_000, b"y" * 1_000)
    path = spool.path(queue_id)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(SpoolDamagedError):
        spool.read(queue_id)


def test_a_bit_of_a_slip_that_changed_is_noticed(spool: MailSpool) -> None:
    queue_id, _ = write(spool, b"x")
    path = spool.path(queue_id)
    content = bytearray(path.read_bytes())
    for place in (0, 30, 60, 200, 500, 1_000):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(SpoolDamagedError):
            spool.read(queue_id)


def test_another_name_or_another_secret_opens_nothing(spool: MailSpool, tmp_path: Path) -> None:
    queue_id, _ = write(spool, b"x")
    with pytest.raises(SpoolDamagedError):
        MailSpool(tmp_path, bytes(32)).read(queue_id)
    other = new_queue_id()
    spool.path(queue_id).rename(spool.path(other))
    with pytest.raises(SpoolDamagedError):
        spool.read(other)


def test_a_disk_that_refuses_leaves_no_file(
    spool: MailSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("souspli_exchange.durable.os.fsync", refuse)
    with pytest.raises(OSError, match="full"):
        write(spool, b"x")
    assert not list(tmp_path.iterdir())


def test_what_a_crash_left_unfinished_is_removed_and_nothing_else(
    spool: MailSpool, tmp_path: Path
) -> None:
    queue_id, _ = write(spool, b"x")
    (tmp_path / ".unfinished-X").write_bytes(b"half")
    (tmp_path / "note.txt").write_bytes(b"somebody's")
    spool.remove_unfinished()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{queue_id}.sealed", "note.txt"]
    assert list(spool.queue_ids()) == [queue_id]


def test_ids_are_drawn() -> None:
    drawn = {new_queue_id() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert all(is_queue_id(one) for one in drawn)
    assert not is_queue_id("../../etc/passwd")


async def test_those_who_wait_share_an_fsync_that_begins_after_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[float] = []
    loop = asyncio.get_running_loop()
    sync = files.sync_folder

    def counted(folder: Path) -> None:
        began.append(loop.time())
        import time  # noqa: PLC0415

        time.sleep(0.05)
        sync(folder)

    monkeypatch.setattr(files, "sync_folder", counted)
    with ThreadPoolExecutor(4) as pool:
        shared = FolderSync(tmp_path, pool)

        async def one(delay: float) -> bool:
            await asyncio.sleep(delay)
            came, known = loop.time(), len(began)
            await shared.sync()
            return any(moment >= came for moment in began[known:])

        assert all(await asyncio.gather(*(one(0.002 * number) for number in range(50))))
    assert 2 <= len(began) <= 6


async def test_a_failed_fsync_fails_for_those_who_waited_and_not_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as pool:
        shared = FolderSync(tmp_path, pool)
        monkeypatch.setattr(files, "sync_folder", _refuse)
        found = await asyncio.gather(*(shared.sync() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in found] == [OSError] * 3
        monkeypatch.undo()
        await shared.sync()


def _refuse(_: Path) -> None:
    raise OSError(5, "input/output error")
