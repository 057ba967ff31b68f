"""Backup and restore with the real programs: killed, without room, while documents arrive.

What has to come back comes back byte for byte on another machine; what was deleted,
replaced or signed out does not. How single files and rows are treated: tests/mailbox/backup.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cli_world import ORIGIN, Ended, command
from forked import programs
from product.world import ADDRESS, PATIENCE_SECONDS, Patient, Practice, RecordedService, until

from souspli_exchange.errors import ExchangeError
from souspli_exchange.port_errors import NotSignedInError, PortError
from souspli_keys.codes import AccountNumber
from souspli_keys.unlockers import from_password
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from souspli_keys.vault_contents import Vault

ROUNDS: Final = 3
# What writing takes once it has begun, and more.
KILL_WITHIN_SECONDS: Final = 0.3
SEGMENT_BYTES: Final = 8_388_608
PASSWORD: Final = "lavabo piano givre humble tortue zinc bocal laitue"


def content(number: int, length: int = SEGMENT_BYTES + 50_000) -> bytes:
    return random.Random(number).randbytes(length)  # noqa: S311  (no secret)


def run(
    service: RecordedService, *arguments: str | Path, limit_file_size: int | None = None
) -> Ended:
    """Run an operator's command on the service's machine to its end."""
    line = command(*arguments, "--data", service.data, "--json")
    if limit_file_size is not None:
        line = ["prlimit", f"--fsize={limit_file_size}", *line]
    ended = programs.run(
        line,
        env=service.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=3 * PATIENCE_SECONDS,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def kill_soon_after(
    service: RecordedService, begun: Callable[[], object], delay: float, *arguments: str | Path
) -> int:
    """Start an operator's command, `kill -9` it this long after it began to write; its end."""
    process = programs.Popen(
        command(*arguments, "--data", service.data, "--quiet"),
        env=service.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: begun() or process.poll() is not None, pause=0.001)
    time.sleep(delay)
    process.kill()
    return process.wait(PATIENCE_SECONDS)


def delays() -> list[float]:
    """At once, and at random moments of what follows."""
    seed = time.time_ns()
    draw = random.Random(seed)  # noqa: S311  (no secret)
    print(f"seed {seed}")  # noqa: T201  (shown when it fails)
    return [0, *(draw.uniform(0, KILL_WITHIN_SECONDS) for _ in range(ROUNDS - 1))]


