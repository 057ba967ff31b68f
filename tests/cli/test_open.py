"""``souspli open``: everything verified, then everything there; or nothing at all."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli.offline_world import People

NAMES = {
    "été à lire.txt": b"TSH 1,2\n",
    "vide.txt": b"",
    "-rf": b"like an option",
    "rapport long " + "x" * 150 + ".pdf": b"%PDF-1.7" + bytes(100_000),
}


@pytest.fixture(scope="module")
def sealed(people: People, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document for Jeanne and Paul."""
    out = tmp_path_factory.mktemp("sealed") / "d"
    paths = [people.document(name, content) for name, content in NAMES.items()]
    ended = people.seal(out, *paths, more=f"--to {people.paul.public}")
    assert ended.code == 0, ended.err
    return out


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return shutil.copytree(sealed, tmp_path / "copy")


def test_the_files_come_out_byte_for_byte(people: People, sealed: Path, tmp_path: Path) -> None:
    for person in (people.jeanne, people.paul):
        out = tmp_path / person.fingerprint
        ended = people.open(sealed, out, by=person)
        assert ended.code == 0, ended.err
        opened = {path.name: path.read_bytes() for path in out.iterdir()}
        # A name like an option gets a harmless one.
        assert opened == {("_-rf" if name == "-rf" else name): c for name, c in NAMES.items()}
        given = ended.json
        assert given["title"] == "été à lire"
        assert given["sender"]["fingerprint"] == people.anne.fingerprint
        assert given["sender"]["name"] == "Dr Anne Dupont"
        assert given["patient"] is None
        assert [file["name"] for file in given["files"]] == list(NAMES)
        assert [file["sha256"] for file in given["files"]] == [
            hashlib.sha256(content).hexdigest() for content in NAMES.values()
        ]
        assert given["paths"][0] == str(out / "été à lire.txt")
        assert "AGE-SECRET" not in ended.out


def test_people_read_title_sender_and_files(people: People, sealed: Path, tmp_path: Path) -> None:
    shown = people.souspli(
        "open", sealed, "--identity", people.jeanne.secret, "--sender", people.anne.public,
        "--out", tmp_path / "lu", "--lang", "en",
    )  # fmt: skip
    assert shown.code == 0
    assert "Title: été à lire" in shown.out
    assert "From: Dr Anne Dupont <anne@exemple.fr>" in shown.out
    assert "File: vide.txt (0 bytes)" in shown.out


