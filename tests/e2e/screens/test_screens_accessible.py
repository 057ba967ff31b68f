"""Every screen, in both languages: nothing for axe-core to find, nothing too wide."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.screens.support import Claimant, Practice, Watched, sign_in
from playwright.sync_api import expect

LANGUAGES = ("fr", "en")


def check(watched: Watched, language: str, name: str) -> None:
    expect(watched.page.locator("html")).to_have_attribute("lang", language)
    watched.check_accessible()
    watched.check_narrow()
    watched.look(f"{name}-{language}")


def choose(watched: Watched, language: str) -> None:
    if watched.page.locator("html").get_attribute("lang") != language:
        watched.page.locator("#language").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_screens_from_the_letter_to_the_document(
    watched: Watched, practice: Practice, report: Path, language: str
) -> None:
    """Welcome, letter, gates, password, account, document, list, sign-in: each as it is met,
    and the forms with their errors."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Bilan sanguin")
    page = watched.page
    page.goto(practice.page)
    choose(watched, language)
    check(watched, language, "1-welcome")

    page.locator("#have-letter").click()
    check(watched, language, "2-letter")
    page.locator("#continue").click()
    page.locator("#problem").wait_for()
    check(watched, language, "2-letter-errors")
    page.locator("#letter-number").fill(invitee.letter_number)
    page.locator("#claim-code").fill(invitee.code)
    page.locator("#continue").click()

    claimant = Claimant(watched, practice, invitee)
    page.locator("#email-code").wait_for()
    check(watched, language, "3-gates")
    page.locator("#continue").click()
    page.locator("#problem").wait_for()
    check(watched, language, "3-gates-errors")
    claimant.answer()

    page.locator("#phrase").wait_for()
    check(watched, language, "4-password")
    page.locator("#use-own").click()
    page.locator("#new-password").fill("Kervella")
    page.locator("#continue").click()
    page.locator("#problem").wait_for()
    check(watched, language, "4-password-own-errors")
    page.locator("#use-phrase").click()
    password = claimant.take_phrase()
    page.locator("#continue:not([aria-disabled='true'])").wait_for()
    check(watched, language, "5-account")

    account = page.locator("#account-number").inner_text()
    claimant.go_on()
    page.locator(".pdf-sheet[data-outcome='drawn']").wait_for()
    check(watched, language, "6-document")
    page.locator("#back").click()
    page.locator("#documents").wait_for()
    check(watched, language, "7-inbox")
    page.locator("#search").fill("rien de tel")
    check(watched, language, "7-inbox-nothing-found")
    page.locator("#go-account").click()
    page.locator(".choose-way").wait_for()
    page.locator("#terms").wait_for()
    check(watched, language, "9-account")
    page.locator(".choose-way").click()
    page.locator("#busy:not(:empty)").wait_for()
    page.locator(".choose-way:not([aria-disabled='true'])").wait_for()
    check(watched, language, "9-account-paper")
    page.locator("#back").click()
    page.locator("#refresh").wait_for()

    page.locator("#sign-out").click()
    page.locator("#account").wait_for()
    check(watched, language, "8-signed-out")
    page.locator("#continue").click()
    page.locator("#problem").wait_for()
    check(watched, language, "8-sign-in-errors")
    sign_in(watched, practice.page, account=account, password=password)
    expect(page.locator("html")).to_have_attribute("lang", language)
    # A hint for password managers: there is no account number yet to give them.
    watched.settle("username fields")


def test_the_browser_keeps_the_language_and_nothing_else(
    watched: Watched, practice: Practice, report: Path
) -> None:
    """After a whole visit: one entry in the storage, no cookie a script can read, no fragment,
    id or word in the address."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Bilan sanguin")
    claimant = Claimant(watched, practice, invitee)
    watched.page.goto(practice.page)
    watched.page.locator("#language").click()
    claimant.claim()
    claimant.go_on()
    watched.page.locator("#verified").wait_for()
    kept = watched.page.evaluate(
        "[{...localStorage}, {...sessionStorage}, document.cookie, location.pathname + "
        "location.search + location.hash]"
    )
    assert kept == [{"souspli.language": "en"}, {}, "", "/"]
    databases = watched.page.evaluate("indexedDB.databases().then((all) => all.length)")
    assert databases == 0
    files = watched.page.evaluate(
        "navigator.storage.getDirectory().then((root) => Array.fromAsync(root.keys()))"
    )
    assert files == []
    watched.settle()


def test_reduced_motion_forced_colours_and_enlarged_text_keep_every_button_in_reach(
    watched: Watched, practice: Practice
) -> None:
    """With the system's high contrast and text twice as large, the letter's screen still fits."""
    page = watched.page
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(practice.page)
    page.locator("#have-letter").click()
    watched.check_accessible()
    # Zoom at 400 % is a window a quarter as wide and as high.
    page.set_viewport_size({"width": 320, "height": 256})
    page.locator("#continue").scroll_into_view_if_needed()
    expect(page.locator("#continue")).to_be_in_viewport()
    watched.check_narrow()
    watched.settle()
