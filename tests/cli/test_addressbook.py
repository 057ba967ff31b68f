"""The address book: sealed, whole, and never losing another program's change."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from souspli_cli import box, files
from souspli_cli.addressbook import (
    MAX_INVITATIONS,
    AddressBook,
    OwnInvitation,
    Patient,
    SentDocument,
    SentTo,
    Traits,
    with_invitation,
)
from souspli_cli.box import BoxDamaged, BoxVersionUnknown

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

SECRET = b"\x07" * 32
TRAITS = Traits(
    birth_name="Le Goff-Œuvrard",
    used_name=None,
    given_names="Jeanne",
    birth_date="1961-03-02",
    sex="F",
    postal_address=("4, allée des Tilleuls",),
)
JEANNE = Patient(address="jeanne@exemple.fr", traits=TRAITS)


def invitation(number: int) -> OwnInvitation:
    return OwnInvitation(
        invitation_id=f"{number:032x}",
        record={"payload": "x"},
        record_hash="0" * 64,
        not_before=0,
        not_after=1,
        confirmed=False,
    )


@pytest.fixture
def book(tmp_path: Path) -> AddressBook:
    return AddressBook(tmp_path, SECRET)


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.sealed")
    return path


def test_an_entry_is_read_as_it_was_written(book: AddressBook) -> None:
    patient = with_invitation(JEANNE, invitation(1))
    book.change_patient(JEANNE.address, lambda _: patient)
    assert book.patient(JEANNE.address) == patient
    assert book.patient("other@exemple.fr") is None
    assert list(book.patients()) == [patient]


def test_names_and_contents_of_files_tell_nothing(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    seen = b"".join(path.name.encode() + path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("jeanne", "Jeanne", "Goff", "1961", "Tilleuls"):
        assert secret.encode() not in seen


def test_another_device_opens_nothing(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    (error,) = AddressBook(tmp_path, b"\x08" * 32).patients()
    assert isinstance(error, BoxDamaged)


def test_every_altered_byte_is_noticed(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    path = only_file(tmp_path)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises((BoxDamaged, BoxVersionUnknown)):
            book.patient(JEANNE.address)
    for length in (0, 10, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(BoxDamaged):
            book.patient(JEANNE.address)


def test_an_entry_put_in_the_place_of_another_does_not_open(
    book: AddressBook, tmp_path: Path
) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    path = only_file(tmp_path)
    other = msgspec.structs.replace(JEANNE, address="other@exemple.fr")
    book.change_patient(other.address, lambda _: other)
    (theirs,) = [p for p in tmp_path.glob("*.sealed") if p != path]
    theirs.write_bytes(path.read_bytes())
    with pytest.raises(BoxDamaged):
        book.patient(other.address)


def test_an_entry_of_another_version_is_named_as_such(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    path = only_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"souspli/v1/", b"souspli/v2/", 1))
    with pytest.raises(BoxVersionUnknown):
        book.patient(JEANNE.address)
    tree = msgspec.to_builtins(JEANNE) | {"version": 2}
    place = f"book/{path.name}"
    path.write_bytes(box.seal(SECRET, tree, purpose=box.Purpose.PATIENT, place=place))
    with pytest.raises(BoxVersionUnknown):
        book.patient(JEANNE.address)


def test_one_damaged_entry_does_not_hide_the_others(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    only_file(tmp_path).write_bytes(b"?")
    other = msgspec.structs.replace(JEANNE, address="other@exemple.fr")
    book.change_patient(other.address, lambda _: other)
    entries = list(book.patients())
    assert other in entries
    assert sum(isinstance(entry, BoxDamaged) for entry in entries) == 1


def test_an_entry_that_the_disk_does_not_give_is_as_good_as_damaged(
    book: AddressBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    (tmp_path / "patient-0.sealed").mkdir()  # stands for a bad sector
    damaged, other = book.patients()
    assert isinstance(damaged, BoxDamaged)
    assert damaged.values["file"] == "book/patient-0.sealed"
    assert other == JEANNE

    def fail(_path: Path, *, limit: int) -> bytes:
        raise OSError(errno.EMFILE, str(limit))

    # Of a machine that lacks something no entry says so.
    monkeypatch.setattr(files, "read", fail)
    with pytest.raises(OSError, match=str(box.MAX_BOX_BYTES)):
        list(book.patients())


def test_a_change_that_raises_leaves_the_entry(book: AddressBook) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)

    def fail(_: Patient | None) -> Patient:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        book.change_patient(JEANNE.address, fail)
    assert book.patient(JEANNE.address) == JEANNE


def test_the_oldest_letters_are_forgotten_before_the_file_is_full() -> None:
    patient = JEANNE
    for number in range(MAX_INVITATIONS + 3):
        patient = with_invitation(patient, invitation(number))
    assert len(patient.invitations) == MAX_INVITATIONS
    assert patient.invitations[-1] == invitation(MAX_INVITATIONS + 2)
    again = with_invitation(patient, invitation(MAX_INVITATIONS + 2))
    assert again == patient


def _add(folder: Path, start: int, count: int) -> None:
    book = AddressBook(folder, SECRET)
    for number in range(start, start + count):
        book.change_patient(
            JEANNE.address, lambda there, n=number: with_invitation(there or JEANNE, invitation(n))
        )


def _add_at_once(folder: Path, start: int, barrier: Barrier) -> None:
    barrier.wait(60)
    _add(folder, start, 15)


def _add_for_ever(folder: Path) -> None:
    number = 0
    while True:
        _add(folder, number, 1)
        number += 1


def test_two_programs_never_lose_each_other_s_change(tmp_path: Path) -> None:
    # spawn: processes of their own, as two commands are.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [
        context.Process(target=_add_at_once, args=(tmp_path, start, barrier)) for start in (0, 15)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    patient = AddressBook(tmp_path, SECRET).patient(JEANNE.address)
    assert patient is not None
    assert {i.invitation_id for i in patient.invitations} == {f"{n:032x}" for n in range(30)}


def test_a_program_killed_while_it_writes_leaves_a_whole_book(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for _ in range(5):
        process = context.Process(target=_add_for_ever, args=(tmp_path,))
        process.start()
        while not list(tmp_path.glob("*.sealed")):
            time.sleep(0.01)
        time.sleep(0.05)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        patient = AddressBook(tmp_path, SECRET).patient(JEANNE.address)
        assert patient is not None
        # Its lock went with it: the next change is made at once.
        _add(tmp_path, 1000, 1)


def _change_with_full_disk(folder: Path) -> None:
    # Or modules imported from here on would be compiled into files cut short.
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
    try:
        _add(folder, 99, 1)
    except OSError:
        os._exit(7)


def test_a_full_disk_leaves_the_old_entry(book: AddressBook, tmp_path: Path) -> None:
    book.change_patient(JEANNE.address, lambda _: JEANNE)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    process = multiprocessing.get_context("spawn").Process(
        target=_change_with_full_disk, args=(tmp_path,)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 7
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_document_is_kept_found_and_forgotten(book: AddressBook) -> None:
    document = SentDocument(
        document_id="d" * 32,
        title="Résultats",
        kind=None,
        date="2026-03-01",
        created_at=1,
        files=("a.pdf",),
        stored=False,
        recipients=(
            SentTo(address=JEANNE.address, invitation_id="1" * 32, manifest_hash="0" * 64),
        ),
    )
    book.change_document(document.document_id, lambda _: document)
    assert book.document(document.document_id) == document
    assert list(book.documents()) == [document]
    book.forget_document(document.document_id)
    book.forget_document(document.document_id)
    assert book.document(document.document_id) is None