def test_several_identities_and_senders_may_be_given(
    people: People, sealed: Path, tmp_path: Path
) -> None:
    ended = people.souspli(
        "open", sealed, "--identity", people.mallory.secret, "--identity", people.paul.secret,
        "--sender", people.mallory.public, "--sender", people.anne.public,
        "--out", tmp_path / "lu", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert ended.json["recipient"] == people.paul.fingerprint


def test_another_sender_than_the_expected_is_refused(
    people: People, sealed: Path, tmp_path: Path
) -> None:
    """Even one who has the same name and the same address."""
    ended = people.open(sealed, tmp_path / "lu", sender=people.mallory)
    assert (ended.code, ended.error) == (1, "sender-is-another")
    assert list(tmp_path.iterdir()) == []


def test_a_sender_who_is_described_otherwise_is_refused(
    people: People, sealed: Path, tmp_path: Path
) -> None:
    known = tmp_path / "anne.pub"
    known.write_bytes(people.anne.public.read_bytes().replace(b"Dr Anne Dupont", b"Dr A. Dupont"))
    ended = people.souspli(
        "open", sealed, "--identity", people.jeanne.secret, "--sender", known,
        "--out", tmp_path / "lu", "--json",
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "sender-differs")
    assert not (tmp_path / "lu").exists()


def test_another_reader_is_refused(people: People, sealed: Path, tmp_path: Path) -> None:
    ended = people.open(sealed, tmp_path / "lu", by=people.mallory)
    assert (ended.code, ended.error) == (1, "not-for-you")
    assert list(tmp_path.iterdir()) == []


def test_swapped_covers_are_refused(people: People, copy: Path, tmp_path: Path) -> None:
    jeanne, paul = (
        copy / "covers" / f"{person.fingerprint}.age" for person in (people.jeanne, people.paul)
    )
    kept = jeanne.read_bytes()
    jeanne.write_bytes(paul.read_bytes())
    paul.write_bytes(kept)
    for person in (people.jeanne, people.paul):
        ended = people.open(copy, tmp_path / "lu", by=person)
        assert (ended.code, ended.error) == (1, "not-for-you")


def test_a_cover_beside_another_document_s_contents_is_refused(
    people: People, copy: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    paths = [people.document(name, content) for name, content in NAMES.items()]
    assert people.seal(other, *paths).code == 0
    (copy / "contents.age").write_bytes((other / "contents.age").read_bytes())
    ended = people.open(copy, tmp_path / "lu")
    assert (ended.code, ended.error) == (1, "contents-refused")
    assert not (tmp_path / "lu").exists()


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        ("cover flip", "cover-refused"),
        ("cover cut", "cover-refused"),
        ("cover empty", "cover-refused"),
        ("cover remove", "not-for-you"),
        ("contents flip", "contents-refused"),
        ("contents cut", "contents-refused"),
        ("contents longer", "contents-refused"),
        ("contents empty", "contents-refused"),
        ("contents remove", "sealed-folder"),
    ],
)
def test_a_damaged_document_is_refused_and_leaves_nothing(
    damage: str, name: str, people: People, copy: Path, tmp_path: Path
) -> None:
    cover = copy / "covers" / f"{people.jeanne.fingerprint}.age"
    file, _, how = damage.partition(" ")
    path = cover if file == "cover" else copy / "contents.age"
    whole = path.read_bytes()
    middle = len(whole) // 2
    match how:
        case "flip":
            path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        case "cut":
            path.write_bytes(whole[:-1])
        case "longer":
            path.write_bytes(whole + b"\0")
        case "empty":
            path.write_bytes(b"")
        case _:
            path.unlink()
    ended = people.open(copy, tmp_path / "lu")
    assert (ended.code, ended.error) == (1, name)
    assert [left.name for left in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("what", ["missing", "a file", "an empty folder"])
def test_what_is_no_sealed_document_is_said(what: str, people: People, tmp_path: Path) -> None:
    (tmp_path / "a file").write_bytes(b"")
    (tmp_path / "an empty folder").mkdir()
    ended = people.open(tmp_path / what, tmp_path / "lu")
    assert (ended.code, ended.error) == (1, "sealed-folder")


def test_nothing_that_is_there_is_replaced(people: People, sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "lu").mkdir()
    ended = people.open(sealed, tmp_path / "lu")
    assert (ended.code, ended.error) == (1, "folder-exists")
    assert list((tmp_path / "lu").iterdir()) == []


def test_a_full_disk_leaves_nothing(people: People, sealed: Path, tmp_path: Path) -> None:
    ended = people.souspli(
        "open", sealed, "--identity", people.jeanne.secret, "--sender", people.anne.public,
        "--out", tmp_path / "lu", "--json", limit_file_size=50_000,
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "disk-full")
    assert list(tmp_path.iterdir()) == []


def test_the_sender_has_to_be_said(people: People, sealed: Path, tmp_path: Path) -> None:
    ended = people.souspli(
        "open", sealed, "--identity", people.jeanne.secret, "--out", tmp_path / "lu", "--json"
    )
    assert (ended.code, ended.error) == (2, "option-missing")


def test_an_identity_that_others_can_read_opens_nothing(
    people: People, sealed: Path, tmp_path: Path
) -> None:
    loose = tmp_path / "jeanne.id"
    loose.write_bytes(people.jeanne.secret.read_bytes())
    loose.chmod(0o644)
    ended = people.souspli(
        "open", sealed, "--identity", loose, "--sender", people.anne.public,
        "--out", tmp_path / "lu", "--json",
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "readable-by-others")
    assert not (tmp_path / "lu").exists()
