"""The world goes away in the middle: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from cli_world import PATIENCE_SECONDS, patient_claims

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from cli_world import Practice, Service


@pytest.fixture
def to(practice: Practice, request: pytest.FixtureRequest) -> str:
    """The address of a patient who was invited for this test."""
    address = f"{abs(hash(request.node.name)):x}@exemple.fr"
    ended = practice.invite(address=address)
    assert ended.code == 0, ended.err
    return address


def start_and_freeze(practice: Practice, to: str, path: Path) -> subprocess.Popen[str]:
    """Begin to send to a service that stops answering once the document is sealed and noted."""
    noted = len(list(practice.profile.glob("book/document-*.sealed")))
    process = practice.start("send", path, "--to", to, "--yes", "--json")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(practice.profile.glob("book/document-*.sealed"))) == noted:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    practice.service.freeze()
    return process


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE_SECONDS * 2)
    return process.returncode, out, err


def deliveries(service: Service, to_invitation: str) -> int:
    """How many deliveries the service holds for an invitation."""
    database = sqlite3.connect(f"file:{service.folder}/data/mailbox.sqlite?mode=ro", uri=True)
    try:
        row = database.execute(
            "SELECT count(*) FROM deliveries WHERE invitation_id = ?", (to_invitation,)
        ).fetchone()
        count: int = row[0]
        return count
    finally:
        database.close()


def large(practice: Practice) -> Path:
    """A file of a few segments, so that there is a middle."""
    return practice.document("large.bin", os.urandom(20_000_000))


def resumed(practice: Practice, service: Service) -> None:
    """`--resume` sends the one document that was kept, once."""
    kept = practice.run("sent", "--json")
    waiting = [d for d in kept.json["documents"] if not d["stored"]]
    assert [d["title"] for d in waiting] == ["large"]
    ended = practice.run("send", "--resume", "--json")
    assert ended.code == 0, ended.err
    (sent,) = ended.json["sent"]
    assert sent["stored"] is True
    assert practice.outbox() == []
    assert deliveries(service, sent["recipients"][0]["invitation_id"]) == 1
    again = practice.run("send", "--resume", "--json")
    assert again.json == {"sent": [], "failed": [], "damaged": []}


def test_a_program_killed_in_the_middle_of_a_send_finishes_it_later(
    practice: Practice, service: Service, to: str, tmp_path: Path
) -> None:
    path = large(practice)
    process = start_and_freeze(practice, to, path)
    process.send_signal(signal.SIGKILL)
    assert end(process)[0] == -signal.SIGKILL
    service.thaw()
    resumed(practice, service)
    reading = patient_claims(service, practice.letter(to), tmp_path / "patient")
    assert reading.files == {"large.bin": path.read_bytes()}


def test_ctrl_c_in_the_middle_of_a_send_keeps_the_document(
    practice: Practice, service: Service, to: str
) -> None:
    process = start_and_freeze(practice, to, large(practice))
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    service.thaw()
    assert code == 130
    assert "souspli send --resume" in err
    resumed(practice, service)


def test_a_service_killed_in_the_middle_of_a_send_gets_it_later(
    practice: Practice, service: Service, to: str
) -> None:
    process = start_and_freeze(practice, to, large(practice))
    service.stop(signal.SIGKILL)
    code, out, err = end(process)
    service.start()
    assert code == 75, err
    assert '"kept"' in out
    assert "souspli send --resume" in err
    resumed(practice, service)


def test_with_the_service_away_a_document_is_sealed_kept_and_sent_later(
    practice: Practice, service: Service, to: str
) -> None:
    path = practice.document("large.txt", b"unique-marker " * 1000)
    service.stop()
    kept = practice.send(path, to=to)
    assert (kept.code, kept.error) == (75, "kept")
    assert kept.json["error"]["document_id"] == practice.outbox()[0].parent.name
    for file in (practice.profile / "outbox").rglob("*"):
        if file.is_file():
            assert b"unique-marker" not in file.read_bytes()
    still = practice.run("send", "--resume", "--json")
    assert still.code == 75
    assert [f["name"] for f in still.json["failed"]] == ["away"]
    table = practice.run("sent")
    assert table.code == 75
    assert "gardé ici" in table.out
    service.start()
    resumed(practice, service)


def test_a_document_whose_answer_was_lost_in_a_crash_is_not_sent_twice(
    practice: Practice, service: Service, to: str, tmp_path: Path
) -> None:
    """Killed between the service's answer and letting go: the outbox still has it."""
    service.stop()
    assert practice.send(practice.document("large.txt"), to=to).code == 75
    (kept,) = practice.outbox()
    shutil.copytree(kept.parent, tmp_path / "copy")
    service.start()
    resumed(practice, service)
    shutil.copytree(tmp_path / "copy", kept.parent)
    again = practice.run("send", "--resume", "--json")
    assert again.code == 0, again.err
    (sent,) = again.json["sent"]
    assert sent["document_id"] == kept.parent.name
    assert deliveries(service, sent["recipients"][0]["invitation_id"]) == 1
    assert practice.outbox() == []


def test_a_kept_document_goes_to_the_new_letter_of_a_patient_who_lost_the_first(
    practice: Practice, service: Service, to: str, tmp_path: Path
) -> None:
    path = practice.document("large.txt", b"for the new letter\n")
    service.stop()
    assert practice.send(path, to=to).code == 75
    service.start()
    assert practice.invite("--again", "--force", address=to).code == 0
    resumed(practice, service)
    reading = patient_claims(service, practice.letter(to), tmp_path / "patient")
    assert reading.files == {"large.txt": b"for the new letter\n"}
    after = practice.run("sent", "--json").json["documents"]
    (mine,) = [d for d in after if d["recipients"][0]["address"] == to]
    assert mine["recipients"][0]["opened_verified"] is True


def test_a_damaged_outbox_entry_is_named_and_does_not_stop_the_others(
    practice: Practice, service: Service, to: str
) -> None:
    service.stop()
    assert practice.send(practice.document("large.txt"), to=to).code == 75
    assert practice.send(practice.document("bad.txt"), to=to).code == 75
    good, bad = sorted(practice.outbox(), key=lambda p: p.parent.stat().st_ctime_ns)
    bad.write_bytes(b"{}")
    service.start()
    ended = practice.run("send", "--resume", "--json")
    assert ended.code == 1
    assert ended.json["damaged"] == [bad.parent.name]
    assert [d["document_id"] for d in ended.json["sent"]] == [good.parent.name]
    assert practice.outbox() == []


def test_a_damaged_address_book_entry_is_told_and_the_others_work(
    practice: Practice, to: str
) -> None:
    before = practice.book()
    other = "damaged@exemple.fr"
    assert practice.invite(address=other).code == 0
    (name,) = practice.book().keys() - before.keys()
    path = practice.profile / "book" / name
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    refused = practice.send(practice.document(), to=other)
    assert (refused.code, refused.error) == (1, "file-damaged")
    assert practice.send(practice.document(), to=to).code == 0
    shown = practice.run("sent", "--json")
    assert shown.code == 1
    assert name in practice.run("sent").err
    assert any(d["recipients"][0]["address"] == to for d in shown.json["documents"])
    path.write_bytes(content)
