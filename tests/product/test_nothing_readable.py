"""The service holds nothing that it could read: everything it keeps and says is searched.

That the searcher finds what is there: test_searcher.py. What it is given here are the
facts about one document and one patient, and every secret that never leaves the ends.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from cli_world import Ended
from forked import programs
from product.searcher import Searcher
from product.world import (
    ADDRESS,
    BIRTH_DATE,
    GIVEN_NAMES,
    PASSWORD,
    SURNAME,
    TRAITS,
    Patient,
    Practice,
    RecordedService,
    until,
)

from souspli_cli.letter_reading import read_letter
from souspli_cli.report import render_report
from souspli_keys.unlockers import from_password

TITLE: Final = "Anémie ferriprive, à contrôler"
FILE_NAME: Final = "compte rendu hématologie œdème.pdf"
KIND: Final = "11502-2"
DATE: Final = "2026-03-09"
SENTENCE: Final = "Commentaire : ferritine effondrée, hémorragie digestive à rechercher."
SEGMENT_BYTES: Final = 8_388_608

HEALTH: Final = {
    "title": TITLE,
    "file name": FILE_NAME,
    "kind": KIND,
    "date of the document": DATE,
    "sentence of the file": SENTENCE,
    "birth name": SURNAME,
    "half a birth name": "Kerguélen",
    "given names": GIVEN_NAMES,
    "one given name": "Marie-Thérèse",
    "postal address": TRAITS["postal_address"][0],
    "birth date": BIRTH_DATE,
    "birth date in digits": BIRTH_DATE.replace("-", ""),
    "birth date as it is written": "07/03/1948",
    "birth date by numbers": '"year":1948',
    "secret key of age": "AGE-SECRET-KEY-PQ-1",
    "password": PASSWORD,
    "media type": "application/pdf",
}


@pytest.fixture(scope="module", autouse=True)
def anew() -> Iterator[None]:
    """Here every program is started as its users start it."""
    with programs.started_anew():
        yield


def report(length: int) -> bytes:
    """A lab report whose text also stands uncompressed in it, once in every segment.

    The rest is noise, so that nothing disappears by being compressed.
    """
    pdf = render_report(
        patient=f"{SURNAME} {GIVEN_NAMES}", born="07/03/1948", date="09/03/2026", number="26-11"
    )
    line = f"\n% {SENTENCE} {SURNAME} {GIVEN_NAMES} 07/03/1948\n".encode()
    content = bytearray(pdf + line)
    while len(content) < length:
        content += random.Random(len(content)).randbytes(1_000_000) + line  # noqa: S311  (no secret)
    return bytes(content)


@pytest.fixture(scope="module")
def paper(letter: Path) -> dict[str, str | bytes]:
    """What is on the letter and nowhere else."""
    code = read_letter(letter).code
    bare = code.replace("-", "").replace(" ", "")
    return {
        "claim code": code,
        "claim code without hyphens": bare,
        "half a claim code": bare[:10],
    }


def send(practice: Practice, file: Path) -> Ended:
    return practice.run(*words(file))


def words(file: Path) -> list[str | Path]:
    described = ["--title", TITLE, "--kind", KIND, "--date", DATE]
    return ["send", file, "--to", ADDRESS, *described, "--yes", "--json"]


def assert_silent(
    service: RecordedService, needles: dict[str, str | bytes], *, raw_deflate: bool = False
) -> None:
    """Nothing is in the database, its log, the store, the service's words and the mails."""
    places = {path.name for path in service.folder.iterdir()}
    assert places >= {"data", "mails", "service.log"}
    assert service.data.joinpath("mailbox.sqlite").stat().st_size
    found = Searcher(needles).search_files(service.folder, raw_deflate=raw_deflate)
    assert not found, [str(one) for one in found]


