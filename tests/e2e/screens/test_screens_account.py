"""The account: back to paper by the patient's own hand, and terms that are read and accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.screens.support import Claimant, Practice, Watched
from playwright.sync_api import Route, expect

from souspli_cli.errors import CliError


def at_account(watched: Watched, practice: Practice) -> Claimant:
    claimant = Claimant(watched, practice, practice.invite())
    claimant.claim()
    claimant.go_on()
    watched.page.locator("#go-account").click()
    watched.page.locator(".choose-way").wait_for()
    return claimant


def test_a_patient_goes_back_to_paper_and_the_practice_is_stopped_until_they_come_back(
    watched: Watched, practice: Practice, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Button, words, and what the practice's own program then says; and the way back."""
    claimant = at_account(watched, practice)
    page = watched.page
    expect(page.get_by_text("Le cabinet a noté votre accord, donné de vive voix")).to_be_visible()
    page.get_by_role("button", name="Revenir au papier pour ce cabinet").click()
    expect(page.locator("#busy")).to_have_text("C’est noté : ce cabinet vous écrira sur papier.")
    expect(page.locator(".way")).to_contain_text("Sur papier : vous l’avez choisi")

    with pytest.raises(CliError):
        practice.send(claimant.invitee, report, title="Bilan sanguin")
    assert "a choisi le papier le" in capsys.readouterr().err

    page.get_by_role("button", name="Recevoir de nouveau mes documents ici").click()
    expect(page.locator(".way")).to_contain_text("vous l’avez choisi")
    expect(page.get_by_role("button", name="Revenir au papier pour ce cabinet")).to_be_enabled()
    practice.send(claimant.invitee, report, title="Bilan sanguin")
    watched.settle()


def test_without_accepting_the_terms_nothing_is_made(watched: Watched, practice: Practice) -> None:
    """The tick is asked for, in words; with it the account remembers which version was accepted."""
    claimant = Claimant(watched, practice, practice.invite())
    claimant.type_letter()
    claimant.answer()
    page = watched.page
    page.locator("#phrase").wait_for()
    page.locator("#phrase-noted").check()
    page.locator("#continue").click()
    expect(page.locator("#problem")).to_contain_text("Lisez les conditions")
    page.locator("#problem a").click()
    expect(page.locator("#terms-agreed")).to_be_focused()
    claimant.take_phrase()
    claimant.go_on()
    page.locator("#go-account").click()
    expect(page.get_by_text("Vous avez accepté la version 2026-12")).to_be_visible()
    watched.settle()


def test_a_patient_closes_the_account_and_the_practice_is_told_so(
    watched: Watched, practice: Practice, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The box and the password are asked for; then nothing is left to sign in to."""
    claimant = Claimant(watched, practice, practice.invite())
    practice.send(claimant.invitee, report, title="Bilan sanguin")
    password = claimant.claim()
    page = watched.page
    number = page.locator("#account-number").inner_text()
    claimant.go_on()
    page.locator("#back").click()
    page.locator("#go-account").click()
    page.locator("#go-closing").click()
    page.locator("#close-account").wait_for()
    watched.check_accessible()
    watched.check_narrow()
    watched.look("10-closing")
    page.locator("#close-account").click()
    expect(page.locator("#problem")).to_contain_text("Cochez la case")
    watched.look("10-closing-errors")
    page.locator("#closing-sure").check()
    page.locator("#password").fill("un tout autre mot de passe")
    page.locator("#close-account").click()
    expect(page.locator("#problem")).to_contain_text("Rien n’a été effacé")
    page.locator("#password").fill(password)
    page.locator("#close-account").click()
    expect(page.locator("#closed-since")).to_contain_text("Fermé le")
    watched.check_accessible()
    watched.check_narrow()
    watched.look("11-closed")

    with pytest.raises(CliError):
        practice.send(claimant.invitee, report, title="Bilan sanguin")
    assert "a fermé son compte le" in capsys.readouterr().err

    page.goto("about:blank")
    page.goto(practice.page)
    page.locator("#have-account").click()
    page.locator("#account").fill(number)
    page.locator("#password").fill(password)
    page.locator("#continue").click()
    page.locator("#problem").wait_for()
    watched.settle("401")


def test_who_does_not_accept_new_terms_is_shown_how_to_leave(
    watched: Watched, practice: Practice
) -> None:
    """A text that the account never accepted is in force: the list says so, the account asks."""
    claimant = Claimant(watched, practice, practice.invite())
    claimant.claim()
    page = watched.page

    def newer(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["in_force"]["version"] = "2027-06"
        route.fulfill(response=answer, json=told)

    page.route("**/v1/terms", newer)
    claimant.go_on()
    page.locator("#go-account").click()
    expect(page.get_by_text("Les conditions d’utilisation ont changé")).to_be_visible()
    expect(page.get_by_text("fermez votre compte, plus bas")).to_be_visible()
    watched.check_accessible()
    watched.look("12-terms-due")
    page.locator("#accept-terms").click()
    expect(page.locator("#problem")).to_contain_text("Lisez les conditions")
    page.locator("#terms-agreed").check()
    page.locator("#accept-terms").click()
    # The service itself knows no such text, and takes no word about it.
    expect(page.locator("#problem")).to_contain_text("Les conditions ont changé")
    watched.settle("409")
