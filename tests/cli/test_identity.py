"""``souspli identity``: drawn into a private file, shown in public, given to age."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.offline_identity import parse_identity_file, parse_public_identity

if TYPE_CHECKING:
    from pathlib import Path

    from cli.offline_world import People
    from cli_world import Practice, Souspli


def test_a_new_identity_is_in_a_file_for_its_owner_alone(souspli: Souspli, tmp_path: Path) -> None:
    path = tmp_path / "à moi.id"
    ended = souspli("identity", "new", path, "--json")
    assert ended.code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    own = parse_identity_file(path.read_bytes())
    fingerprint = own.identity.public.fingerprint
    assert ended.json == {
        "path": str(path),
        "fingerprint": fingerprint,
        "name": f"{fingerprint[:4]} {fingerprint[4:8]} {fingerprint[8:12]} {fingerprint[12:16]}",
        "address": f"{fingerprint[:16]}@offline.invalid",
    }
    assert "Attention" in ended.err
    assert [name.name for name in tmp_path.iterdir()] == ["à moi.id"]


def test_name_and_address_are_written_as_signed_things_have_them(
    souspli: Souspli, tmp_path: Path
) -> None:
    ended = souspli(
        "identity", "new", tmp_path / "id", "--json",
        "--name", " Dr Ame\u0301lie Noe\u0308l ", "--address", "Amelie@Exemple.FR",
    )  # fmt: skip
    assert ended.code == 0
    own = parse_identity_file((tmp_path / "id").read_bytes())
    assert (own.name, own.address) == ("Dr Amélie Noël", "amelie@exemple.fr")


@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_nothing_that_is_there_is_replaced(what: str, souspli: Souspli, tmp_path: Path) -> None:
    path = tmp_path / "id"
    match what:
        case "file":
            path.write_bytes(b"mine")
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("elsewhere")
    ended = souspli("identity", "new", path, "--json")
    assert (ended.code, ended.error) == (1, "identity-exists")
    assert not (tmp_path / "elsewhere").exists()
    assert what != "file" or path.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (["missing/id"], "identity-folder-missing"),
        (["id", "--name", ""], "text-empty"),
        (["id", "--name", "x" * 201], "text-too-long"),
        (["id", "--name", "a\u202eb"], "text-has-controls"),
        (["id", "--address", "nobody"], "address-not-understood"),
    ],
)
def test_a_wrong_new_identity_is_refused_and_leaves_nothing(
    given: list[str], name: str, souspli: Souspli, tmp_path: Path
) -> None:
    ended = souspli("identity", "new", tmp_path / given[0], *given[1:], "--json")
    assert (ended.code, ended.error) == (1, name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_of_an_identity(souspli: Souspli, tmp_path: Path) -> None:
    ended = souspli("identity", "new", tmp_path / "id", "--json", limit_file_size=50)
    assert (ended.code, ended.error) == (1, "disk-full")
    assert list(tmp_path.iterdir()) == []


def test_the_public_identity_is_its_file_byte_for_byte(people: People) -> None:
    for person in (people.anne, people.jeanne, people.paul):
        public = parse_public_identity(person.public.read_bytes())
        own = parse_identity_file(person.secret.read_bytes())
        assert public == own.public_file
        assert public.public.fingerprint == person.fingerprint
    assert parse_public_identity(people.paul.public.read_bytes()).name == "Paul Œuvrard"


def test_a_terminal_without_accents_does_not_change_the_file(people: People) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    shown = people.souspli("identity", "public", people.paul.secret, env=plain)
    assert shown.out.encode() == people.paul.public.read_bytes()


def test_the_key_for_age_opens_what_is_sealed_to_the_identity_and_is_warned_of(
    people: People,
) -> None:
    ended = people.souspli("identity", "age", people.anne.secret, "--lang", "en")
    assert ended.code == 0
    comment, key, end = ended.out.split("\n")
    own = parse_identity_file(people.anne.secret.read_bytes()).identity
    assert comment == f"# public key: {own.public.recipient}"
    assert HybridIdentity.parse(key).secret_seed() == own.secret_age_seed()
    assert str(HybridIdentity.parse(key).recipient) == own.public.recipient
    assert end == ""
    assert ended.err.startswith("Warning: this key is secret.")
    quiet = people.souspli("identity", "age", people.anne.secret, "--quiet")
    assert quiet.err.startswith("Attention : cette clé est secrète.")


@pytest.mark.parametrize("verb", ["public", "age"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_secret_that_others_can_read_is_not_used(
    verb: str, mode: int, people: People, tmp_path: Path
) -> None:
    path = tmp_path / "id"
    path.write_bytes(people.anne.secret.read_bytes())
    path.chmod(mode)
    ended = people.souspli("identity", verb, path)
    assert (ended.code, ended.out) == (1, "")
    assert "chmod go=" in ended.err


def test_a_secret_may_come_out_of_a_pipe(people: People, tmp_path: Path) -> None:
    """So that it may lie encrypted on the disk: ``<(age -d anne.age)``."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    if os.fork() == 0:
        path.write_bytes(people.anne.secret.read_bytes())
        os._exit(0)
    shown = people.souspli("identity", "public", path)
    os.wait()
    assert shown.out.encode() == people.anne.public.read_bytes()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\n", b"x" * 100_000])
def test_what_is_no_identity_file_is_refused_without_its_contents(
    content: bytes, souspli: Souspli, tmp_path: Path
) -> None:
    path = tmp_path / "id"
    path.write_bytes(content)
    path.chmod(0o600)
    ended = souspli("identity", "age", path)
    assert (ended.code, ended.out) == (1, "")
    assert str(path) in ended.err
    assert len(ended.err) < 300


def test_an_identity_of_another_version_says_to_update(people: People, tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(people.anne.secret.read_bytes().replace(b'"version":1', b'"version":2'))
    path.chmod(0o600)
    ended = people.souspli("identity", "public", path, "--lang", "en")
    assert ended.code == 1
    assert "Update Souspli" in ended.err


@pytest.mark.parametrize("path", ["missing", "."])
def test_an_identity_that_is_not_there_is_said_by_name(
    path: str, souspli: Souspli, tmp_path: Path
) -> None:
    ended = souspli("identity", "public", tmp_path / path)
    assert (ended.code, ended.out) == (1, "")
    assert str(tmp_path / path) in ended.err


def test_a_public_identity_is_no_secret_one(people: People) -> None:
    ended = people.souspli("identity", "age", people.anne.public)
    assert (ended.code, ended.out) == (1, "")
    assert "identité publique" in ended.err


def test_a_profile_has_an_identity_too(practice: Practice) -> None:
    created = json.loads((practice.profile / "statements.json").read_bytes())
    assert created["version"] == 1
    shown = practice.run("identity", "public")
    assert shown.code == 0, shown.err
    public = parse_public_identity(shown.out.encode())
    assert (public.name, public.address) == ("Dr Anne Martin", "anne.martin@cabinet.example")
    assert public.organisation != public.public.fingerprint
    key = practice.run("identity", "age")
    assert key.code == 0
    assert HybridIdentity.parse(key.out.split("\n")[1]).recipient.public_bytes == (
        public.public.recipient_key
    )
    assert "Attention" in key.err


def test_without_a_file_or_a_profile_it_says_what_is_missing(souspli: Souspli) -> None:
    ended = souspli("identity", "public")
    assert (ended.code, ended.out) == (1, "")
    assert "souspli identity new" in ended.err