def test_nothing_is_readable_anywhere_from_the_deposit_to_the_receipt(
    service: RecordedService, practice: Practice, letter: Path, paper: dict[str, str | bytes],
    tmp_path: Path,
) -> None:  # fmt: skip
    needles: dict[str, str | bytes] = {**HEALTH, **paper}
    small, large = practice.folder / "petit", practice.folder / "grand"
    for folder, length in ((small, 100_000), (large, SEGMENT_BYTES + 500_000)):
        folder.mkdir()
        folder.joinpath(FILE_NAME).write_bytes(report(length))
    # The file itself is full of them: what follows is not silent for want of words.
    in_file = Searcher(HEALTH).search((small / FILE_NAME).read_bytes(), place="")
    assert {found.needle for found in in_file} >= {"sentence of the file", "birth name"}

    # 1. Deposited, not yet claimed.
    sent = send(practice, small / FILE_NAME)
    assert sent.code == 0, sent.err
    until(service.mails.mails)
    assert_silent(service, needles)

    # 2. The service killed in the middle of an upload: one segment here, all at the sender.
    before = len(service.parts())
    sender = practice.start(*words(large / FILE_NAME))
    until(lambda: len(service.parts()) > before)
    service.kill()
    sender.send_signal(signal.SIGKILL)
    sender.communicate()
    assert len(practice.segments()) == 2
    assert list(service.data.glob("documents/uploads/*/*/*"))
    assert_silent(service, needles)
    found = Searcher(needles).search_files(practice.profile)
    assert not found, [str(one) for one in found]

    # 3. Claimed, opened, receipts sent.
    service.start()
    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    patient = Patient.with_letter(service, letter)
    read = patient.read_all(tmp_path / "patient")
    assert sorted(len(one.files[FILE_NAME]) for one in read) == sorted(
        path.stat().st_size for path in (small / FILE_NAME, large / FILE_NAME)
    )
    assert "opened" in practice.run("sent", "--json").out
    needles |= secrets_of(patient)
    for one in read:
        needles[f"document key {one.document_id}"] = one.cover.document_key.to_secret_string()
    assert_silent(service, needles)

    # 4. Killed, and started again: what a crash leaves, and what recovery writes.
    service.kill()
    for large_part in service.data.glob("documents/objects/*/*/0*"):
        # Searched twice above; byte by byte for streams it would take a minute.
        if large_part.stat().st_size > 1_000_000:
            large_part.unlink()
    assert_silent(service, needles)
    service.start()
    assert practice.run("sent", "--json").code == 0
    service.stop()
    assert_silent(service, needles, raw_deflate=True)
    service.start()

    # What the service does know is found, in each of the places that were searched.
    known = Searcher({"address": ADDRESS}).search_files(service.folder)
    places = " ".join(found.place for found in known)
    for place in (f"cells of {service.folder.name}/data/mailbox.sqlite", "mails/0001.eml"):
        assert place in places


def secrets_of(patient: Patient) -> dict[str, str | bytes]:
    """What signing in and claiming needed: hashed, computed or sealed wherever it rests."""
    unlocker = from_password(
        PASSWORD,
        origin="souspli.localhost",
        account=patient.vault.account,  # type: ignore[arg-type]  # text
    )
    secrets: dict[str, str | bytes] = {
        "identity": patient.vault.identity.secret_root(),
        "age seed": patient.vault.identity.secret_age_seed(),
        "stretched password": unlocker.secret_bytes(),
        "wrap key": unlocker.wrap_key.secret_bytes(),
    }
    for number, kept in enumerate(patient.vault.claims):
        secrets[f"claim identity {number}"] = kept.identity.secret_root()
    for number, token in enumerate(sorted(patient.tokens)):
        secrets[f"session token {number}"] = token
    assert len(patient.tokens) >= 3
    return secrets


def test_a_one_time_code_rests_nowhere_but_in_its_mail(
    service: RecordedService, practice: Practice
) -> None:
    letter = practice.invite("boite.4712@courriel.example")
    patient = Patient.with_letter(service, letter)
    (code,) = patient.codes
    searcher = Searcher({"one-time code": code})
    assert searcher.search_files(service.folder / "mails")
    for place in ("data", "service.log", "service.out"):
        found = searcher.search_files(service.folder / place)
        assert not found, [str(one) for one in found]


def test_what_the_service_keeps_of_a_session_does_not_open_one(
    service: RecordedService, practice: Practice
) -> None:
    """The rows hold SHA-256 of tokens: whoever copies the database signs in nowhere."""
    assert practice.run("sent", "--json").code == 0
    letter = practice.invite("boite.4713@courriel.example")
    patient = Patient.with_letter(service, letter)
    hashes = {row[0] for row in service.rows("SELECT token_hash FROM sessions")}
    assert hashes
    assert not hashes & patient.tokens
