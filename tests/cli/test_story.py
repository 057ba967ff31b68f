"""The whole way of a document, by the real commands against a real service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_world import JEANNE, patient_claims
from forked import programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_world import Practice, Service


@pytest.fixture(scope="module", autouse=True)
def anew() -> Iterator[None]:
    """Here every program is started as its users start it."""
    with programs.started_anew():
        yield


def test_a_document_goes_from_the_practice_to_the_patient_and_its_receipt_comes_back(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    invited = practice.invite()
    assert invited.code == 0, invited.err
    letter = practice.letter()
    assert letter.stat().st_mode & 0o777 == 0o600

    report = practice.document()
    sent = practice.send(report, practice.document("b.bin", b"\x00" * 100_000))
    assert sent.code == 0, sent.err
    document_id = sent.json["document_id"]
    assert sent.json["recipients"][0]["state"] == "stored"
    assert practice.outbox() == []

    reading = patient_claims(service, letter, tmp_path / "patient")
    assert reading.files == {"résultats.txt": report.read_bytes(), "b.bin": b"\x00" * 100_000}

    after = practice.run("sent", "--json")
    assert after.code == 0, after.err
    assert after.json["claimed"] == [JEANNE]
    (document,) = after.json["documents"]
    (recipient,) = document["recipients"]
    assert document["document_id"] == document_id
    assert recipient["state"] == "opened"
    assert recipient["opened_verified"] is True

    # Now the account's own identity is sealed to, and nobody is told twice.
    again = practice.send(practice.document("second.txt"))
    assert again.code == 0, again.err
    shown = practice.run("sent", "--lang", "fr")
    assert "ouvert le" in shown.out
    assert "second" in shown.out
    assert practice.run("sent", "--json").json["claimed"] == []
