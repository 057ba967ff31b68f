"""A document that was really sent opens without any code of ours: age and tar are enough.

What docs/open-without-us.md tells, done by a machine: typage stands for `age`, the
system's tar for itself.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_world import ORIGIN, clean_environment, command
from product.stock_age import AGES, NODE, SCRIPT, WEB, path_with
from product.world import PASSWORD, Patient, Practice, RecordedService

from souspli_exchange.age.unwrap import HybridIdentity

PAGE = Path(__file__).parents[2] / "docs" / "open-without-us.md"

# 100 bytes are what a plain tar header holds; 255 what a name may have.
FILES = {
    "bilan.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 300,
    "compte rendu d’hématologie, Œdème n° 3.txt": "Ferritine : 9 µg/l\n".encode(),
    "a" * 100: b"a name that just fits",
    "b" * 101: b"a name that just does not",
    "é" * 125 + ".txt": b"the longest name in two-byte letters",
    "vide.txt": b"",
    "512 octets": b"\0" * 512,
    "-rf": b"a name that looks like an option",
    "--checkpoint-action=exec=echo": b"another one",
}


def age(key: str, sealed: bytes, folder: Path) -> bytes:
    """`age --decrypt --identity key.txt`, by typage."""
    for name, content in (("key.txt", key.encode()), ("sealed.age", sealed)):
        (folder / name).write_bytes(content)
    subprocess.run(
        # From its standard input, so that packages are looked for in WEB.
        [
            NODE,
            "--input-type=module",
            "-",
            *(folder / n for n in ("key.txt", "sealed.age", "opened")),
        ],
        input=SCRIPT.read_bytes(),
        cwd=WEB,
        check=True,
    )
    return (folder / "opened").read_bytes()


@dataclass(frozen=True)
class Sent:
    """A document on the service's disk, and who can open it."""

    contents: bytes
    cover: bytes
    sender_cover: bytes
    reader: Patient
    created_at: int


