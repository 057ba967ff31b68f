"""What was withdrawn or corrected says so, and nothing that can be read is hidden."""

from __future__ import annotations

from pathlib import Path

from e2e.screens.support import Claimant, Practice, Watched, sign_in
from playwright.sync_api import expect


def row(watched: Watched, words: str) -> str:
    return watched.page.locator(".document", has_text=words).inner_text()


def test_withdrawn_and_corrected_documents_say_so_in_both_languages(
    watched: Watched, practice: Practice, report: Path
) -> None:
    invitee = practice.invite()
    practice.send(invitee, report, title="Pour un autre patient")
    practice.send(invitee, report, title="Bilan")
    run = practice.world.run
    run("withdraw", "Pour un autre patient", "--reason", "wrong-patient", "--yes")

    claimant = Claimant(watched, practice, invitee)
    password = claimant.claim()
    page = watched.page
    account = page.locator("#account-number").inner_text()
    claimant.go_on()
    page.locator("#documents").wait_for()
    assert "Retiré par " in row(watched, "Document retiré")
    assert "il ne vous était pas destiné" in row(watched, "Document retiré")
    assert page.get_by_text("Pour un autre patient").count() == 0
    page.get_by_role("button", name="Bilan").click()
    page.locator(".pdf-sheet[data-outcome='drawn']").wait_for()

    corrected = ["send", str(report), "--to", invitee.address, "--title", "Bilan corrigé"]
    run(*corrected, "--replaces", "Bilan", "--withdraw-old", "--yes")
    # The service took it back from nobody who had it.
    sign_in(watched, practice.page, account=account, password=password)
    for language in ("fr", "en"):
        if language == "en":
            page.locator("#language").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.locator("#documents").wait_for()
        watched.check_accessible()
        watched.check_narrow()
        watched.look(f"9-inbox-withdrawn-{language}")

        page.get_by_role("button", name="Bilan", exact=True).click()
        page.locator(".pdf-sheet[data-outcome='drawn']").wait_for()
        notice = page.locator(".withdrawn").inner_text()
        stays = {"fr": "reste lisible ici", "en": "can still be read here"}[language]
        assert stays in notice
        watched.check_accessible()
        watched.check_narrow()
        watched.look(f"9-document-withdrawn-{language}")

        page.locator("#corrected button").click()
        expect(page.locator("h1")).to_have_text("Bilan corrigé")
        page.locator(".pdf-sheet[data-outcome='drawn']").wait_for()
        watched.check_accessible()
        watched.look(f"9-document-corrected-{language}")
        page.locator("#replaces button").click()
        expect(page.locator("h1")).to_have_text("Bilan")
        page.locator("#back").click()
    # The service's answer about the cover that is gone.
    watched.settle("410", "username fields")
