"""Killed at any moment, on either side: a document arrives once and whole, or waits.

`kill -9`, a frozen process and a full disk are real; documents are of three segments,
so that there is a middle. What each step leaves: docs/specs/mailbox.md §1.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Final

import pytest
from cli_world import Ended
from product.world import PATIENCE_SECONDS, Patient, Practice, RecordedService, until

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT_BYTES: Final = 8_388_608
ROUNDS: Final = 3
# What a send of these documents takes once it speaks to the service, and more.
KILL_WITHIN_SECONDS: Final = 1.2
NOTIFICATION: Final = "Un document vous attend"


def content(number: int, length: int = 2 * SEGMENT_BYTES + 100_000) -> bytes:
    return random.Random(number).randbytes(length)  # noqa: S311  (no secret)


def end(sender: subprocess.Popen[str]) -> Ended:
    out, err = sender.communicate(timeout=PATIENCE_SECONDS)
    return Ended(sender.returncode, out, err)


def deliveries(service: RecordedService) -> int:
    ((count,),) = service.rows("SELECT count(*) FROM deliveries")
    return int(count)


def notifications(service: RecordedService, address: str) -> int:
    return sum(
        mail.recipients == (address,) and mail.subject.startswith(NOTIFICATION)
        for mail in service.mails.mails()
    )


def begin_upload(service: RecordedService, practice: Practice, file: Path) -> subprocess.Popen[str]:
    """Start a send; return when its first segment is kept and others are not."""
    before = len(service.parts())
    sender = practice.start(*practice.sending(file))
    until(lambda: len(service.parts()) > before or sender.poll() is not None, pause=0.001)
    assert sender.poll() is None, end(sender)
    service.freeze()
    assert len(service.parts()) < before + 3, "too late: all is there"
    return sender


@pytest.fixture(scope="module")
def patient(service: RecordedService, letter: Path) -> Patient:
    """The patient of `practice.send`, with an account from the beginning."""
    return Patient.with_letter(service, letter)


def assert_arrived_once(
    patient: Patient, folder: Path, name: str, expected: bytes, *, before: int
) -> None:
    """One delivery more than before, and it is this document, byte for byte."""
    assert len(patient.deliveries()) == before + 1
    (newest,) = patient.read_all(folder, newest=1)
    assert newest.files == {name: expected}


def test_the_service_is_killed_at_random_moments_of_a_send(
    service: RecordedService, practice: Practice, tmp_path: Path
) -> None:
    seed = time.time_ns()
    draw = random.Random(seed)  # noqa: S311  (no secret)
    print(f"seed {seed}")  # noqa: T201  (shown when it fails)
    addresses = [f"boite.{number}@courriel.example" for number in range(ROUNDS)]
    letters = [practice.invite(address) for address in addresses]
    for number, address in enumerate(addresses):
        file = practice.file(f"document {number}", content(number))
        said = service.said
        sender = practice.start(*practice.sending(file, to=[address]))
        until(lambda: service.said > said)  # noqa: B023  (waited for here)
        time.sleep(draw.uniform(0, KILL_WITHIN_SECONDS))
        service.kill()
        service.start()
        ended = end(sender)
        assert ended.code in {0, 75}, ended.err
        if ended.code == 75:
            resumed = practice.run("send", "--resume", "--json")
            assert resumed.code == 0, resumed.err
        assert practice.outbox() == []
        file.unlink()

    service.kill()
    service.let_leases_end()
    service.start()
    until(lambda: all(notifications(service, address) for address in addresses))

    for number, (address, letter) in enumerate(zip(addresses, letters, strict=True)):
        someone = Patient.with_letter(service, letter)
        (read,) = someone.read_all(tmp_path / str(number))
        assert read.files == {f"document {number}": content(number)}
        # Never missing, at most doubled by the crash.
        assert 1 <= notifications(service, address) <= 2


def test_the_service_is_killed_when_the_relay_has_the_mail_and_nobody_wrote_it_down(
    service: RecordedService, practice: Practice
) -> None:
    """The one moment that doubles a mail: better twice than never (mailbox.md §1, step 6)."""
    address = "boite.double@courriel.example"
    practice.invite(address)
    # Called before the relay says yes.
    service.mails._heard = lambda _: service.kill()
    sender = practice.start(*practice.sending(practice.file("double", b"twice"), to=[address]))
    until(lambda: notifications(service, address))
    service.mails._heard = None
    until(lambda: not service.running)
    service.start()
    assert end(sender).code in {0, 75}
    assert practice.run("send", "--resume", "--json").code == 0
    state = "SELECT state FROM deliveries ORDER BY rowid DESC LIMIT 1"
    assert service.rows(state) == [("stored",)]
    assert notifications(service, address) == 1

    # Whoever comes next waits for the dead one's lease to end.
    service.stop()
    service.let_leases_end()
    service.start()
    until(lambda: service.rows(state) == [("notified",)])
    assert notifications(service, address) == 2


def test_the_sender_is_killed_in_the_middle_and_sends_the_very_same_bytes(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    """A chunk index is sealed once: what was sealed is sent again, never sealed again."""
    document = content(20)
    before, delivered = len(patient.deliveries()), deliveries(service)
    sender = begin_upload(service, practice, practice.file("au milieu", document))
    sealed, kept = practice.segments(), service.parts()
    assert len(sealed) == 3
    sender.kill()
    end(sender)
    service.thaw()
    assert practice.segments() == sealed
    # Nothing half-done: no delivery for anybody to see.
    assert deliveries(service) == delivered
    assert len(patient.deliveries()) == before

    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert practice.outbox() == []
    after = service.parts()
    assert kept.items() <= after.items(), "a part was replaced"
    assert set(sealed.values()) <= set(after.values())
    assert_arrived_once(patient, tmp_path / "read", "au milieu", document, before=before)


def test_the_sender_is_killed_at_random_moments(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    seed = time.time_ns()
    draw = random.Random(seed)  # noqa: S311  (no secret)
    print(f"seed {seed}")  # noqa: T201  (shown when it fails)
    for number in range(ROUNDS):
        before = len(patient.deliveries())
        name, document = f"tour {number}", content(30 + number)
        sender = practice.start(*practice.sending(practice.file(name, document)))
        until(lambda: practice.outbox() or sender.poll() is not None)  # noqa: B023  (waited for here)
        time.sleep(draw.uniform(0, KILL_WITHIN_SECONDS))
        sender.kill()
        end(sender)
        resumed = practice.run("send", "--resume", "--json")
        assert resumed.code == 0, resumed.err
        assert practice.outbox() == []
        if len(patient.deliveries()) == before:
            # Killed before all was sealed: nothing was kept, and nothing half-sent.
            assert resumed.json["sent"] == []
            continue
        folder = tmp_path / str(number)
        assert_arrived_once(patient, folder, name, document, before=before)


def test_the_sender_is_killed_while_it_seals_and_nothing_of_it_is_ever_used(
    service: RecordedService, practice: Practice, letter: Path
) -> None:
    """Such segments can't be gone on with: their key died with the process."""
    large = practice.folder / "grand"
    with large.open("wb") as file:
        file.truncate(20 * SEGMENT_BYTES)
    deposits = service.rows("SELECT count(*) FROM deposits")
    sender = practice.start(*practice.sending(large))
    until(lambda: practice.outbox() or sender.poll() is not None, pause=0.001)
    assert sender.poll() is None, end(sender)
    sender.kill()
    end(sender)
    left = {path.name for path in practice.outbox()}
    assert any(name.startswith("segment-") for name in left), left
    assert "document.json" not in left, "too late: all is sealed"

    resumed = practice.run("send", "--resume", "--json")
    assert (resumed.code, resumed.json) == (0, {"sent": [], "failed": [], "damaged": []})
    assert practice.outbox() == []
    assert service.rows("SELECT count(*) FROM deposits") == deposits


