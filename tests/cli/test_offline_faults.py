"""Everyday mistakes with files and names end in words, not in «something unexpected»."""

from __future__ import annotations

import contextlib
import json
import os
import resource
from typing import TYPE_CHECKING

import pytest

from souspli_cli import files
from souspli_exchange.errors import SourceChangedError
from souspli_exchange.sources import PathSource
from souspli_keys import canonical
from souspli_keys.bech32 import decode_bech32, encode_bech32
from souspli_keys.public import RECIPIENT_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from cli.offline_world import People


@pytest.mark.parametrize("second", ["r.pdf", "R.PDF"])
def test_two_files_of_one_name_are_refused_by_that_name(
    people: People, tmp_path: Path, second: str
) -> None:
    paths = []
    for folder, name in (("p", "r.pdf"), ("q", second)):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / name)
        paths[-1].write_bytes(b"%PDF-1.7")
    refused = people.seal(tmp_path / "d", *paths)
    assert (refused.code, refused.error) == (1, "file-names-same")
    assert second in refused.err


@pytest.mark.parametrize("place", [slice(0, 3), slice(1184, 1216)], ids=["ML-KEM", "X25519"])
def test_a_public_file_with_a_key_that_is_none_is_refused_before_anything_is_sealed(
    people: People, tmp_path: Path, place: slice
) -> None:
    spelled = json.loads(people.jeanne.public.read_bytes())
    key = bytearray(decode_bech32(spelled["public"]["recipient"], prefix=RECIPIENT_PREFIX))
    key[place] = b"\xff\xff\xff" if place.start == 0 else bytes(32)
    spelled["public"]["recipient"] = encode_bech32(RECIPIENT_PREFIX, bytes(key))
    bad = tmp_path / "bad.pub"
    bad.write_bytes(canonical.encode(spelled) + b"\n")
    refused = people.souspli(
        "seal", people.document(), "--to", bad, "--as", people.anne.secret,
        "--out", tmp_path / "d", "--json",
    )  # fmt: skip
    assert refused.code == 1
    assert refused.error != "unexpected"
    assert "bad.pub" in refused.err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("name", ["\U0001fae8 nouveau.txt", "\u200cabc.txt", "a\u200db.txt"])
def test_what_a_name_may_not_hold_in_a_title_is_said_or_left_out(
    people: People, tmp_path: Path, name: str
) -> None:
    """An emoji of 2022 is refused by name; a joiner is left out of the title alone."""
    ended = people.seal(tmp_path / "d", people.document(name))
    if name[0] == "\U0001fae8":
        assert (ended.code, ended.error) == (1, "file-name-refused")
        assert "émoji" in ended.err
        return
    assert ended.code == 0, ended.err
    assert ended.json["title"] == name.removesuffix(".txt").replace("\u200c", "").replace(
        "\u200d", ""
    )
    assert ended.json["files"] == [name]


@pytest.mark.parametrize("option", ["--title", "--name"])
def test_a_character_that_is_too_new_is_said_to_be_one(
    people: People, tmp_path: Path, option: str
) -> None:
    words = {
        "--title": ["seal", people.document(), "--to", people.jeanne.public, "--as",
                    people.anne.secret, "--out", tmp_path / "d"],
        "--name": ["identity", "new", tmp_path / "new.id"],
    }[option]  # fmt: skip
    refused = people.souspli(*words, option, "\U0001fae8", "--json")
    assert (refused.code, refused.error) == (1, "text-has-controls")
    assert list(tmp_path.iterdir()) == []


def test_an_older_public_file_beside_the_newer_one_does_no_harm(
    people: People, tmp_path: Path
) -> None:
    assert people.seal(tmp_path / "d", people.document()).code == 0
    spelled = json.loads(people.anne.public.read_bytes()) | {"name": "Anne, avant son mariage"}
    older = tmp_path / "older.pub"
    older.write_bytes(canonical.encode(spelled) + b"\n")
    for number, pair in enumerate([(older, people.anne.public), (people.anne.public, older)]):
        senders = [word for path in pair for word in ("--sender", path)]
        ended = people.souspli(
            "open", tmp_path / "d", "--identity", people.jeanne.secret, *senders,
            "--out", tmp_path / str(number), "--json",
        )  # fmt: skip
        assert ended.code == 0, ended.err


def test_a_stray_thing_among_the_covers_is_named_and_the_rest_inspected(
    people: People, tmp_path: Path
) -> None:
    assert people.seal(tmp_path / "d", people.document()).code == 0
    stray = f"{'a' * 64}.age"
    os.mkfifo(tmp_path / "d" / "covers" / stray)
    ended = people.souspli("inspect", tmp_path / "d", "--json")
    assert people.jeanne.fingerprint in ended.out
    assert stray in ended.out


def test_a_document_of_many_files_needs_no_more_than_the_system_gives(
    people: People, tmp_path: Path
) -> None:
    """Some systems begin with 256 open files; the program asks for more."""
    paths = []
    for number in range(300):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_bytes(b"x")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        ended = people.seal(tmp_path / "d", *paths)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert ended.code == 0, ended.err


def test_a_file_that_could_not_be_made_takes_no_other_with_it(tmp_path: Path) -> None:
    """Without a descriptor left nothing is made, and what was there stays."""
    path = tmp_path / "anne.id"
    path.write_bytes(b"precious")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(tmp_path, os.O_RDONLY))
        with pytest.raises(OSError, match="Too many open files"):
            files.create(path, b"x")
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert path.read_bytes() == b"precious"


def test_a_file_whose_time_was_put_back_has_changed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    times = path.stat()
    with PathSource(path, media_type="text/plain") as source:
        path.write_bytes(b"after!")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        with pytest.raises(SourceChangedError):
            source.check_unchanged()
