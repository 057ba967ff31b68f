"""Sending: refused clearly before anything happens, or done whole."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli_world import command
from pypdf import PdfWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_world import Ended, Practice

TO = "send@exemple.fr"


@pytest.fixture(scope="module")
def invited(practice: Practice) -> Practice:
    ended = practice.invite(address=TO)
    assert ended.code == 0, ended.err
    return practice


@pytest.fixture(autouse=True)
def nothing_stays(practice: Practice) -> Iterator[None]:
    """Whatever a test tries, nothing is left in the outbox."""
    yield
    assert practice.outbox() == []


def test_without_an_invitation_the_command_that_invites_is_named(practice: Practice) -> None:
    ended = practice.send(practice.document(), to="Nobody@Exemple.fr ")
    assert (ended.code, ended.error) == (1, "no-invitation")
    assert "souspli invite nobody@exemple.fr --letter" in ended.err


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("bell\x07.pdf", b"x", "file-name-refused"),
        ("right\u202eleft.pdf", b"x", "file-name-refused"),
        (" space.pdf", b"x", "file-name-refused"),
        ("back\\slash.pdf", b"x", "file-name-refused"),
        ("l" * 201 + ".pdf", b"x", "file-name-refused"),
        (os.fsdecode(b"latin-\xe9.pdf"), b"x", "file-name-refused"),
    ],
)
def test_a_file_that_can_not_travel_is_refused(
    invited: Practice, name: str, content: bytes, error: str
) -> None:
    ended = invited.send(invited.document(name, content), to=TO)
    assert (ended.code, ended.error) == (1, error)


def test_missing_files_folders_and_pipes_are_refused(invited: Practice, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, error in [
        ("none.pdf", "file-not-found"),
        ("folder", "file-is-folder"),
        ("pipe", "file-not-regular"),
        ("pipe/none", "file-not-found"),
    ]:
        ended = invited.send(invited.document(), tmp_path / name, to=TO)
        assert (ended.code, ended.error) == (1, error)


def test_two_files_that_a_disk_may_take_for_one_are_refused(
    invited: Practice, tmp_path: Path
) -> None:
    (tmp_path / "RÉSULTATS.txt").write_bytes(b"x")
    ended = invited.send(invited.document(), tmp_path / "RÉSULTATS.txt", to=TO)
    assert (ended.code, ended.error) == (1, "file-names-same")


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("--title", "x" * 201, "text-too-long"),
        ("--title", "a\x1b[31mb", "text-has-controls"),
        ("--kind", "laboratory", "kind-not-understood"),
        ("--date", "00/03/2026", "date-not-understood"),
        ("--date", "31/02/2026", "date-not-understood"),
        ("--to", "nobody", "address-not-understood"),
    ],
)
def test_what_no_manifest_may_say_is_refused(
    invited: Practice, option: str, value: str, error: str
) -> None:
    ended = invited.send(invited.document(), option, value, to=TO)
    assert (ended.code, ended.error) == (1, error)


def test_a_document_about_two_people_is_refused(invited: Practice) -> None:
    other = "other@exemple.fr"
    assert invited.invite("--given-names", "Zoé", address=other).code == 0
    ended = invited.send(invited.document(), "--to", other, to=TO)
    assert (ended.code, ended.error) == (1, "patients-differ")


def test_a_wrong_passphrase_opens_nothing(invited: Practice, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("cheval correct agrafe batterif\n")
    ended = invited.send(invited.document(), "--passphrase-file", tmp_path / "wrong", to=TO)
    assert (ended.code, ended.error) == (1, "passphrase-wrong")
    (tmp_path / "wrong").write_text("\n")
    ended = invited.send(invited.document(), "--passphrase-file", tmp_path / "wrong", to=TO)
    assert (ended.code, ended.error) == (1, "passphrase-file-unreadable")


def test_a_protected_pdf_is_sent_with_a_warning(invited: Practice, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.encrypt("secret")
    writer.write(tmp_path / "Compte rendu.pdf")
    ended = invited.send(
        *[tmp_path / "Compte rendu.pdf", "--kind", "11502-2", "--date", "01/03/2026"], to=TO
    )
    assert ended.code == 0, ended.err
    assert ended.json["title"] == "Compte rendu"
    assert ended.json["kind"] == "11502-2"
    assert ended.json["date"] == "2026-03-01"
    assert ended.json["findings"] == [{"file": "Compte rendu.pdf", "finding": "encrypted"}]
    assert "mot de passe" in ended.err


def test_an_empty_file_is_sent_with_a_warning(invited: Practice) -> None:
    ended = invited.send(invited.document("vide.pdf", b""), to=TO)
    assert ended.code == 0, ended.err
    assert ended.json["findings"] == [{"file": "vide.pdf", "finding": "empty"}]
    assert "0 octet" in ended.err


def test_without_a_person_to_ask_nothing_is_sent(invited: Practice) -> None:
    ended = invited.run("send", invited.document(), "--to", TO, "--json")
    assert (ended.code, ended.error) == (2, "nobody-to-ask")
    assert "Pour : DURAND Jeanne, née le 02/03/1961" in ended.err


def answer(practice: Practice, reply: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a command at a terminal and answer its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        env=practice.service.environment | practice.environment | {"TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    answered = False
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux: the other end was closed
            break
        seen += piece
        if not answered and b"[o/N]" in seen:
            os.write(ours, reply.encode() + b"\n")
            answered = True
    os.close(ours)
    return process.wait(60), seen.decode()


@pytest.mark.parametrize("reply", ["n", "", "non", "peut-être"])
def test_anything_but_a_clear_yes_sends_nothing(invited: Practice, reply: str) -> None:
    before = invited.book()
    code, seen = answer(invited, reply, "send", invited.document(), "--to", TO)
    assert code != 0
    assert "Pour : DURAND Jeanne, née le 02/03/1961" in seen
    assert invited.book() == before


def test_a_yes_at_the_terminal_sends(invited: Practice) -> None:
    code, seen = answer(invited, "o", "send", invited.document(), "--to", TO, "--quiet")
    assert code == 0, seen
    # Even with --quiet: one must see to whom.
    assert "Pour : DURAND Jeanne, née le 02/03/1961" in seen
    assert f"Envoyé à {TO}." in seen


def test_a_disk_too_full_to_seal_leaves_nothing(invited: Practice) -> None:
    before = invited.book()
    large = invited.document("large.bin", os.urandom(300_000))
    ended: Ended = invited.send(large, to=TO, limit_file_size=100_000)
    assert (ended.code, ended.error) == (1, "disk-full")
    assert invited.book() == before
    assert [p.name for p in (invited.profile / "outbox").iterdir() if p.name != "lock"] == []


def test_the_outbox_and_the_profile_never_hold_plaintext(invited: Practice) -> None:
    assert invited.send(invited.document(content=b"TSH 1,2 mUI/l, unique-marker"), to=TO).code == 0
    for path in invited.profile.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"unique-marker", b"Durand", b"1961", b"r\xc3\xa9sultats"):
                assert secret not in content, path.name
