"""Step 1 and its refusals: what is typed wrong, what does not fit, what is over."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest
from e2e.screens.support import Claimant, Invitee, Practice, Watched, expect_problem, watched_page
from playwright.sync_api import Browser, expect


def fill(watched: Watched, number: str, code: str) -> None:
    watched.page.locator("#letter-number").fill(number)
    watched.page.locator("#claim-code").fill(code)
    watched.page.locator("#continue").click()


def open_letter(watched: Watched, practice: Practice) -> None:
    watched.page.goto(practice.page)
    watched.page.locator("#have-letter").click()


def fragment_of(practice: Practice, invitee: Invitee) -> str:
    """What the QR code says: the code, and the ids that the service has for its number."""
    connection = HTTPConnection(practice.page.rstrip("/").removeprefix("http://"))
    body = json.dumps({"letter_number": invitee.letter_number.replace(" ", "")})
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/claims/lookup", body=body, headers=headers)
    found = json.loads(connection.getresponse().read())
    connection.close()
    code = invitee.code.replace("-", "")
    return f"1.{found['invitation_id']}.{found['organisation']}.{code}"


def other_symbol(symbol: str) -> str:
    return "7" if symbol != "7" else "8"


def test_typing_errors_are_found_without_any_request(watched: Watched, practice: Practice) -> None:
    """One wrong digit or symbol is told at its field; nothing is sent."""
    invitee = practice.invite()
    open_letter(watched, practice)
    before = len(watched.requests)
    number = other_symbol(invitee.letter_number[0]) + invitee.letter_number[1:]
    code = other_symbol(invitee.code[0]) + invitee.code[1:]
    fill(watched, number, code)
    expect(watched.page.locator("#letter-number-error")).to_contain_text("faute de frappe")
    expect(watched.page.locator("#claim-code-error")).to_contain_text("faute de frappe")
    fill(watched, invitee.letter_number, invitee.code[:-1])
    expect(watched.page.locator("#claim-code-error")).to_contain_text("vous en avez tapé 19")
    fill(watched, invitee.letter_number, f"{invitee.code[:-1]}U")
    expect(watched.page.locator("#claim-code-error")).to_contain_text("ne contient jamais « U »")
    assert len(watched.requests) == before
    watched.settle()


def test_a_code_of_another_letter_is_told_and_nothing_of_it_was_sent(
    watched: Watched, practice: Practice
) -> None:
    """Number and code of two letters: refused in the page, before any proof."""
    one, other = practice.invite(), practice.invite()
    open_letter(watched, practice)
    fill(watched, one.letter_number, other.code)
    expect_problem(watched.page, "Ce code ne va pas avec ce courrier")
    expect(watched.page.locator("#problem")).to_be_focused()
    posted = [r.url for r in watched.requests if r.method == "POST"]
    assert [url.rpartition("/")[2] for url in posted] == ["lookup"]
    expect(watched.page.locator("#claim-code")).to_have_value(other.code)
    watched.settle()


def test_an_unknown_number_is_told(watched: Watched, practice: Practice) -> None:
    """A number that no letter has, with a right check digit."""
    invitee = practice.invite()
    open_letter(watched, practice)
    fill(watched, "000 000 000 0", invitee.code)
    expect_problem(watched.page, "Aucun courrier en attente ne porte ce numéro")
    watched.settle(r"404")


def test_a_scanned_letter_asks_before_it_sends_anything(
    watched: Watched, practice: Practice
) -> None:
    """The fragment is gone from the address before the first request of the page's own, the
    practice is named, and only a click sends the proof and the mail."""
    invitee = practice.invite()
    fragment = fragment_of(practice, invitee)
    page = watched.page
    page.goto(f"{practice.page}#{fragment}")
    expect(page.locator("#summary-title")).to_have_text("Cabinet médical des Tilleuls")
    assert "#" not in page.url
    assert all(invitee.code.replace("-", "") not in r.url for r in watched.requests)
    assert [r for r in watched.requests if r.method == "POST"] == []
    watched.check_accessible()
    watched.look("2-letter-scanned")
    page.locator("#continue").click()
    page.locator("#email-code").wait_for()
    watched.settle()


def test_a_damaged_scan_leads_to_typing(watched: Watched, practice: Practice) -> None:
    """One symbol misread: the page says so and offers the fields."""
    fragment = fragment_of(practice, practice.invite())
    watched.page.goto(f"{practice.page}#{fragment[:-1]}{other_symbol(fragment[-1])}")
    expect(watched.page.get_by_text("incomplet ou abîmé")).to_be_visible()
    expect(watched.page.locator("#letter-number")).to_be_visible()
    watched.settle()


def test_a_superseded_letter_names_the_newer_one(watched: Watched, practice: Practice) -> None:
    """After a re-issue the first letter opens nothing, and says why."""
    old = practice.invite()
    practice.invite_address(
        old.address, birth_name=old.birth_name, birth_date=old.birth_date, again=True
    )
    open_letter(watched, practice)
    fill(watched, old.letter_number, old.code)
    expect_problem(watched.page, "plus récent")
    watched.settle(r"40[49]")


def test_a_used_letter_leads_to_signing_in(
    chromium: Browser, watched: Watched, practice: Practice
) -> None:
    """Whoever comes second is told, with the way to sign in."""
    invitee = practice.invite()
    Claimant(watched, practice, invitee).claim()
    with watched_page(chromium, practice.page) as second:
        open_letter(second, practice)
        fill(second, invitee.letter_number, invitee.code)
        expect_problem(second.page, "déjà été utilisé")
        second.page.locator("#go-sign-in").click()
        expect(second.page.locator("#account")).to_be_visible()
        second.settle(r"40[49]")
    watched.settle()


def test_of_two_tabs_one_wins_and_the_other_is_told(
    chromium: Browser, watched: Watched, practice: Practice
) -> None:
    """Both past the gates: the second to choose a password reads that the letter was just used."""
    invitee = practice.invite()
    first = Claimant(watched, practice, invitee)
    first.type_letter()
    first.answer()
    watched.page.locator("#phrase").wait_for()
    with watched_page(chromium, practice.page) as other:
        second = Claimant(other, practice, invitee)
        second.codes_used = 1
        second.type_letter()
        second.answer()
        other.page.locator("#phrase").wait_for()
        first.take_phrase()
        other.page.locator("#phrase-noted").check()
        other.page.locator("#terms-agreed").check()
        other.page.locator("#continue").click()
        expect_problem(other.page, "vient d’être utilisé ailleurs")
        expect_problem(other.page, "02 00 00 00 01".replace(" ", "\u00a0"))
        other.settle(r"409")
    watched.settle()


@pytest.mark.parametrize("kept", ["number", "code"])
def test_while_the_service_is_away_nothing_typed_is_lost(
    watched: Watched, practice: Practice, kept: str
) -> None:
    """No answer: the page says so, keeps what was typed, and a click tries again."""
    invitee = practice.invite()
    open_letter(watched, practice)
    watched.page.route("**/v1/**", lambda route: route.abort())
    fill(watched, invitee.letter_number, invitee.code)
    expect_problem(watched.page, "Le service ne répond pas")
    selector, value = {
        "number": ("#letter-number", invitee.letter_number),
        "code": ("#claim-code", invitee.code),
    }[kept]
    expect(watched.page.locator(selector)).to_have_value(value)
    watched.page.unroute("**/v1/**")
    watched.page.locator("#continue").click()
    watched.page.locator("#email-code").wait_for()
    watched.settle(r"ERR_FAILED")


def test_a_host_outside_the_list_gets_no_field_to_type_into(
    watched: Watched, practice: Practice
) -> None:
    """The same page under another name refuses, in words, and asks for nothing."""
    elsewhere = practice.page.replace("127.0.0.1", "127.0.0.2")
    port = practice.page.rstrip("/").rpartition(":")[2]
    watched.page.route(
        f"http://127.0.0.2:{port}/**",
        lambda route: route.fulfill(
            response=route.fetch(url=route.request.url.replace("127.0.0.2", "127.0.0.1"))
        ),
    )
    watched.page.goto(elsewhere)
    expect_problem(watched.page, "pas à son adresse habituelle")
    assert watched.page.locator("input").count() == 0
    assert watched.complaints == []
