"""Two processes may serve one data folder: as while one version replaces another.

Both databases, the store and the jobs' leases were made for it; this shows that it
holds, so that no lock is needed which a crash or a network disk could leave behind. On
PostgreSQL they are two nodes.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest
from product.world import Patient, Practice, RecordedService, start_service, until
from simulation.databases import ENGINES

from souspli_cli.mailcatcher import CaughtMail
from souspli_mailbox.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESSES: Final = [f"boite.{number}@courriel.example" for number in range(4)]


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest) -> Iterator[DatabaseSettings]:
    if request.param == "sqlite":
        yield DatabaseSettings()
        return
    with request.getfixturevalue("postgresql").migrated() as settings:
        yield settings


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, database: DatabaseSettings
) -> Iterator[RecordedService]:
    folder, home = (tmp_path_factory.mktemp(name) for name in ("service", "home"))
    with start_service(folder, home, database=database) as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


@pytest.fixture
def other(
    service: RecordedService, database: DatabaseSettings, tmp_path: Path
) -> Iterator[RecordedService]:
    """A second process on the first one's data folder, at a port of its own."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "data").symlink_to(service.data)
    with start_service(folder, tmp_path / "home", database=database) as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


def at(service: RecordedService, practice: Practice, folder: Path) -> Practice:
    """The same profile, for the other process."""
    shutil.copytree(practice.profile, folder / "profile")
    settings = folder / "profile" / "profile.toml"
    settings.write_text(
        settings.read_text("utf-8").replace(practice.service.url, service.url), encoding="utf-8"
    )
    return Practice(service, folder)


def notifications(*services: RecordedService) -> list[CaughtMail]:
    return [
        mail
        for service in services
        for mail in service.mails.mails()
        if mail.subject.startswith("Un document vous attend")
    ]


def test_two_services_share_one_folder_and_one_of_them_may_be_killed(
    service: RecordedService,
    other: RecordedService,
    practice: Practice,
    database: DatabaseSettings,
    tmp_path: Path,
) -> None:
    letters = [practice.invite(address) for address in ADDRESSES]
    (tmp_path / "second").mkdir()
    twin = at(other, practice, tmp_path / "second")
    # At both at once, two programs each.
    senders = [
        who.start(*who.sending(who.file(f"document {n}", bytes([n]) * 50_000), to=[ADDRESSES[n]]))
        for n, who in enumerate((practice, twin, practice, twin))
    ]
    for sender in senders:
        _, err = sender.communicate()
        assert sender.returncode == 0, err
    # Jobs are done by one of them each: nobody is told twice.
    until(lambda: len(notifications(service, other)) >= len(ADDRESSES))
    told = [address for mail in notifications(service, other) for address in mail.recipients]
    assert sorted(told) == ADDRESSES

    # What one has begun the other goes on with, and what one stored the other gives out.
    service.kill()
    for number in (0, 1):
        patient = Patient.with_letter(other, letters[number])
        (read,) = patient.read_all(tmp_path / str(number))
        assert read.files == {f"document {number}": bytes([number]) * 50_000}
    assert twin.run("sent", "--json").code == 0
    service.start()
    patient = Patient.with_letter(service, letters[2])
    assert len(patient.deliveries()) == 1
    if not database.url:
        assert service.rows("PRAGMA integrity_check") == [("ok",)]
    assert service.rows("SELECT count(*) FROM jobs WHERE job = 'sweep'") == [(1,)]


def test_an_admission_code_is_drawn_while_the_service_runs(
    service: RecordedService, practice: Practice
) -> None:
    ended = practice.run("admit", "--data", service.data, "--json")
    assert ended.code == 0, ended.err
    assert service.rows("SELECT count(*) FROM admission_codes") == [(2,)]
