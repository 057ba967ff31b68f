"""Inviting: one letter at a time, and a lost one replaced."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from cli_world import patient_claims

from souspli_cli.letter_reading import read_letter

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice, Service


def test_a_second_letter_needs_to_be_asked_for_and_ends_the_first(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "again@exemple.fr"
    first = practice.invite(address=address)
    assert first.code == 0, first.err
    old_letter = read_letter(practice.letter(address))
    sent = practice.send(practice.document(), to=address)
    assert sent.code == 0, sent.err

    refused = practice.invite("--force", address=address)
    assert (refused.code, refused.error) == (1, "invitation-pending")
    assert f"souspli invite {address} --again" in refused.err
    assert read_letter(practice.letter(address)) == old_letter

    # The traits are known: nothing but the letter has to be said again.
    again = practice.run(
        *["invite", address, "--again", "--force", "--json"],
        *["--letter", practice.letter(address)],
    )
    assert again.code == 0, again.err
    assert again.json["supersedes"] == first.json["invitation_id"]
    assert (again.json["moved"], again.json["not_moved"]) == (1, 0)
    assert read_letter(practice.letter(address)) != old_letter

    reading = patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert reading.files == {"résultats.txt": practice.document().read_bytes()}
    after = practice.run("sent", "--json")
    (document,) = [
        d for d in after.json["documents"] if d["document_id"] == sent.json["document_id"]
    ]
    assert document["recipients"][0]["opened_verified"] is True

    claimed = practice.invite("--force", address=address)
    assert (claimed.code, claimed.error) == (1, "invitation-claimed")


def test_nothing_is_replaced_where_nothing_is(practice: Practice) -> None:
    ended = practice.invite("--again", address="nobody@exemple.fr")
    assert (ended.code, ended.error) == (1, "nothing-to-replace")


def test_a_letter_never_overwrites_a_file(practice: Practice) -> None:
    address = "overwrite@exemple.fr"
    practice.letter(address).write_text("mine")
    ended = practice.invite(address=address)
    assert (ended.code, ended.error) == (1, "letter-exists")
    assert practice.letter(address).read_text() == "mine"
    assert practice.invite("--force", address=address).code == 0
    assert practice.letter(address).stat().st_mode & 0o777 == 0o600


def test_a_link_is_never_written_through(practice: Practice) -> None:
    address = "link@exemple.fr"
    practice.letter(address).symlink_to(practice.folder / "elsewhere")
    assert practice.invite(address=address).error == "letter-exists"
    assert not (practice.folder / "elsewhere").exists()


def test_a_letter_that_has_no_place_is_refused_before_anything_happens(practice: Practice) -> None:
    ended = practice.run(
        *["invite", "a@exemple.fr", "--letter", practice.folder / "none" / "letter.pdf", "--json"]
    )
    assert (ended.code, ended.error) == (1, "letter-folder-missing")


def test_traits_may_come_from_standard_input_and_stay_off_the_process_list(
    practice: Practice,
) -> None:
    address = "stdin@exemple.fr"
    who = {
        "birth_name": "d'Alençon",
        "used_name": "Le Goff-Œuvrard",
        "given_names": "Jeanne, Zoé",
        "birth_date": "1900-00-00",
        "sex": "F",
        "postal_address": ["4, allée des Tilleuls", "29200 BREST"],
    }
    letter = practice.letter(address)
    ended = practice.run(
        *[
            "invite",
            address,
            "--patient",
            "-",
            "--consent",
            "written",
            "--letter",
            letter,
            "--json",
        ],
        stdin=json.dumps(who),
    )
    assert ended.code == 0, ended.err
    assert "Alen" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "patient-file-not-understood"),
        ("[]", "patient-file-not-understood"),
        ('{"name":"x"}', "patient-file-not-understood"),
        ('{"birth_name":"Durand"}', "nobody-to-ask"),
    ],
)
def test_a_patient_file_that_is_none_or_not_whole_is_refused(
    practice: Practice, content: str, name: str
) -> None:
    letter = practice.folder / "unwritten.pdf"
    ended = practice.run(
        *["invite", "x@exemple.fr", "--patient", "-", "--letter", letter, "--json"], stdin=content
    )
    assert ended.error == name
    assert not letter.exists()


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--birth-date", "31/02/1961", "date-not-understood"),
        ("--birth-date", "1962", "date-not-understood"),
        ("--birth-date", "02/13/1961", "date-not-understood"),
        ("--sex", "X", "sex-not-understood"),
        ("--phone", "06 12 34 56 78", "patient-phone-not-understood"),
        ("--phone", "+33 6 12 34 56 78 ext 9", "patient-phone-not-understood"),
        ("--birth-name", "123", "surname-not-understood"),
        ("--birth-name", "Durand\x1b[2J", "text-has-controls"),
        ("--given-names", "J" * 201, "text-too-long"),
        ("--given-names", "Jeanne \U00013080", "letter-characters"),
    ],
)
def test_traits_that_nobody_has_are_refused_without_repeating_them(
    practice: Practice, option: str, value: str, name: str
) -> None:
    before = practice.book()
    ended = practice.invite(option, value, address="traits@exemple.fr")
    assert (ended.code, ended.error) == (1, name)
    assert value not in ended.err
    assert practice.book() == before
    assert not practice.letter("traits@exemple.fr").exists()


def test_with_the_service_away_no_letter_is_written_and_the_same_command_works_later(
    practice: Practice, service: Service
) -> None:
    address = "away@exemple.fr"
    service.stop()
    away = practice.invite(address=address)
    assert (away.code, away.error) == (75, "away")
    assert not practice.letter(address).exists()
    service.start()
    assert practice.invite(address=address).code == 0


def test_a_disk_full_for_the_letter_says_so_and_how_to_go_on(practice: Practice) -> None:
    """The invitation is published by then: its code is lost, and a new one replaces it."""
    address = "full@exemple.fr"
    full = practice.invite(address=address, limit_file_size=30_000)
    assert (full.code, full.error) == (1, "letter-not-written")
    assert f"souspli invite {address} --again" in full.err
    assert not practice.letter(address).exists()
    again = practice.invite("--again", address=address)
    assert again.code == 0, again.err
    assert again.json["supersedes"] is not None


def test_documents_follow_over_a_letter_that_could_not_be_written(practice: Practice) -> None:
    """It was published and replaced the first one, for which they wait."""
    address = "follows@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.send(practice.document(), to=address).code == 0
    # The letter is larger than the address book's entry: each letter of these lines is drawn.
    letters = [
        chr(one) for one in (*range(0x410, 0x450), *range(0xC0, 0x180), *range(0x391, 0x3CA))
    ]
    lines = [
        word
        for place in range(0, 240, 60)
        for word in ("--postal-line", "".join(letters[place : place + 60]))
    ]
    full = practice.invite("--again", "--force", *lines, address=address, limit_file_size=60_000)
    assert (full.code, full.error) == (1, "letter-not-written")
    again = practice.invite("--again", "--force", address=address)
    assert again.code == 0, again.err
    assert (again.json["moved"], again.json["not_moved"]) == (1, 0)


def test_a_disk_full_for_the_address_book_publishes_nothing(practice: Practice) -> None:
    address = "bookfull@exemple.fr"
    before = practice.book()
    full = practice.invite(address=address, limit_file_size=5_000)
    assert (full.code, full.error) == (1, "disk-full")
    assert practice.book() == before
    assert not practice.letter(address).exists()
    assert practice.invite(address=address).code == 0


def test_a_telephone_number_is_kept_and_goes_with_every_letter(
    practice: Practice, service: Service
) -> None:
    address = "telephone@exemple.fr"
    assert practice.invite("--phone", "+33 6 12.34-56 78", address=address).code == 0
    assert phone_of(service, address) == "+33612345678"
    again = practice.invite("--again", "--force", address=address)
    assert again.code == 0, again.err
    assert "+33612345678" not in again.out + again.err
    assert phone_of(service, address) == "+33612345678"


def phone_of(service: Service, address: str) -> str | None:
    """Return the telephone of the one invitation that the service has for the address."""
    with contextlib.closing(
        sqlite3.connect(service.folder / "data" / "mailbox.sqlite")
    ) as database:
        ((phone,),) = database.execute(
            "SELECT phone FROM invitations WHERE address = ?", (address,)
        ).fetchall()
    return str(phone) if phone is not None else None
