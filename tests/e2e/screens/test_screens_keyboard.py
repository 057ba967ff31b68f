"""From the letter to the document with keys alone, and where the focus is on the way."""

from __future__ import annotations

from pathlib import Path

from e2e.screens.support import Claimant, Practice, Watched
from playwright.sync_api import Page, expect

MOST_TABS = 40


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; fail if it can't be reached."""
    wanted = page.locator(selector)
    for _ in range(MOST_TABS):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not within {MOST_TABS} presses of Tab")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def type_into(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def test_the_whole_way_without_a_mouse(watched: Watched, practice: Practice, report: Path) -> None:
    """Tab, Enter, Space and typing lead from the first screen to the document and out again."""
    invitee = practice.invite()
    practice.send(invitee, report, title="Bilan sanguin")
    claimant = Claimant(watched, practice, invitee)
    page = watched.page
    page.goto(practice.page)
    press(page, "#have-letter")

    expect(page.locator("h1")).to_be_focused()
    type_into(page, "#letter-number", invitee.letter_number.replace(" ", ""))
    type_into(page, "#claim-code", invitee.code.replace("-", "").lower())
    expect(page.locator("#letter-number")).to_have_value(invitee.letter_number)
    expect(page.locator("#claim-code")).to_have_value(invitee.code)
    page.keyboard.press("Enter")

    page.locator("#email-code").wait_for()
    expect(page.locator("h1")).to_be_focused()
    type_into(page, "#email-code", claimant.email_code())
    type_into(page, "#surname", "kervella")
    type_into(page, "#birth-day", "27")
    type_into(page, "#birth-month", "3")
    type_into(page, "#birth-year", "1946")
    page.keyboard.press("Enter")

    page.locator("#phrase").wait_for()
    expect(page.locator("h1")).to_be_focused()
    press(page, "#phrase-noted", "Space")
    press(page, "#terms-agreed", "Space")
    press(page, "#continue")

    page.locator("#account-number").wait_for()
    expect(page.locator("h1")).to_be_focused()
    page.locator("#continue:not([aria-disabled='true'])").wait_for()
    press(page, "#continue")

    page.locator(".pdf-sheet[data-outcome='drawn']").wait_for()
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("h1")).to_have_text("Bilan sanguin")
    with page.expect_download() as coming:
        press(page, "#download-0")
    assert Path(coming.value.path()).read_bytes() == report.read_bytes()
    press(page, "#larger-0")
    tab_to(page, ".pdf-window")
    page.keyboard.press("Shift+Tab")

    page.locator("body").press("Home")
    page.locator(".skip").focus()
    press(page, "#sign-out")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("h1")).to_have_text("Me connecter")
    watched.settle()


def test_an_error_takes_the_focus_and_leads_to_its_field(
    watched: Watched, practice: Practice
) -> None:
    """A refused form: the list of errors has the focus, Enter on an error goes to its field."""
    page = watched.page
    page.goto(practice.page)
    press(page, "#have-letter")
    press(page, "#continue")
    expect(page.locator("#problem")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#claim-code")).to_be_focused()
    described = page.locator("#claim-code").get_attribute("aria-describedby") or ""
    assert "claim-code-error" in described.split()
    assert "#" not in page.url
    watched.settle()


def test_the_skip_link_comes_first_and_leads_to_the_content(
    watched: Watched, practice: Practice
) -> None:
    """The first Tab shows the link; Enter moves the focus past the header."""
    page = watched.page
    page.goto(practice.page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    watched.settle()
