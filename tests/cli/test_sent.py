"""What became of documents: only what is proved is believed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cli_world import patient_claims

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice, Service


def change(service: Service, statement: str, *values: object) -> None:
    """Have the service lie: its database, changed while it is stopped."""
    service.stop()
    try:
        with closing(sqlite3.connect(service.folder / "data" / "mailbox.sqlite")) as database:
            database.execute("PRAGMA ignore_check_constraints = on")
            assert database.execute(statement, values).rowcount == 1
            database.commit()
    finally:
        service.start()


def recipient(practice: Practice, address: str) -> dict[str, Any]:
    documents = practice.run("sent", "--json").json["documents"]
    (found,) = [r for d in documents for r in d["recipients"] if r["address"] == address]
    return dict(found)


def test_nothing_sent_is_said_in_words(practice: Practice) -> None:
    ended = practice.run("sent")
    assert ended.code == 0
    assert "Aucun document" in ended.out


def test_a_claim_without_proof_stops_everything_to_that_patient(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "stop@exemple.fr"
    invitation = practice.invite(address=address).json["invitation_id"]
    assert practice.send(practice.document(), to=address).code == 0
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    # Whoever had the letter signed, but the new identity did not.
    change(
        service,
        "UPDATE bindings SET by_identity = by_claim WHERE invitation_id = ?",
        invitation,
    )
    stopped = practice.run("sent", "--json")
    assert stopped.code == 1
    assert stopped.json["stopped"] == [address]
    assert stopped.json["claimed"] == []
    assert "ARRÊT" in stopped.err
    assert recipient(practice, address)["opened_verified"] is False

    refused = practice.send(practice.document(), to=address)
    assert (refused.code, refused.error) == (1, "red-stop")
    assert f"souspli invite {address} --again" in refused.err

    again = practice.invite("--again", "--force", address=address)
    assert again.code == 0, again.err
    assert practice.send(practice.document("new.txt"), to=address).code == 0
    reading = patient_claims(service, practice.letter(address), tmp_path / "again")
    assert set(reading.files) == {"new.txt"}
    assert practice.run("sent", "--json").json["stopped"] == []


def test_an_opening_that_nobody_signed_is_not_believed(
    practice: Practice, service: Service
) -> None:
    address = "unsigned@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), to=address)
    delivery = sent.json["recipients"][0]["delivery_id"]
    change(
        service,
        "UPDATE deliveries SET state = 'opened', opened_at = stored_at WHERE delivery_id = ?",
        delivery,
    )
    seen = recipient(practice, address)
    assert (seen["state"], seen["opened_verified"]) == ("opened", False)
    assert "sans preuve valable" in practice.run("sent").out


def test_a_claim_that_was_seen_can_not_be_taken_back(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    """Sealing to the letter again would open documents to whoever finds it."""
    address = "rollback@exemple.fr"
    invitation = practice.invite(address=address).json["invitation_id"]
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert practice.run("sent", "--json").json["claimed"] == [address]
    change(service, "UPDATE invitations SET status = 'pending' WHERE invitation_id = ?", invitation)
    refused = practice.send(practice.document(), to=address)
    assert (refused.code, refused.error) == (1, "red-stop")
    assert practice.outbox() == []


def test_a_proof_once_seen_survives_a_service_that_forgets(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "forgets@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), to=address)
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert recipient(practice, address)["opened_verified"] is True
    change(
        service,
        "DELETE FROM receipts WHERE delivery_id = ?",
        sent.json["recipients"][0]["delivery_id"],
    )
    assert recipient(practice, address)["opened_verified"] is True


def test_what_a_receipt_proves_no_state_denies(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "denies@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), to=address)
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    change(
        service,
        "UPDATE deliveries SET state = 'notified', opened_at = NULL WHERE delivery_id = ?",
        sent.json["recipients"][0]["delivery_id"],
    )
    seen = recipient(practice, address)
    assert (seen["state"], seen["opened_verified"]) == ("opened", True)


def test_the_newest_are_shown_first_and_no_more_than_asked_for(practice: Practice) -> None:
    address = "limit@exemple.fr"
    assert practice.invite(address=address).code == 0
    for title in ("first", "second"):
        assert practice.send(practice.document(), "--title", title, to=address).code == 0
    limited = practice.run("sent", "--limit", "1", "--json").json["documents"]
    assert len(limited) == 1
    everything = practice.run("sent", "--limit", "0", "--json").json["documents"]
    moments = [document["created_at"] for document in everything]
    assert moments == sorted(moments, reverse=True)
