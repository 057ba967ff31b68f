"""A practice's small service grows into a hospital's, by backup and restore, and back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from product.test_backup import content, run
from product.world import Patient, Practice, RecordedService, at_database
from s3_settings import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from s3_server import S3Server
    from simulation.databases import PostgresqlServer


@contextmanager
def place(
    model: RecordedService, folder: Path, settings: Mapping[str, str]
) -> Iterator[RecordedService]:
    """Another machine, with these settings, where nothing runs yet."""
    folder.joinpath("tmp").mkdir(parents=True)
    made = RecordedService(folder, {**model.environment, **settings}, model.command)
    try:
        yield made
    finally:
        made.stop()
        made.mails.stop()


def restored(place: RecordedService, backup: Path) -> None:
    ended = run(place, "restore", backup)
    assert (ended.code, ended.json["missing_documents"]) == (0, []), ended.err
    place.start()


@pytest.fixture
def hospital(
    service: RecordedService, tmp_path: Path, postgresql: PostgresqlServer, s3_server: S3Server
) -> Iterator[RecordedService]:
    """A machine whose service keeps rows on a PostgreSQL server and objects in a bucket."""
    bucket = environment(s3_server.place(), tmp_path)
    with (
        postgresql.empty() as database,
        place(service, tmp_path / "hospital", at_database(database) | bucket) as made,
    ):
        yield made


def test_from_a_file_and_a_folder_to_postgresql_and_a_bucket_and_back(
    service: RecordedService,
    practice: Practice,
    letter: Path,
    hospital: RecordedService,
    tmp_path: Path,
) -> None:
    patient = Patient.with_letter(service, letter)
    sent = {f"document {number}": content(number) for number in range(2)}
    for name, body in sent.items():
        assert practice.send(practice.file(name, body)).code == 0

    def read_at(there: RecordedService) -> dict[str, bytes]:
        read = Patient(there.url, patient.vault).read_all(there.folder / "read")
        return {name: body for one in read for name, body in one.files.items()}

    small, large = tmp_path / "small.backup", tmp_path / "large.backup"
    assert run(service, "backup", "--out", small, "--with-contents").code == 0
    restored(hospital, small)
    assert read_at(hospital) == sent
    # All of it is on the servers.
    assert not hospital.data.joinpath("mailbox.sqlite").exists()
    assert not hospital.data.joinpath("documents").exists()

    ended = run(hospital, "backup", "--out", large, "--with-contents")
    assert (ended.code, ended.json["objects"]) == (0, len(sent)), ended.err
    with place(service, tmp_path / "practice again", {}) as again:
        restored(again, large)
        assert read_at(again) == sent