def test_the_service_goes_away_in_the_middle_and_the_sender_is_told_what_to_do(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    document = content(40)
    before, delivered = len(patient.deliveries()), deliveries(service)
    mailed = len(service.mails.mails())
    sender = begin_upload(service, practice, practice.file("absent", document))
    service.thaw()
    service.kill()
    ended = end(sender)
    assert ended.code == 75
    assert ended.error == "kept"
    assert "souspli send --resume" in ended.err
    assert "Traceback" not in ended.err
    assert any(path.name == "document.json" for path in practice.outbox())

    again = practice.run("send", "--resume", "--json")
    assert again.code == 75
    assert "souspli send --resume" in again.err
    service.start()
    assert len(patient.deliveries()) == before
    assert deliveries(service) == delivered
    assert len(service.mails.mails()) == mailed

    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert_arrived_once(patient, tmp_path / "read", "absent", document, before=before)


@pytest.mark.parametrize(
    "room",
    [pytest.param(6_000_000, id="for rows, not for segments"), pytest.param(1_000, id="none")],
)
def test_the_services_disk_is_full_and_has_room_again(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path, room: int
) -> None:
    """RLIMIT_FSIZE on the running service, then none: no restart is needed."""
    document = content(room)
    before, delivered = len(patient.deliveries()), deliveries(service)
    name = f"plein {room}"
    file = practice.file(name, document)
    # A service that was killed in the middle of a part has left it: swept after a day.
    left = set(service.data.glob("documents/writing/*"))
    service.limit_file_size(room)
    ended = practice.send(file)
    service.limit_file_size(None)
    # Without room for a row nobody signs in, so that nothing is sealed yet.
    assert (ended.code, ended.error) in {(75, "kept-full"), (75, "service-full")}, ended.err
    assert "Traceback" not in ended.err
    assert deliveries(service) == delivered
    assert set(service.data.glob("documents/writing/*")) <= left
    assert len(patient.deliveries()) == before

    if ended.error == "kept-full":
        again = practice.run("send", "--resume", "--json")
    else:
        assert practice.outbox() == []
        again = practice.send(file)
    assert again.code == 0, again.err
    assert_arrived_once(patient, tmp_path / "read", name, document, before=before)


def test_two_programs_send_from_one_profile_at_once(
    practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    before = len(patient.deliveries())
    documents = {f"ensemble {number}": content(60 + number, 200_000) for number in range(3)}
    senders = [
        practice.start(*practice.sending(practice.file(name, document)))
        for name, document in documents.items()
    ]
    # They also find what the others are at, and leave it alone.
    senders += [practice.start("send", "--resume", "--json") for _ in range(2)]
    for sender in senders:
        ended = end(sender)
        assert ended.code == 0, ended.err
    assert len(patient.deliveries()) == before + len(documents)
    read = patient.read_all(tmp_path / "read", newest=len(documents))
    newest = [one.files for one in read]
    assert sorted(newest, key=str) == [{name: documents[name]} for name in sorted(documents)]
    shown = practice.run("sent", "--json").json["documents"]
    assert {one["title"] for one in shown} >= documents.keys()


def test_a_frozen_service_is_waited_for_and_interrupted_cleanly(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    """Ctrl-C while the service hangs: the document is kept, and said to be."""
    document = content(70)
    before = len(patient.deliveries())
    sender = begin_upload(service, practice, practice.file("interrompu", document))
    sender.send_signal(signal.SIGINT)
    ended = end(sender)
    service.thaw()
    assert ended.code == 130
    assert "souspli send --resume" in ended.err
    assert "Traceback" not in ended.err
    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert_arrived_once(patient, tmp_path / "read", "interrompu", document, before=before)