def verified(folder: Path, contents: Path | None = None) -> Ended:
    shared = [] if contents is None else ["--contents", contents]
    line = command("backup", "--verify", folder, *shared, "--json")
    ended = programs.run(line, capture_output=True, encoding="utf-8", check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def patient(service: RecordedService, practice: Practice, letter: Path) -> Patient:
    """A patient to whom two documents were sent."""
    someone = Patient.with_letter(service, letter)
    for number in range(2):
        ended = practice.send(practice.file(f"document {number}", content(number)))
        assert ended.code == 0, ended.err
    return someone


@pytest.fixture(scope="module")
def backup(
    service: RecordedService, patient: Patient, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup with contents, made while the service runs."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    ended = run(service, "backup", "--out", folder, "--with-contents")
    assert ended.code == 0, ended.err
    assert (ended.json["objects"], ended.json["missing_documents"]) == (2, [])
    return folder


@pytest.fixture
def elsewhere(service: RecordedService, tmp_path: Path) -> Iterator[RecordedService]:
    """Another machine, where the service will answer at the same address. Nothing runs yet."""
    place = RecordedService(tmp_path / "elsewhere", service.environment, service.command)
    place.folder.joinpath("tmp").mkdir(parents=True)
    yield place
    place.stop()
    place.mails.stop()


def is_empty(service: RecordedService) -> bool:
    path = service.data / "mailbox.sqlite"
    if not path.exists():
        return True
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return not any(name == "accounts" for (name,) in names)


def test_a_patient_reads_everything_on_the_machine_that_it_was_restored_to(
    patient: Patient, backup: Path, elsewhere: RecordedService, tmp_path: Path
) -> None:
    ended = run(elsewhere, "restore", backup)
    assert ended.code == 0, ended.err
    assert (ended.json["copied"], ended.json["missing_documents"]) == (2, [])
    elsewhere.start()
    there = Patient(elsewhere.url, patient.vault)
    read = there.read_all(tmp_path / "read")
    files = [one.files for one in read]
    assert sorted(files, key=str) == [
        {f"document {number}": content(number)} for number in range(2)
    ]


def test_who_was_signed_in_is_signed_out_by_a_restore(
    service: RecordedService, patient: Patient, elsewhere: RecordedService, tmp_path: Path
) -> None:
    async def sign_in() -> str:
        async with MailboxClient(service.url, origin=ORIGIN) as client:
            number = AccountNumber(patient.vault.account)
            key = from_password(PASSWORD, origin=ORIGIN, account=number).login_key
            await client.sign_in(
                number, kind="password", login_public_key=key.public_key, sign=key.sign
            )
            return str(client._transport._token)

    async def ask(url: str, token: str) -> Vault | object:
        async with MailboxClient(url, origin=ORIGIN) as client:
            client._transport._token = token
            return await client.vault()

    token = asyncio.run(sign_in())
    asyncio.run(ask(service.url, token))
    folder = tmp_path / "signed in"
    assert run(service, "backup", "--out", folder).code == 0
    asyncio.run(ask(service.url, token))
    # Contents are not in it: told, and the database is there all the same.
    ended = run(elsewhere, "restore", folder)
    assert (ended.code, len(ended.json["missing_documents"])) == (1, 2)
    elsewhere.start()
    with pytest.raises(NotSignedInError):
        asyncio.run(ask(elsewhere.url, token))


def test_backups_made_while_documents_arrive_are_each_consistent(
    service: RecordedService, practice: Practice, patient: Patient, tmp_path: Path
) -> None:
    """Whatever a backup's rows name is there: each is restored with all of its contents."""
    contents = tmp_path / "contents"
    senders = [
        practice.start(*practice.sending(practice.file(f"pendant {n}", content(10 + n))))
        for n in range(2)
    ]
    folders: list[Path] = []
    while any(sender.poll() is None for sender in senders) or len(folders) < 2:
        folders.append(tmp_path / f"backup {len(folders)}")
        ended = run(service, "backup", "--out", folders[-1], "--contents", contents)
        assert ended.code == 0, ended.err
        assert ended.json["missing_documents"] == []
    for sender in senders:
        out, err = sender.communicate(timeout=PATIENCE_SECONDS)
        assert sender.returncode == 0, (out, err)
    last = tmp_path / "last"
    assert run(service, "backup", "--out", last, "--contents", contents).code == 0
    for number, folder in enumerate([folders[0], last]):
        assert verified(folder, contents).code == 0
        place = RecordedService(tmp_path / str(number), service.environment, service.command)
        try:
            ended = run(place, "restore", folder, "--contents", contents)
            assert (ended.code, ended.json["missing_documents"]) == (0, [])
        finally:
            place.mails.stop()
    assert ended.json["objects"] == 4


def test_a_letter_that_was_replaced_after_the_backup_stays_worthless(
    service: RecordedService, practice: Practice, elsewhere: RecordedService, tmp_path: Path
) -> None:
    address = "boite.perdue@courriel.example"
    lost = practice.invite(address)
    kept = tmp_path / "lost.pdf"
    shutil.copy(lost, kept)
    folder = tmp_path / "before"
    assert run(service, "backup", "--out", folder).code == 0
    ended = practice.run("invite", address, "--again", "--letter", tmp_path / "new.pdf", "--json")
    assert ended.code == 0, ended.err

    # The database is lost; the store, with its tombstones, is not.
    elsewhere.data.mkdir(parents=True)
    shutil.copytree(service.data / "documents", elsewhere.data / "documents")
    ended = run(elsewhere, "restore", folder)
    assert ended.code == 0, ended.err
    assert ended.json["deleted_again"] >= 1
    elsewhere.start()
    with pytest.raises((ExchangeError, PortError)):
        Patient.with_letter(elsewhere, kept)


def test_a_backup_that_is_killed_is_whole_or_not_there(
    service: RecordedService, patient: Patient, tmp_path: Path
) -> None:
    contents = tmp_path / "contents"
    ends: list[int] = []
    for number, delay in enumerate(delays()):
        folder = tmp_path / f"killed {number}"
        left = set(tmp_path.glob(".*"))
        ends.append(
            kill_soon_after(
                service,
                lambda: set(tmp_path.glob(".*")) - left,  # noqa: B023  (waited for here)
                delay,
                *("backup", "--out", folder, "--contents", contents),
            )
        )
        if folder.exists():
            assert verified(folder, contents).code == 0
    assert ends[0] == -signal.SIGKILL
    assert all(path.name.startswith(".souspli-backup-") for path in tmp_path.glob(".*"))
    whole = tmp_path / "whole"
    assert run(service, "backup", "--out", whole, "--contents", contents).code == 0
    assert verified(whole, contents).code == 0


def test_a_restore_that_is_killed_leaves_an_empty_database_or_a_whole_one(
    service: RecordedService, patient: Patient, backup: Path, tmp_path: Path
) -> None:
    expected = len((backup / "tables" / "covers.jsonl").read_bytes().splitlines())
    ends: list[int] = []
    for number, delay in enumerate(delays()):
        place = RecordedService(tmp_path / str(number), service.environment, service.command)
        try:
            path = place.data / "mailbox.sqlite"
            ends.append(kill_soon_after(place, path.exists, delay, "restore", backup))
            if not is_empty(place):
                assert place.rows("SELECT count(*) FROM covers") == [(expected,)]
            ended = run(place, "restore", backup)
            assert (ended.code, ended.json["missing_documents"]) == (0, []), ended.err
            assert place.rows("SELECT count(*) FROM covers") == [(expected,)]
            assert len(place.parts()) == 4
        finally:
            place.mails.stop()
    assert ends[0] == -signal.SIGKILL


@pytest.mark.parametrize("room", [1_000, 1_000_000])
def test_without_room_nothing_half_written_stays(
    service: RecordedService, backup: Path, elsewhere: RecordedService, tmp_path: Path, room: int
) -> None:
    """For no table, or for no part."""
    folder = tmp_path / "full"
    ended = run(service, "backup", "--out", folder, "--with-contents", limit_file_size=room)
    assert (ended.code, ended.error) == (1, "disk-full")
    assert not folder.exists()
    assert list(tmp_path.glob(".souspli-backup-*")) == []

    ended = run(elsewhere, "restore", backup, limit_file_size=room)
    assert (ended.code, ended.error) == (1, "disk-full"), ended.err
    assert list(elsewhere.data.glob("documents/objects/*/*")) == []
    ended = run(elsewhere, "restore", backup)
    assert (ended.code, ended.json["missing_documents"]) == (0, [])


def test_a_running_service_is_never_restored_over(
    service: RecordedService, patient: Patient, backup: Path
) -> None:
    ended = run(service, "restore", backup)
    assert (ended.code, ended.error) == (1, "backup-in-use")
    assert "Arrêtez le service" in ended.err
    assert len(patient.deliveries()) >= 2


@pytest.mark.parametrize(
    "words",
    [
        ["backup"],
        ["backup", "--out", "a", "--verify", "b"],
        ["backup", "--out", "a", "--with-contents", "--contents", "b"],
        ["restore"],
        ["restore", "a", "--database-restored"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_told(
    service: RecordedService, words: list[str]
) -> None:
    assert run(service, *words).code == 2


def test_the_stale_upload_that_a_sweep_deletes_has_its_tombstone(
    service: RecordedService, practice: Practice
) -> None:
    """With the real clock a day is long: its row is made a day older."""
    large = practice.folder / "grand"
    large.write_bytes(content(30, 3 * SEGMENT_BYTES))
    before = len(service.parts())
    sender = practice.start(*practice.sending(large, to=[ADDRESS]))
    until(lambda: len(service.parts()) > before or sender.poll() is not None, pause=0.001)
    sender.kill()
    sender.communicate(timeout=PATIENCE_SECONDS)
    service.stop()
    with closing(sqlite3.connect(service.data / "mailbox.sqlite")) as database, database:
        database.execute("UPDATE deposits SET opened_at = 0 WHERE state = 'uploading'")
        database.execute("UPDATE jobs SET run_at = 0 WHERE job = 'sweep'")
    service.start()
    ledger = service.data / "documents" / "tombstones"
    until(lambda: ledger.exists() and ".deposit.stale-upload." in ledger.read_text())
    until(lambda: service.rows("SELECT count(*) FROM condemned_objects") == [(0,)])
    shutil.rmtree(practice.profile / "outbox")
