"""All documents in one archive: whole, opened with stock tar, and nothing missing in silence."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from e2e.screens.support import Claimant, Practice, Watched
from playwright.sync_api import Page, Route, expect

from souspli_exchange.manifest import parse_manifest
from souspli_exchange.sender import verify_sender
from souspli_keys.address import parse_origin
from souspli_keys.dsse import Envelope, PayloadType, parse, verify
from souspli_keys.public import parse_fingerprint

ORIGIN = parse_origin("souspli.localhost")


def saved_export(page: Page, folder: Path) -> Path:
    """Export, and open what comes with the tar that every system has."""
    with page.expect_download() as coming:
        page.locator("#export").click()
    name = coming.value.suggested_filename
    assert name.startswith("souspli-")
    archive = folder / name
    coming.value.save_as(archive)
    into = folder / "opened"
    into.mkdir()
    opened = subprocess.run(
        ["tar", "-xf", str(archive), "-C", str(into)], check=True, capture_output=True
    )
    assert opened.stdout + opened.stderr == b""
    return into


def rows(folder: Path) -> list[dict[str, str]]:
    text = (folder / "documents.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def envelope(place: Path) -> Envelope:
    return parse(json.loads(place.read_text(encoding="utf-8")))


def with_new_terms(route: Route) -> None:
    """The service's answer, with terms in force that nobody has accepted yet."""
    answer = route.fetch()
    body: dict[str, Any] = answer.json()
    route.fulfill(response=answer, json=body | {"in_force": body["in_force"] | {"version": "9"}})


def test_every_document_is_in_the_archive_or_told_of_and_no_sender_is_told(
    watched: Watched, practice: Practice, report: Path, tmp_path: Path
) -> None:
    """Byte for byte under its own name, its origin proved by what lies beside it."""
    invitee = practice.invite()
    note = tmp_path / "à jeun – n° 3.txt"
    note.write_text("À jeun.\n", encoding="utf-8")
    empty = tmp_path / "vide.bin"
    empty.touch()
    sent = {"Échographie / abdomen": [report], "Bilan sanguin": [report, note, empty]}
    for title, files in sent.items():
        practice.send(invitee, *files, title=title)
        # The list is by whole seconds.
        time.sleep(1 - time.time() % 1)
    practice.send(invitee, report, title="Le résultat d’un autre")
    practice.world.run("withdraw", "Le résultat d’un autre", "--reason", "wrong-patient", "--yes")

    claimant = Claimant(watched, practice, invitee)
    claimant.claim()
    claimant.go_on()
    page = watched.page
    page.route("**/v1/terms", with_new_terms)
    page.locator("#go-account").click()
    # Who does not accept the new terms is led to their documents first.
    page.locator("#go-export").click()
    expect(page.locator("#export")).to_be_focused()
    look(watched, "10-export")

    opened = saved_export(page, tmp_path)
    expect(page.locator("#export-done")).to_be_focused()
    expect(page.locator("#export-done")).to_contain_text("3 documents")
    expect(page.locator("#export-missing li")).to_have_count(1)
    expect(page.locator("#export-missing")).to_contain_text("Retiré par Cabinet médical")
    for language in ("en", "fr"):
        page.locator("#language").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        look(watched, f"10-export-done-{language}")

    top = {path.name for path in opened.iterdir()}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    folders = {
        f"{day} Cabinet médical des Tilleuls - {name}": title
        for name, title in (
            ("Échographie _ abdomen", "Échographie / abdomen"),
            ("Bilan sanguin", "Bilan sanguin"),
        )
    }
    assert top == {"LISEZ-MOI.txt", "documents.csv", *folders}
    for folder, title in folders.items():
        place = opened / folder
        names = {path.name for path in place.iterdir()}
        assert names == {"souspli", *(file.name for file in sent[title])}
        for file in sent[title]:
            assert (place / file.name).read_bytes() == file.read_bytes()
        check_proofs(place)
    first, second, third = rows(opened)
    assert first["Dans cette archive"] == "non"
    assert first["Remarque"].startswith("Retiré par Cabinet médical des Tilleuls le ")
    assert first["Titre"] == ""
    assert second["Fichiers"].split(" | ") == [file.name for file in sent["Bilan sanguin"]]
    assert third["Dossier"] in top
    readme = (opened / "LISEZ-MOI.txt").read_text(encoding="utf-8-sig")
    assert "CE N’EST PLUS CHIFFRÉ" in readme
    assert "IT IS NO LONGER ENCRYPTED" in readme

    assert not [request for request in watched.requests if request.url.endswith("/receipt")]
    watched.settle("410")


def look(watched: Watched, name: str) -> None:
    watched.check_accessible()
    watched.check_narrow()
    before = watched.page.viewport_size
    for width in (320, 1100):
        watched.page.set_viewport_size({"width": width, "height": 800})
        watched.look(f"{name}-{width}")
    watched.page.set_viewport_size(before or {"width": 1280, "height": 900})


def check_proofs(place: Path) -> None:
    """As anybody may later: from the organisation's fingerprint down to each file."""
    proofs = place / "souspli"
    claimed = json.loads(envelope(proofs / "member.json").payload)["organisation"]
    manifest = envelope(proofs / "manifest.json")
    at = json.loads(manifest.payload)["created_at"]
    sender = verify_sender(
        envelope(proofs / "organisation.json"),
        envelope(proofs / "member.json"),
        trusted={parse_fingerprint(claimed)},
        origin=ORIGIN,
        at=at,
    )
    payload = verify(manifest, payload_type=PayloadType.MANIFEST, signer=sender.member.member)
    for file in parse_manifest(payload).contents.files:
        assert hashlib.sha256((place / file.name).read_bytes()).hexdigest() == file.sha256
