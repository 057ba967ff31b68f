"""Taking documents back: what had become of each is told as it was, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.test_sent import change
from cli_world import patient_claims

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Ended, Practice, Service


def withdraw(practice: Practice, document: str, *more: str) -> Ended:
    return practice.run("withdraw", document, "--yes", *more)


def shown(practice: Practice, document_id: str) -> dict[str, Any]:
    documents = practice.run("sent", "--json", "--limit", "0").json["documents"]
    (found,) = [d for d in documents if d["document_id"] == document_id]
    return dict(found)


def sent_to(practice: Practice, address: str, name: str) -> str:
    ended = practice.send(practice.document(name), to=address)
    assert ended.code == 0, ended.err
    return str(ended.json["document_id"])


def test_what_nobody_collected_is_gone_and_the_patient_reads_why(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "avant@exemple.fr"
    assert practice.invite(address=address).code == 0
    document_id = sent_to(practice, address, "erreur de patient.txt")
    ended = withdraw(practice, "Erreur de PATIENT", "--reason", "wrong-patient")
    assert ended.code == 0, ended.err
    assert "n'avait pas été récupéré" in ended.out
    assert "retiré le" in practice.run("sent").out
    again = withdraw(practice, document_id, "--json")
    assert again.code == 0, again.err
    assert again.json["withdrawal"]["taken"] is True
    assert again.json["withdrawal"]["reason"] == "wrong-patient"

    reading = patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert reading.files == {}
    (told,) = reading.withdrawn
    assert (told.document_id, told.reason.value) == (document_id, "wrong-patient")
    assert told.withdrawn_at == again.json["withdrawal"]["withdrawn_at"]


def test_what_was_opened_is_said_to_have_been_opened(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "apres@exemple.fr"
    assert practice.invite(address=address).code == 0
    document_id = sent_to(practice, address, "lu.txt")
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert practice.run("sent").code == 0
    ended = withdraw(practice, document_id)
    assert ended.code == 0, ended.err
    assert "signé par le patient" in ended.out
    assert "reste au patient" in ended.err
    found = shown(practice, document_id)
    assert found["withdrawal"]["reason"] == "other"
    (to,) = found["recipients"]
    assert (to["state"], to["opened_verified"]) == ("withdrawn", True)
    assert {"fetched", "opened", "withdrawn"} <= to["moments"].keys()


def test_a_correction_names_what_it_replaces_and_takes_it_back_if_asked(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "correction@exemple.fr"
    assert practice.invite(address=address).code == 0
    old = sent_to(practice, address, "bilan.txt")
    new = practice.send(
        practice.document("bilan corrigé.txt"), "--replaces", old, "--withdraw-old", to=address
    )
    assert new.code == 0, new.err
    assert "n'avait pas été récupéré" not in new.out  # --json gives one document
    assert new.json["replaces"] == old
    assert new.json["withdrawn"]["withdrawal"]["replaced_by"] == new.json["document_id"]
    reading = patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert set(reading.files) == {"bilan corrigé.txt"}
    (told,) = reading.withdrawn
    assert told.replaced_by == new.json["document_id"]


def test_a_correction_alone_withdraws_nothing(practice: Practice) -> None:
    address = "seule@exemple.fr"
    assert practice.invite(address=address).code == 0
    old = sent_to(practice, address, "seul.txt")
    new = practice.send(practice.document("seul corrigé.txt"), "--replaces", old, to=address)
    assert new.json["withdrawn"] is None
    assert shown(practice, old)["withdrawal"] is None
    later = withdraw(practice, old, "--reason", "replaced", "--json")
    assert later.json["withdrawal"]["replaced_by"] == new.json["document_id"]


def test_a_withdrawal_that_could_not_be_passed_on_is_passed_on_later(
    practice: Practice, service: Service
) -> None:
    address = "plus-tard@exemple.fr"
    assert practice.invite(address=address).code == 0
    document_id = sent_to(practice, address, "plus tard.txt")
    service.stop()
    try:
        kept = withdraw(practice, document_id, "--json")
        assert (kept.code, kept.error) == (75, "withdrawal-kept")
        assert "peut encore être ouvert" in kept.err
        assert "pas encore transmis" in practice.run("sent").out
    finally:
        service.start()
    found = shown(practice, document_id)
    assert found["withdrawal"]["taken"] is True
    assert found["recipients"][0]["state"] == "withdrawn"


def test_what_can_t_be_withdrawn_says_why_and_changes_nothing(practice: Practice) -> None:
    first, second = "un@exemple.fr", "deux@exemple.fr"
    for address in (first, second):
        assert practice.invite(address=address).code == 0
    one, other = sent_to(practice, first, "double.txt"), sent_to(practice, second, "double.txt")
    before = practice.book()
    several = withdraw(practice, "double", "--json")
    assert several.error == "documents-several"
    assert one in several.err
    assert other in several.err
    assert withdraw(practice, "0" * 32, "--json").error == "document-unknown"
    assert withdraw(practice, one[:12], "--json").error == "document-unknown"
    assert withdraw(practice, one, "--reason", "replaced", "--json").error == "nothing-replaces"
    assert withdraw(practice, one, "--replaced-by", other, "--json").error == "replaces-another"
    both = withdraw(practice, one, "--replaced-by", other, "--reason", "other", "--json")
    assert (both.code, both.error) == (2, "replaced-by-alone")
    unasked = practice.run("withdraw", one, "--json")
    assert unasked.code != 0
    to_another = practice.send(practice.document("double.txt"), "--replaces", one, to=second)
    assert to_another.error == "replaces-another-patient"
    alone = practice.send(practice.document("double.txt"), "--withdraw-old", to=second)
    assert alone.error == "withdraw-old-alone"
    assert practice.book() == before


def test_a_withdrawal_that_nobody_here_signed_is_the_service_s_word(
    practice: Practice, service: Service
) -> None:
    address = "parole@exemple.fr"
    assert practice.invite(address=address).code == 0
    document_id = sent_to(practice, address, "parole.txt")
    delivery_id = shown(practice, document_id)["recipients"][0]["delivery_id"]
    change(
        service,
        "UPDATE deliveries SET state = 'withdrawn', withdrawn_at = 1 WHERE delivery_id = ?",
        delivery_id,
    )
    ended = practice.run("sent")
    assert "retiré selon le service, mais pas d'ici" in ended.out
    assert "appeler l'opérateur" in ended.out
    assert shown(practice, document_id)["withdrawal"] is None


def test_a_withdrawal_under_a_wrong_clock_is_refused_and_can_be_signed_again(
    practice: Practice, service: Service
) -> None:
    address = "horloge@exemple.fr"
    assert practice.invite(address=address).code == 0
    document_id = sent_to(practice, address, "horloge.txt")
    before = practice.book()
    ahead = practice.souspli(
        *("withdraw", document_id, "--yes", "--json"),
        env=practice.environment | {"PYTHONPATH": str(clock_ahead(practice.folder))},
    )
    assert ahead.error == "statement-refused", ahead.err
    assert shown(practice, document_id)["withdrawal"] is None
    assert practice.book().keys() == before.keys()
    assert withdraw(practice, document_id).code == 0


def clock_ahead(folder: Path) -> Path:
    """A clock that is an hour ahead, for a program that starts with this on its path."""
    ahead = folder / "ahead"
    ahead.mkdir()
    ahead.joinpath("sitecustomize.py").write_text(
        "import time\n_right = time.time\ntime.time = lambda: _right() + 3600\n"
    )
    return ahead
