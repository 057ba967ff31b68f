"""``souspli inspect``: what anybody can know, and what a key adds."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from souspli_exchange.age.file import encrypt
from souspli_exchange.age.header import Stanza, authenticated_part
from souspli_exchange.age.unwrap import HybridIdentity

if TYPE_CHECKING:
    from pathlib import Path

    from cli.offline_world import People


@pytest.fixture(scope="module")
def sealed(people: People, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document for Jeanne."""
    out = tmp_path_factory.mktemp("sealed") / "d"
    assert people.seal(out, people.document()).code == 0
    return out


def test_without_a_key_shapes_and_lengths_are_told(people: People, sealed: Path) -> None:
    ended = people.souspli("inspect", sealed, "--json")
    assert ended.code == 0, ended.err
    (found,) = ended.json["paths"]
    assert (found["kind"], found["refused"], found["others"]) == ("folder", None, [])
    contents = found["contents"]
    assert (contents["plain_bytes"], contents["chunks"], contents["segments"]) == (65_536, 1, 1)
    assert contents["recipient_types"] == ["mlkem768x25519"]
    assert contents["tar_bytes"] == [1_536, 65_536]
    (cover,) = found["covers"]
    assert (cover["recipient"], cover["plain_bytes"]) == (people.jeanne.fingerprint, 8_192)
    assert "document" not in found
    assert "lire" not in ended.out


def test_people_read_the_same(people: People, sealed: Path) -> None:
    for language, word in (("fr", "pli pour"), ("en", "cover for")):
        shown = people.souspli("inspect", sealed, "--lang", language)
        assert shown.code == 0
        assert word in shown.out
        assert people.jeanne.fingerprint[:4] in shown.out


def test_a_single_file_is_what_its_length_says(people: People, sealed: Path) -> None:
    (cover,) = (sealed / "covers").iterdir()
    ended = people.souspli("inspect", cover, sealed / "contents.age", "--json")
    assert ended.code == 0
    assert [one["may_be"] for one in ended.json["paths"]] == [["cover"], ["cover", "contents"]]
    assert [one["kind"] for one in ended.json["paths"]] == ["sealed", "sealed"]


def test_with_an_identity_the_document_s_claims_are_shown_as_claims(
    people: People, sealed: Path
) -> None:
    ended = people.souspli("inspect", sealed, "--identity", people.jeanne.secret, "--json")
    assert ended.code == 0
    (found,) = ended.json["paths"]
    assert found["verified"] is False
    assert found["document"]["title"] == "été à lire"
    shown = people.souspli("inspect", sealed, "--identity", people.jeanne.secret)
    before, _, after = shown.out.partition("RIEN N'EST VÉRIFIÉ")
    assert "Titre" not in before
    assert "Titre : été à lire" in after


def test_with_a_sender_everything_is_verified(people: People, sealed: Path) -> None:
    (cover,) = (sealed / "covers").iterdir()
    for path in (sealed, cover):
        ended = people.souspli(
            "inspect", path, "--identity", people.jeanne.secret,
            "--sender", people.anne.public, "--json",
        )  # fmt: skip
        assert ended.code == 0, ended.err
        (found,) = ended.json["paths"]
        assert found["verified"] is True
        assert found["document"]["sender"]["fingerprint"] == people.anne.fingerprint
        assert "AGE-SECRET" not in ended.out


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("sender", "sender-is-another"),
        ("reader", "not-for-you"),
        ("contents", "contents-refused"),
        ("cover", "cover-refused"),
    ],
)
def test_what_does_not_verify_ends_with_1_and_why(
    case: str, name: str, people: People, sealed: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sealed, tmp_path / "copy")
    damaged = {
        "contents": copy / "contents.age",
        "cover": copy / "covers" / f"{people.jeanne.fingerprint}.age",
    }.get(case)
    if damaged:
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    reader = people.paul if case == "reader" else people.jeanne
    sender = people.mallory if case == "sender" else people.anne
    ended = people.souspli(
        "inspect", copy, "--identity", reader.secret, "--sender", sender.public, "--json"
    )
    assert ended.code == 1
    (found,) = ended.json["paths"]
    assert (found["verified"], found["refused"]) == (False, name)
    assert "document" not in found


def test_a_foreign_age_file_is_described_and_refused(people: People, tmp_path: Path) -> None:
    stanza = Stanza("X25519", ("A" * 43,), bytes(32))
    classical = authenticated_part([stanza]) + b" " + b"A" * 43 + b"\n" + bytes(16 + 30)
    files = {
        "classical": classical,
        "armored": b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        "pdf": b"%PDF-1.7",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    ended = people.souspli("inspect", *(tmp_path / name for name in files), "--json")
    assert ended.code == 1
    refused = [(one["refused"], one["recipient_types"]) for one in ended.json["paths"]]
    assert refused == [("recipient_type", ["X25519"]), ("armored", []), ("not_age", [])]
    shown = people.souspli("inspect", tmp_path / "classical", "--lang", "en")
    assert shown.code == 1
    assert "REFUSED: a recipient of another type" in shown.out


def test_a_length_that_its_place_does_not_allow_is_refused(
    people: People, sealed: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sealed, tmp_path / "copy")
    (cover,) = (copy / "covers").iterdir()
    (copy / "contents.age").write_bytes(cover.read_bytes())
    ended = people.souspli("inspect", copy, "--json")
    assert ended.code == 1
    assert ended.json["paths"][0]["contents"]["refused"] == "other_length"


def test_an_age_file_of_the_right_type_that_no_document_has_is_told_apart(
    people: People, tmp_path: Path
) -> None:
    recipient = HybridIdentity.generate().recipient
    (tmp_path / "other.age").write_bytes(encrypt(b"a note", recipient))
    (tmp_path / "cut.age").write_bytes(encrypt(b"", recipient)[:-1])
    ended = people.souspli("inspect", tmp_path / "other.age", tmp_path / "cut.age", "--json")
    assert ended.code == 1
    assert [one["refused"] for one in ended.json["paths"]] == ["other_length", "length"]
    shown = people.souspli("inspect", tmp_path / "other.age", "--lang", "en")
    assert "neither a cover nor contents" in shown.out


def test_other_files_of_a_folder_are_named(people: People, sealed: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(sealed, tmp_path / "copy")
    (copy / "lisez-moi.txt").write_bytes(b"")
    ended = people.souspli("inspect", copy, "--json")
    assert ended.json["paths"][0]["others"] == ["lisez-moi.txt"]


@pytest.mark.parametrize("path", ["missing", "folder"])
def test_what_can_not_be_looked_at_does_not_hide_the_rest(
    path: str, people: People, sealed: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    ended = people.souspli("inspect", tmp_path / path, sealed, "--json")
    assert ended.code == 1
    assert [one["refused"] for one in ended.json["paths"]] == ["unreadable", None]


def test_a_sender_without_an_identity_is_no_question(people: People, sealed: Path) -> None:
    ended = people.souspli("inspect", sealed, "--sender", people.anne.public, "--json")
    assert (ended.code, ended.error) == (2, "sender-needs-identity")
