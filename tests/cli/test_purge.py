"""``souspli purge`` and ``souspli certificate``: what an operator and a practice type."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from product.world import ADDRESS, Practice, RecordedService, start_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86_400


def later(folder: Path, day: int) -> list[str]:
    """What runs our program `day` days from now."""
    ahead = folder / f"ahead-{day}"
    ahead.write_text(str(day * DAY))
    return [sys.executable, "-m", "souspli_cli.later", str(ahead)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedService]:
    folder = tmp_path_factory.mktemp("service")
    with start_service(folder, tmp_path_factory.mktemp("home")) as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


@pytest.fixture(scope="module")
def practice(service: RecordedService, tmp_path_factory: pytest.TempPathFactory) -> Practice:
    """One patient was invited and sent a document; the service stands still since then."""
    founded = Practice(service, tmp_path_factory.mktemp("practice"))
    founded.found()
    founded.invite()
    assert founded.send(founded.file("a.pdf", b"%PDF-1.4")).code == 0
    return founded


def test_it_has_to_be_said_which(practice: Practice) -> None:
    for given in ([], ["--dry-run", "--now"], ["--dry-run", "--clock-is-right"]):
        ended = practice.run("purge", *given, "--data", practice.service.folder / "data", "--json")
        assert (ended.code, ended.error) == (2, "purge-options")


def test_an_operator_sees_what_is_due_and_has_it_done_beside_the_service(
    practice: Practice, tmp_path: Path
) -> None:
    data = practice.service.folder / "data"
    operator = Practice(practice.service, practice.folder, program=later(tmp_path, 31))
    none = practice.run("purge", "--dry-run", "--data", data)
    assert (none.code, none.out) == (0, "Rien n'est échu.\n")
    due = operator.run("purge", "--dry-run", "--data", data, "--json").json
    assert (due["due"][0]["letters"], due["due"][0]["objects"], due["under_way"]) == (1, 1, 0)
    shown = operator.run("purge", "--dry-run", "--data", data).out
    assert due["due"][0]["organisation"][:16] in shown
    assert ADDRESS not in shown
    # For the service no month has passed: the clock beside it has leapt.
    assert due["waits_seconds"] == DAY
    assert "souspli purge --now --clock-is-right" in shown
    refused = operator.run("purge", "--now", "--data", data, "--json")
    assert refused.code == 1
    assert "souspli purge --now --clock-is-right" in refused.err
    assert refused.json == {"ended": 0, "resisting": 0, "held_back": True}
    assert operator.run("purge", "--dry-run", "--data", data, "--json").json["due"] == due["due"]
    sure = ("purge", "--now", "--clock-is-right", "--data", data)
    done = operator.run(*sure, "--json")
    assert (done.code, done.json) == (0, {"ended": 1, "resisting": 0, "held_back": False})
    again = operator.run("purge", "--now", "--data", data)
    assert again.out == "Courriers sans réponse effacés : 0\n"

    told = practice.run("sent")
    assert "jamais retiré, effacé le" in told.out
    assert f"souspli certificate {ADDRESS}" in told.out
    written = tmp_path / "attestation.json"
    ended = practice.run("certificate", ADDRESS, "--out", written)
    assert ended.code == 0, ended.err
    assert "application/vnd.souspli.purge+json" in written.read_text()
    before = written.read_bytes()
    assert practice.run("certificate", ADDRESS, "--out", written).code == 1
    assert written.read_bytes() == before


def test_nobody_s_certificate_is_none(practice: Practice) -> None:
    ended = practice.run("certificate", "personne@exemple.fr", "--json")
    assert (ended.code, ended.error) == (1, "no-certificate")
