"""Consent goes with the invitation; back to paper is seen before anything is sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cli_world import Practice, Service, patient_claims

from souspli_cli import consent_text
from souspli_cli.words import Language

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "papier@exemple.fr"

# What patients agreed to under this version: another text is another version.
TEXTS = {
    "2026-12": {
        "fr": "50475bbd1d55530a01c3c15a74a582645d1c45c9b0b9292ba0cfb68892b99754",
        "en": "54eac1bf5e166b70651cdc318e89f2b7dc770d8baddd761c060f2ffbc324c8e6",
    }
}


@pytest.mark.parametrize("language", Language)
def test_a_text_that_patients_agreed_to_stays_what_it_was(language: Language) -> None:
    read = consent_text.load(language)
    assert read.sha256 == hashlib.sha256(read.text.encode()).hexdigest()
    assert TEXTS[read.version][language.value] == read.sha256


def test_the_text_is_printed_with_version_and_hash(practice: Practice) -> None:
    ended = practice.run("consent", "--text", "--json", "--lang", "fr")
    assert ended.code == 0
    assert ended.json["sha256"] == consent_text.load(Language.FRENCH).sha256
    assert "revenir au papier" in ended.json["text"]


def test_who_goes_back_to_paper_is_not_sent_to_until_they_say_otherwise(
    practice: Practice,
) -> None:
    invited = practice.invite(address=ADDRESS)
    assert invited.code == 0, invited.err
    at_first = practice.run("consent", ADDRESS, "--json")
    assert at_first.json["way"] == "electronic"
    assert at_first.json["noted"]["how"] == "oral"
    assert practice.send(practice.document(), to=ADDRESS).code == 0

    noted = practice.run("consent", ADDRESS, "--paper", "--how", "oral", "--json")
    assert noted.code == 0, noted.err
    assert (noted.json["way"], noted.json["by_patient"]) == ("paper", False)

    refused = practice.send(practice.document(), to=ADDRESS)
    assert (refused.code, refused.error) == (1, "back-to-paper-practice")
    assert "imprimez" in refused.err
    assert practice.outbox() == []

    again = practice.run("consent", ADDRESS, "--electronic", "--how", "written", "--json")
    assert again.json["way"] == "electronic", again.err
    assert practice.send(practice.document(), to=ADDRESS).code == 0


def test_a_colleague_s_note_is_seen_before_sending(practice: Practice) -> None:
    """What this profile has not heard yet, the service tells it."""
    address = "collegue@exemple.fr"
    assert practice.invite(address=address).code == 0
    book = practice.profile / "book"
    before = {path.name: path.read_bytes() for path in book.iterdir() if path.is_file()}
    assert practice.run("consent", address, "--paper", "--how", "online").code == 0
    for name, content in before.items():
        (book / name).write_bytes(content)
    refused = practice.send(practice.document(), to=address)
    assert (refused.code, refused.error) == (1, "back-to-paper-practice")


def test_of_who_has_an_account_the_worklist_hears_it_too(
    practice: Practice, service: Service, tmp_path: Path
) -> None:
    address = "compte@exemple.fr"
    assert practice.invite(address=address).code == 0
    patient_claims(service, practice.letter(address), tmp_path / "patient")
    assert practice.run("sent").code == 0  # the colleagues are told of the account
    assert practice.send(practice.document(), to=address).code == 0
    for way, kinds in (("--paper", ["back-to-paper"]), ("--electronic", [])):
        before = practice.book()
        assert practice.run("consent", address, way, "--how", "oral").code == 0
        # As on a colleague's machine, where nobody has noted it.
        for name, content in before.items():
            (practice.profile / "book" / name).write_bytes(content)
        listed = practice.run("worklist", "--json").json
        assert [one["kind"] for one in listed["items"] if one["address"] == address] == kinds


def test_who_is_on_paper_gets_a_new_letter_only_if_they_agree(practice: Practice) -> None:
    address = "lettre@exemple.fr"
    assert practice.invite(address=address).code == 0
    assert practice.run("consent", address, "--paper", "--how", "oral").code == 0
    words = ["invite", address, "--again", "--force", "--letter", practice.letter(address)]
    refused = practice.run(*words, "--json")
    assert (refused.code, refused.error) == (1, "paper-no-invitation")
    agreed = practice.run(*words, "--consent", "written", "--json")
    assert agreed.code == 0, agreed.err
    now = practice.run("consent", address, "--json")
    assert (now.json["way"], now.json["noted"]["how"]) == ("electronic", "written")
    assert practice.send(practice.document(), to=address).code == 0


def test_a_re_issue_goes_on_with_what_was_said(practice: Practice) -> None:
    address = "suite@exemple.fr"
    assert practice.invite(address=address).code == 0
    first = practice.run("consent", address, "--json").json
    words = ["invite", address, "--again", "--force", "--letter", practice.letter(address)]
    assert practice.run(*words).code == 0
    assert practice.run("consent", address, "--json").json == first


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--text", "--paper"], "consent-text-alone"),
        ([ADDRESS, "--paper", "--electronic", "--how", "oral"], "one-way"),
        ([ADDRESS, "--how", "oral"], "how-alone"),
        ([ADDRESS, "--paper"], "nobody-to-ask"),
        ([ADDRESS, "--paper", "--how", "telepathy"], "how-not-understood"),
        ([], "option-missing"),
    ],
)
def test_words_that_say_nothing_clear_are_refused(
    practice: Practice, words: list[str], error: str
) -> None:
    practice.invite(address=ADDRESS)
    ended = practice.run("consent", *words, "--json")
    assert (ended.code, ended.error) == (2, error)


def test_nobody_is_invited_without_a_word_on_how_they_agreed(practice: Practice) -> None:
    letter = practice.folder / "without.pdf"
    ended = practice.run(
        *["invite", "sans@exemple.fr", "--birth-name", "Durand", "--given-names", "Jeanne"],
        *["--birth-date", "02/03/1961", "--sex", "F", "--letter", letter, "--json"],
    )
    assert (ended.code, ended.error) == (2, "nobody-to-ask")
    assert "--consent" in ended.err
    assert not letter.exists()