@pytest.fixture(scope="module")
def sent(
    service: RecordedService,
    practice: Practice,
    letter: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Sent:
    """Send all files as one document, claim and read it; then look into the store."""
    folder = tmp_path_factory.mktemp("patient")
    paths = [practice.file(name, content) for name, content in FILES.items()]
    ended = practice.send(*paths)
    assert ended.code == 0, ended.err
    patient = Patient.with_letter(service, letter)
    (read,) = patient.read_all(folder / "read")
    # Our own reader gives some of them safer names.
    assert sorted(read.files.values()) == sorted(FILES.values())
    ((cover,),) = service.rows("SELECT cover FROM covers")
    ((sender_cover,),) = service.rows("SELECT cover FROM sender_covers")
    parts = sorted(service.data.glob("documents/objects/*/*/*"))
    return Sent(
        contents=b"".join(part.read_bytes() for part in parts),
        cover=cover,
        sender_cover=sender_cover,
        reader=patient,
        created_at=read.cover.manifest.created_at,
    )


@pytest.fixture(scope="module")
def opened_cover(sent: Sent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The cover's JSON, as age gives it."""
    key = HybridIdentity(sent.reader.vault.identity.secret_age_seed()).to_secret_string()
    found: dict[str, Any] = json.loads(age(key, sent.cover, tmp_path_factory.mktemp("cover")))
    return found


def test_age_opens_the_cover_and_in_it_is_the_key_of_the_contents(
    opened_cover: dict[str, Any],
) -> None:
    assert opened_cover["document_key"].startswith("AGE-SECRET-KEY-PQ-1")
    assert opened_cover["version"] == 1
    # Sealed to the claim identity by the sender, to the account's by the patient.
    assert len(opened_cover["grants"]) == 1


def test_age_and_tar_give_back_every_file_byte_for_byte_under_its_name(
    sent: Sent, opened_cover: dict[str, Any], tmp_path: Path
) -> None:
    tar = tmp_path / "contents.tar"
    tar.write_bytes(age(opened_cover["document_key"], sent.contents, tmp_path))
    out = tmp_path / "files"
    out.mkdir()
    done = subprocess.run(
        ["tar", "--extract", "--file", tar, "--directory", out],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == FILES
    for path in out.iterdir():
        assert path.stat().st_mtime == sent.created_at
        assert path.stat().st_mode & 0o777 == 0o644


def test_the_names_are_right_where_the_terminal_knows_no_accents(
    sent: Sent, opened_cover: dict[str, Any], tmp_path: Path
) -> None:
    """An old machine's locale: names are bytes, and come out as the sender wrote them."""
    tar = tmp_path / "contents.tar"
    tar.write_bytes(age(opened_cover["document_key"], sent.contents, tmp_path))
    out = tmp_path / "files"
    out.mkdir()
    subprocess.run(
        ["tar", "--extract", "--file", tar, "--directory", out],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert {path.name for path in out.iterdir()} == FILES.keys()


def test_nobody_elses_key_opens_the_cover(sent: Sent, tmp_path: Path) -> None:
    key = HybridIdentity.generate().to_secret_string()
    with pytest.raises(subprocess.CalledProcessError):
        age(key, sent.cover, tmp_path)


def shown(language: str) -> list[str]:
    """The page's blocks in a language."""
    block = rf"^```{language}\n(.*?)^```$"
    return re.findall(block, PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def typed(lines: list[str], *, where: Path, path: str) -> str:
    """Type blocks of the page into one shell that stops at the first failure."""
    environment = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": str(where)}
    # What the page expects to fail once in a while (a cover that is another's) says so.
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", "".join(lines)],
        cwd=where,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("age_program", AGES)
def test_what_souspli_sealed_opens_by_the_lines_of_the_page(
    age_program: str, tmp_path: Path
) -> None:
    """Every line of shell on the page, in its order; `stock_age` tells which `age` runs."""
    path = path_with(age_program, tmp_path / "tools")
    work = tmp_path / "work"
    work.mkdir()
    for name, content in FILES.items():
        (work / name).write_bytes(content)
    # Jeanne is one of several readers: most covers are not hers.
    readers = ["anne", "jeanne", "paul", "zoé"]
    environment = clean_environment(tmp_path)

    def souspli(*arguments: str | Path) -> bytes:
        line = command(*arguments)
        return subprocess.run(
            line, cwd=work, env=environment, capture_output=True, check=True
        ).stdout

    for one in readers:
        souspli("identity", "new", f"{one}.id")
        (work / f"{one}.pub").write_bytes(souspli("identity", "public", f"{one}.id"))
    to = [part for one in readers for part in ("--to", f"{one}.pub")]
    souspli(
        "seal", "--as", "anne.id", *to, "--out", "document", "--title", "Bilan n° 3",
        "--", *FILES,
    )  # fmt: skip
    for name in FILES:
        (work / name).unlink()
    told = typed(shown("sh"), where=work, path=path)
    assert {path.name: path.read_bytes() for path in (work / "files").iterdir()} == FILES
    manifest = json.loads(told)
    assert manifest["document"]["title"] == "Bilan n° 3"
    assert manifest["origin"] == "offline.invalid"
    assert f"{manifest['recipient']}.age" in {p.name for p in work.glob("document/covers/*")}


@pytest.mark.parametrize("age_program", AGES)
def test_what_was_really_sent_opens_by_the_lines_of_the_page(
    age_program: str, sent: Sent, service: RecordedService, tmp_path: Path
) -> None:
    """Its program and its commands, typed as they stand there, by somebody with a password."""
    path = path_with(age_program, tmp_path / "tools")
    work = tmp_path / "work"
    work.mkdir()
    (program,) = shown("python")
    (work / "fetch.py").write_text(program, encoding="utf-8")
    subprocess.run(
        [sys.executable, "fetch.py", service.url, ORIGIN, sent.reader.vault.account],
        cwd=work,
        input=f"{PASSWORD}\n",
        text=True,
        check=True,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # no terminal: the password comes from standard input
    )
    assert (work / "key.txt").stat().st_mode & 0o777 == 0o600
    # The first block makes a key of an identity file, which a patient does not have.
    told = typed(shown("sh")[1:], where=work, path=path)
    assert {path.name: path.read_bytes() for path in (work / "files").iterdir()} == FILES
    assert json.loads(told)["origin"] == ORIGIN
