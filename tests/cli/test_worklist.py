"""The worklist and the commands that it names, with the real program and service."""

from __future__ import annotations

import csv
import io
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from cli_world import Ended, patient_claims
from forked import programs

from souspli_exchange.letter_clock import DAY

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice, Service


def after(practice: Practice, days: float, *arguments: str | Path) -> Ended:
    """Run a command whose clock is so many days ahead; the service's is not."""
    ahead = practice.folder / "ahead"
    ahead.write_text(str(days * DAY))
    done = programs.run(
        [sys.executable, "-m", "souspli_cli.later", str(ahead), *map(str, arguments)],
        env=practice.service.environment | practice.environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def items(practice: Practice, address: str, *, days: float = 0) -> list[dict[str, Any]]:
    ended = after(practice, days, "worklist", "--json")
    assert ended.code == 0, ended.err
    return [item for item in ended.json["items"] if item["address"] == address]


def change(service: Service, statement: str, *values: object) -> None:
    """Have the service say something that takes it days to happen."""
    service.stop()
    try:
        with closing(sqlite3.connect(service.folder / "data" / "mailbox.sqlite")) as database:
            assert database.execute(statement, values).rowcount == 1
            database.commit()
    finally:
        service.start()


@pytest.mark.parametrize(("urgency", "days"), [("urgent", 2), ("soon", 5), ("routine", 25)])
def test_a_document_is_listed_on_the_day_of_its_urgency(
    practice: Practice, urgency: str, days: int
) -> None:
    address = f"{urgency}@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), "--urgency", urgency, to=address)
    assert sent.json["priority"] == urgency
    assert sent.json["late"] == []
    assert items(practice, address, days=days - 0.01) == []
    [item] = items(practice, address, days=days)
    assert item["priority"] == urgency
    assert item["document_id"] == sent.json["document_id"]
    assert item["command"].startswith(f"souspli reissue {address} --letter ")


def test_what_was_opened_and_proved_needs_nobody(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "proved@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.send(practice.document(), "--urgent", to=address).code == 0
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert items(practice, address, days=29) == []
    letter = practice.folder / "needless.pdf"
    for more in ((), ("--address", "other-proved@exemple.fr")):
        refused = practice.run("reissue", address, *more, "--letter", letter, "--json")
        assert (refused.code, refused.error) == (1, "invitation-claimed")
    assert not letter.exists()


def test_a_refused_mail_names_its_reason_and_the_address_is_corrected_with_one_command(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    wrong, right = "jane@exmple.fr", "jane@exemple.fr"
    assert practice.invite(address=wrong).code == 0
    sent = practice.send(practice.document("bilan.txt"), to=wrong)
    change(
        service,
        "UPDATE deliveries SET state = 'bounced', bounced_at = stored_at,"
        " bounce_reason = 'domain-unknown' WHERE delivery_id = ?",
        sent.json["recipients"][0]["delivery_id"],
    )
    [item] = items(practice, wrong)
    assert (item["kind"], item["reason"]) == ("bounced", "domain-unknown")
    assert item["command"].endswith("--address NOUVELLE-ADRESSE")

    letter = practice.letter(right)
    done = practice.run("reissue", wrong, "--address", right, "--letter", letter, "--json")
    assert done.code == 0, done.err
    assert (done.json["address"], done.json["moved"]) == (right, 1)
    assert items(practice, wrong) == []

    refused = practice.send(practice.document(), to=wrong)
    assert (refused.code, refused.error) == (1, "address-corrected")
    reading = patient_claims(service, letter, tmp_path / "patient")
    assert set(reading.files) == {"bilan.txt"}
    recipients = [
        to
        for document in practice.run("sent", "--json").json["documents"]
        for to in document["recipients"]
        if document["document_id"] == sent.json["document_id"]
    ]
    assert [(to["address"], to["opened_verified"]) for to in recipients] == [(right, True)]


def test_an_interrupted_correction_is_finished_by_the_same_command(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    wrong, right = "interrupted@exmple.fr", "interrupted@exemple.fr"
    assert practice.invite(address=wrong).code == 0
    assert practice.send(practice.document("bilan.txt"), to=wrong).code == 0
    letter = practice.letter(right)
    full = practice.run(
        *("reissue", wrong, "--address", right, "--letter", letter, "--json"),
        limit_file_size=30_000,  # room for the address book, and not for the letter
    )
    assert (full.code, full.error) == (1, "letter-not-written")
    assert not letter.exists()
    done = practice.run("reissue", wrong, "--address", right, "--letter", letter, "--json")
    assert done.code == 0, done.err
    reading = patient_claims(service, letter, tmp_path / "patient")
    assert set(reading.files) == {"bilan.txt"}


def test_another_patient_s_address_is_no_correction(practice: Practice) -> None:
    other = practice.invite("--birth-name", "Autre", address="other@exemple.fr")
    assert other.code == 0
    assert practice.invite(address="mine@exemple.fr").code == 0
    letter = practice.folder / "correction.pdf"
    command = ("reissue", "mine@exemple.fr", "--address", "other@exemple.fr", "--letter", letter)
    refused = practice.run(*command, "--json")
    assert (refused.code, refused.error) == (1, "address-taken")
    assert not letter.exists()


def test_a_new_letter_takes_what_waits(practice: Practice) -> None:
    address = "lost@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.send(practice.document(), to=address).code == 0
    letter = practice.folder / "again.pdf"
    done = practice.run("reissue", address, "--letter", letter, "--json")
    assert (done.code, done.json["moved"]) == (0, 1)
    assert letter.exists()
    unknown = practice.run("reissue", "nobody@exemple.fr", "--letter", letter, "--force", "--json")
    assert (unknown.code, unknown.error) == (1, "no-invitation")


def test_a_document_is_printed_from_one_s_own_cover_and_nobody_collected_it(
    practice: Practice, tmp_path: Path
) -> None:
    address = "paper@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document("bilan papier.txt", b"TSH 1,2\n" * 99), to=address)
    document = sent.json["document_id"]
    printed = practice.run("print", document[:12], "--out", tmp_path / "out", "--json")
    assert printed.code == 0, printed.err
    assert (tmp_path / "out" / "bilan papier.txt").read_bytes() == b"TSH 1,2\n" * 99
    assert "en clair" in printed.err
    for said in (document, "Bilan Papier"):
        again = practice.run("print", said, "--out", tmp_path / "out", "--json")
        assert (again.code, again.error) == (1, "folder-exists")
    [to] = [
        to
        for one in practice.run("sent", "--json").json["documents"]
        if one["document_id"] == document
        for to in one["recipients"]
    ]
    assert "fetched" not in to["moments"]


def test_what_was_purged_is_printed_from_one_s_own_records(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "purged@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), to=address)
    document, delivery = sent.json["document_id"], sent.json["recipients"][0]["delivery_id"]
    change(
        service,
        "UPDATE deliveries SET state = 'expired', expired_at = stored_at WHERE delivery_id = ?",
        delivery,
    )
    change(
        service,
        "DELETE FROM sender_covers WHERE deposit_id ="
        " (SELECT deposit_id FROM deliveries WHERE delivery_id = ?)",
        delivery,
    )
    [item] = items(practice, address)
    assert item["kind"] == "purged"
    refused = practice.run("print", document, "--out", tmp_path / "out", "--json")
    assert (refused.code, refused.error) == (1, "print-gone")
    assert not (tmp_path / "out").exists()


def test_what_was_handled_stays_away_until_something_else_happens(
    practice: Practice, service: Service
) -> None:
    address = "handled@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = practice.send(practice.document(), "--urgent", to=address)
    document = sent.json["document_id"]
    early = practice.run("worklist", "--handled", document, "--json")
    assert (early.code, early.error) == (1, "nothing-to-handle")
    assert len(items(practice, address, days=3)) == 1
    assert after(practice, 3, "worklist", "--handled", document[:8]).code == 0
    assert items(practice, address, days=3) == []
    change(
        service,
        "UPDATE deliveries SET state = 'bounced', bounced_at = stored_at WHERE delivery_id = ?",
        sent.json["recipients"][0]["delivery_id"],
    )
    assert [item["kind"] for item in items(practice, address, days=3)] == ["bounced"]


def test_a_late_document_warns_before_it_is_sealed_and_is_listed_at_once(
    practice: Practice,
) -> None:
    address = "late@exemple.fr"
    assert practice.invite(address=address).code == 0
    command = ("send", practice.document(), "--to", address, "--yes", "--json")
    sent = after(practice, 25, *command)
    assert sent.code == 0, sent.err
    assert f"souspli reissue {address}" in sent.err
    [late] = sent.json["late"]
    assert (late["address"], late["days_left"]) == (address, 4)
    assert late["letter_ends_at"] == sent.json["recipients"][0]["letter_ends_at"]


def test_a_letter_that_has_ended_is_refused_with_the_same_command(practice: Practice) -> None:
    address = "ended@exemple.fr"
    assert practice.invite(address=address).code == 0
    sent = after(practice, 31, "send", practice.document(), "--to", address, "--yes", "--json")
    assert (sent.code, sent.error) == (1, "invitation-expired")
    assert sent.err.count(f"souspli reissue {address} --letter") == 2


def test_the_list_fits_eighty_columns_and_opens_in_a_spreadsheet(practice: Practice) -> None:
    address = "+formula@exemple.fr"
    assert practice.invite(address=address).code == 0
    title = "=HYPERLINK(1) " + "un titre long " * 8
    sent = practice.send(practice.document(), "--title", title, "--urgent", to=address)
    shown = after(practice, 3, "worklist").out
    lines = [line for line in shown.splitlines() if not line.strip().startswith("souspli ")]
    assert max(map(len, lines)) <= 80
    assert shown.count("souspli reissue +formula@exemple.fr") == 1
    table = after(practice, 3, "worklist", "--csv").out
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff")), delimiter=";"))
    assert table.startswith("\ufeffUrgence;")
    [row] = [row for row in rows if sent.json["document_id"] in row]
    assert row[3] == f"'{address}"
    assert row[4].startswith("'=HYPERLINK")
    both = practice.run("worklist", "--csv", "--json")
    assert (both.code, both.error) == (2, "csv-or-json")


def test_sent_todo_shows_the_same_items(practice: Practice) -> None:
    address = "todo@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.send(practice.document(), "--urgent", to=address).code == 0
    assert practice.send(practice.document("plus-tard.txt"), to=address).code == 0
    listed = after(practice, 3, "worklist", "--json").json["items"]
    told = after(practice, 3, "sent", "--todo", "--json").json
    assert told["items"] == listed
    pressing = {item["document_id"] for item in listed}
    assert {document["document_id"] for document in told["documents"]} == pressing


def test_away_from_the_service_what_was_known_is_listed(
    practice: Practice, service: Service
) -> None:
    address = "away@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.send(practice.document(), "--urgent", to=address).code == 0
    service.stop()
    try:
        ended = after(practice, 3, "worklist", "--json")
    finally:
        service.start()
    assert ended.code == 75
    assert ended.json["refreshed"] is False
    assert [i["kind"] for i in ended.json["items"] if i["address"] == address] == ["not-collected"]
    assert "ce qui était connu" in ended.err
