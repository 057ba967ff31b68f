"""After a purge nothing that the service keeps says who the patient was: it is all searched.

Months pass by the clock of `souspli_cli.later`. That the searcher finds what is there is
shown before the purge, in the same places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from cli_world import clean_environment
from product.days import Calendar
from product.searcher import Searcher
from product.world import ADDRESS, SURNAME, Practice, RecordedService, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NEEDLES: Final = {"address": ADDRESS, "local part": ADDRESS.partition("@")[0], "name": SURNAME}


@pytest.fixture
def calendar(tmp_path: Path) -> Calendar:
    return Calendar(tmp_path / "ahead")


@pytest.fixture
def service(tmp_path: Path, calendar: Calendar) -> Iterator[RecordedService]:
    folder = tmp_path / "service"
    folder.joinpath("tmp").mkdir(parents=True)
    environment = clean_environment(tmp_path) | {"TMPDIR": str(folder / "tmp")}
    with RecordedService(folder, environment, calendar.program) as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


@pytest.fixture
def practice(service: RecordedService, calendar: Calendar, tmp_path: Path) -> Practice:
    folder = tmp_path / "practice"
    folder.mkdir()
    founded = Practice(service, folder, program=calendar.program)
    founded.found()
    return founded


def ended(service: RecordedService) -> int:
    ((count,),) = service.rows("SELECT count(*) FROM purges WHERE ended_at IS NOT NULL")
    return int(count)


def forgotten(service: RecordedService) -> bool:
    return not service.rows("SELECT 1 FROM service_facts WHERE fact = 'purged-since'")


def searched(folder: Path) -> list[str]:
    found = Searcher(NEEDLES).search_files(folder)
    # Mails that were handed over are the relay's: the catcher stands for it.
    return [str(one) for one in found if "/mails/" not in one.place]


def test_after_a_purge_no_file_of_the_service_says_who_it_was(
    service: RecordedService, practice: Practice, calendar: Calendar
) -> None:
    practice.invite()
    sent = practice.send(practice.file("rapport.pdf", b"%PDF-1.4 nothing"))
    assert sent.code == 0, sent.err
    until(service.mails.mails)
    assert any("address" in one for one in searched(service.folder))

    calendar.go_to(31)
    until(lambda: ended(service) == 1)
    # Killed before the files have forgotten: they are made to, all the same.
    service.kill()
    service.start()
    service.let_leases_end()
    until(lambda: forgotten(service))
    assert searched(service.folder) == []

    told = practice.run("sent", "--json")
    assert told.code == 0, told.err
    (document,) = told.json["documents"]
    assert [one["state"] for one in document["recipients"]] == ["expired"]
    kept = practice.run("certificate", ADDRESS, "--json").json["certificates"]
    assert [one["documents"] for one in kept] == [[document["document_id"]]]
    assert list(service.data.glob("documents/objects/*/*/*")) == []
    service.stop()
    assert searched(service.folder) == []

    # The worklist names one command, and that command works: a line of its own begins.
    service.start()
    (item,) = practice.run("worklist", "--json").json["items"]
    assert (item["kind"], item["address"]) == ("purged", ADDRESS)
    again = practice.run("reissue", ADDRESS, "--letter", practice.folder / "neuf.pdf", "--json")
    assert again.code == 0, again.err
    assert again.json["supersedes"] is None
    sent = practice.send(practice.file("rapport.pdf", b"%PDF-1.4 once more"))
    assert sent.code == 0, sent.err
    told = practice.run("sent", "--json").json["documents"]
    assert {to["state"] for one in told for to in one["recipients"]} & {"stored", "notified"}


def test_killed_again_and_again_while_it_purges_it_ends_all_the_same(
    service: RecordedService, practice: Practice, calendar: Calendar
) -> None:
    for number in range(4):
        address = f"boite.47{number}@courriel.example"
        practice.invite(address)
        sent = practice.send(practice.file("rapport.pdf", b"%PDF-1.4"), to=[address])
        assert sent.code == 0, sent.err
    calendar.go_to(31)
    for _ in range(3):
        before = service.said
        until(lambda: service.said > before or ended(service) == 4)  # noqa: B023  (waited for here)
        service.kill()
        service.start()
        service.let_leases_end()
    until(lambda: ended(service) == 4)
    assert list(service.data.glob("documents/objects/*/*/*")) == []
    ((covers,),) = service.rows("SELECT count(*) FROM covers")
    assert covers == 0
    told = practice.run("sent", "--json").json["documents"]
    assert {to["state"] for one in told for to in one["recipients"]} == {"expired"}
    assert len(practice.run("certificate", "--json").json["certificates"]) == 4
