"""``souspli seal``: a folder that appears whole, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_world import clean_environment, command

from souspli_cli.media_type import media_type_of
from souspli_exchange.offline_identity import parse_identity_file, parse_public_identity
from souspli_exchange.offline_open import OfflineReader, open_folder_cover

if TYPE_CHECKING:
    from cli.offline_world import People, Person
    from cli_world import Practice

    from souspli_exchange.manifest import Manifest


def manifest_of(people: People, sealed: Path, *, by: Person | None = None) -> Manifest:
    secret = parse_identity_file((by or people.jeanne).secret.read_bytes())
    known = parse_public_identity(people.anne.public.read_bytes())
    return open_folder_cover(sealed, reader=OfflineReader([secret.identity], [known])).manifest


def test_files_are_sealed_for_several_readers_and_described(people: People, tmp_path: Path) -> None:
    first, second = people.document(), people.document("vide.txt", b"")
    traits = tmp_path / "traits.json"
    traits.write_text(
        json.dumps(
            {
                "birth_name": "Le Goff",
                "given_names": "Jeanne",
                "birth_date": "02/03/1961",
                "sex": "f",
            }
        ),
        encoding="utf-8",
    )
    ended = people.seal(
        tmp_path / "scellé", first, second,
        more=f"--to {people.paul.public} --title Bilan --kind 11502-2 --date 28/05/2026 "
        f"--patient {traits}",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "« vide.txt » est vide" in ended.err
    sealed = tmp_path / "scellé"
    assert sorted(path.name for path in sealed.iterdir()) == ["contents.age", "covers"]
    assert {path.stem for path in (sealed / "covers").iterdir()} == {
        people.jeanne.fingerprint, people.paul.fingerprint,
    }  # fmt: skip
    for reader in (people.jeanne, people.paul):
        manifest = manifest_of(people, sealed, by=reader)
        document = manifest.document
        assert (document.title, document.kind, document.date) == ("Bilan", "11502-2", "2026-05-28")
        assert document.patient is not None
        assert (document.patient.birth_name, document.patient.birth_date) == (
            "Le Goff", "1961-03-02",
        )  # fmt: skip
        assert [file.name for file in manifest.contents.files] == [first.name, second.name]
        assert manifest.recipient == reader.fingerprint
        assert ended.json["document_id"] == manifest.document_id
    assert [one["fingerprint"] for one in ended.json["recipients"]] == [
        people.jeanne.fingerprint, people.paul.fingerprint,
    ]  # fmt: skip
    assert ended.json["sender"] == people.anne.fingerprint


def test_what_is_not_said_is_the_first_file_s_name_today_and_nobody(
    people: People, tmp_path: Path
) -> None:
    assert people.seal(tmp_path / "d", people.document()).code == 0
    document = manifest_of(people, tmp_path / "d").document
    assert (document.title, document.kind, document.patient) == ("été à lire", None, None)
    assert document.date in {time.strftime("%Y-%m-%d"), time.strftime("%Y-%m-%d", time.gmtime())}


def test_nothing_that_comes_out_holds_a_secret(people: People, tmp_path: Path) -> None:
    ended = people.seal(tmp_path / "d", people.document())
    roots = [
        json.loads(one.secret.read_bytes())["root"]
        for one in (people.anne, people.jeanne, people.paul)
    ]
    shown = ended.out + ended.err
    assert "AGE-SECRET" not in shown
    assert not [root for root in roots if root in shown]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["missing.pdf"], "file-not-found"),
        (["."], "file-is-folder"),
        (["pipe"], "file-not-regular"),
        (["a.txt", "sub/A.TXT"], "file-names-same"),
        (["-bad\u202e.txt"], "file-name-refused"),
    ],
)
def test_files_that_can_not_be_sealed_are_named(
    files: list[str], name: str, people: People, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "sub").mkdir()
    for ordinary in ("a.txt", "sub/A.TXT", "-bad\u202e.txt"):
        (tmp_path / ordinary).write_bytes(b"x")
    before = sorted(tmp_path.rglob("*"))
    ended = people.seal(tmp_path / "d", *(tmp_path / file for file in files))
    assert (ended.code, ended.error) == (1, name)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("what", ["folder", "file", "dangling link"])
def test_nothing_that_is_there_is_replaced(what: str, people: People, tmp_path: Path) -> None:
    out = tmp_path / "d"
    match what:
        case "folder":
            out.mkdir()
        case "file":
            out.write_bytes(b"mine")
        case _:
            out.symlink_to("nowhere")
    ended = people.seal(out, people.document())
    assert (ended.code, ended.error) == (1, "folder-exists")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("out", ["missing/d", "a file/d", "/proc/d"])
def test_a_place_where_no_folder_can_be_made_is_said(
    out: str, people: People, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    ended = people.seal(tmp_path / out, people.document())
    assert (ended.code, ended.error) == (1, "folder-not-made")
    assert [path.name for path in tmp_path.iterdir()] == ["a file"]


def test_a_full_disk_leaves_nothing(people: People, tmp_path: Path) -> None:
    ended = people.souspli(
        "seal", people.document(), "--to", people.jeanne.public, "--as", people.anne.secret,
        "--out", tmp_path / "d", "--json", limit_file_size=50_000,
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "disk-full")
    assert list(tmp_path.iterdir()) == []


def test_killed_while_it_seals_it_leaves_no_folder_of_the_right_name(
    people: People, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1_000_000_000)
    out = tmp_path / "out" / "d"
    out.parent.mkdir()
    line = command("seal", large, "--to", people.jeanne.public, "--as", people.anne.secret)
    with subprocess.Popen([*line, "--out", str(out)], env=clean_environment(tmp_path)) as running:
        while running.poll() is None and not list(out.parent.glob(".souspli-*/contents.age")):
            time.sleep(0.01)
        running.kill()
    left = [path.name for path in out.parent.iterdir()]
    assert [name for name in left if not name.startswith(".souspli-")] == []
    # What is left is in nobody's way.
    assert people.seal(out, people.document()).code == 0


def test_a_secret_identity_is_not_sealed_to(people: People, tmp_path: Path) -> None:
    """Somebody handed out the wrong file: they have to be told."""
    ended = people.souspli(
        "seal", people.document(), "--to", people.jeanne.secret, "--as", people.anne.secret,
        "--out", tmp_path / "d", "--json",
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "identity-is-secret")


def test_a_public_identity_signs_nothing(people: People, tmp_path: Path) -> None:
    ended = people.souspli(
        "seal", people.document(), "--to", people.jeanne.public, "--as", people.anne.public,
        "--out", tmp_path / "d", "--json",
    )  # fmt: skip
    assert (ended.code, ended.error) == (1, "identity-is-public")


@pytest.mark.parametrize(
    ("given", "code", "name"),
    [
        (["--kind", "biologie"], 1, "kind-not-understood"),
        (["--date", "30/02/2026"], 1, "date-not-understood"),
        (["--title", " "], 1, "text-empty"),
        (["--title", "x" * 201], 1, "text-too-long"),
        (["--patient", "/dev/null"], 1, "patient-file-not-understood"),
        (["--colour", "red"], 2, "no-such-option"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_made(
    given: list[str], code: int, name: str, people: People, tmp_path: Path
) -> None:
    ended = people.souspli(
        "seal", people.document(), "--to", people.jeanne.public, "--as", people.anne.secret,
        "--out", tmp_path / "d", "--json", *given,
    )  # fmt: skip
    assert (ended.code, ended.error) == (code, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left_out", ["files", "--to", "--out"])
def test_what_is_needed_is_asked_for(left_out: str, people: People, tmp_path: Path) -> None:
    options = {"--to": people.jeanne.public, "--out": tmp_path / "d", "--as": people.anne.secret}
    options.pop(left_out, None)
    files = [] if left_out == "files" else [people.document()]
    given = [part for pair in options.items() for part in pair]
    ended = people.souspli("seal", *files, *given, "--json")
    assert ended.code == 2
    assert ended.error == ("nothing-to-seal" if left_out == "files" else "option-missing")


def test_a_member_seals_with_the_profile_and_opens_with_it(
    practice: Practice, people: People, tmp_path: Path
) -> None:
    public = tmp_path / "member.pub"
    public.write_text(practice.run("identity", "public").out, encoding="utf-8")
    sealed = tmp_path / "d"
    ended = practice.run(
        "seal", people.document(), "--to", people.jeanne.public, "--to", public, "--out", sealed
    )
    assert ended.code == 0, ended.err
    read = people.souspli(
        "open", sealed, "--identity", people.jeanne.secret, "--sender", public,
        "--out", tmp_path / "1", "--json",
    )  # fmt: skip
    assert read.json["sender"]["name"] == "Dr Anne Martin"
    own = practice.run("open", sealed, "--sender", public, "--out", tmp_path / "2")
    assert own.code == 0, own.err
    assert (tmp_path / "2" / "été à lire.txt").read_bytes() == b"TSH 1,2\n"


def test_a_small_file_waits_for_no_module_that_it_does_not_need(
    people: People, tmp_path: Path
) -> None:
    """Cold start is what a script that seals file after file pays each time."""
    arguments = ["seal", people.document(), "--to", people.jeanne.public]
    line = command(*arguments, "--as", people.anne.secret, "--out", tmp_path / "d")
    told = subprocess.run(
        [sys.executable, "-X", "importtime", *line[1:]],
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {row.rpartition("|")[2].strip() for row in told.stderr.splitlines()}
    assert "souspli_exchange.offline_seal" in imported
    slow = {"aiohttp", "asyncio", "rich", "msgspec", "sqlalchemy", "requests", "logging"}
    assert imported.isdisjoint(slow | {"souspli_keys.statements", "souspli_exchange.ports"})


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (bytes(128) + b"DICM", "application/dicom"),
        (b"PK\x03\x04", "application/zip"),
        ("é".encode() * 5_000, "text/plain"),
        (b"x" + "é".encode() * 5_000, "text/plain"),
        (b"a\0b", "application/octet-stream"),
        (b"\xe9t\xe9", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_media_type_is_told_by_the_first_bytes(
    content: bytes, media_type: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert media_type_of(path) == media_type
