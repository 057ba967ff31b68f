"""A patient closed their account: the practice sees it, with proof, and what to do."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from cli_world import patient_claims, patient_closes

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice, Service


def items(practice: Practice, address: str) -> list[dict[str, Any]]:
    ended = practice.run("worklist", "--json")
    assert ended.code == 0, ended.err
    return [item for item in ended.json["items"] if item["address"] == address]


def invited(practice: Practice, address: str) -> Path:
    assert practice.invite(address=address).code == 0
    return practice.letter(address)


def test_what_was_not_collected_is_listed_to_be_printed(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    """And nothing more is sent there; a new invitation begins a new account."""
    address = "parti@exemple.fr"
    letter = invited(practice, address)
    reading = patient_claims(service, letter, tmp_path / "patient")
    assert practice.send(practice.document(content=b"apres"), to=address).code == 0
    patient_closes(service, reading)

    (item,) = items(practice, address)
    assert (item["kind"], item["priority"]) == ("account-closed", "routine")
    assert item["command"] == f"souspli worklist --handled {item['document_id']}"
    # Nothing was purged, hence no certificate is missing.
    told = practice.run("sent", "--json")
    assert told.code == 0, told.err

    refused = practice.send(practice.document(), to=address)
    assert (refused.code, refused.error) == (1, "account-closed")
    assert "a fermé son compte" in refused.err
    assert practice.outbox() == []

    again = practice.run(
        *["invite", address, "--consent", "oral", "--force", "--letter", letter, "--json"]
    )
    assert again.code == 0, again.err
    assert practice.send(practice.document(content=b"de nouveau"), to=address).code == 0
    # Still about the document of then; the new one waits for the new letter.
    assert [one["kind"] for one in items(practice, address)] == ["account-closed"]
    assert practice.run(*shlex.split(item["command"])[1:], "--json").code == 0
    assert items(practice, address) == []


def test_what_was_opened_stays_opened(practice: Practice, service: Service, tmp_path: Path) -> None:
    address = "lu@exemple.fr"
    letter = invited(practice, address)
    assert practice.send(practice.document(content=b"lu"), to=address).code == 0
    reading = patient_claims(service, letter, tmp_path / "patient")
    patient_closes(service, reading)
    told = practice.run("sent", "--json")
    states = [
        to["state"]
        for document in told.json["documents"]
        for to in document["recipients"]
        if to["address"] == address
    ]
    assert states == ["opened"]
    assert items(practice, address) == []


def test_an_account_that_was_closed_before_the_practice_saw_it_is_seen_as_closed(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    """Binding and closing are verified together; colleagues are told of neither."""
    address = "vite@exemple.fr"
    letter = invited(practice, address)
    reading = patient_claims(service, letter, tmp_path / "patient")
    patient_closes(service, reading)
    refused = practice.send(practice.document(), to=address)
    assert (refused.code, refused.error) == (1, "account-closed")
    shown = practice.run("consent", address, "--json")
    assert (shown.code, shown.error) == (1, "account-closed")
