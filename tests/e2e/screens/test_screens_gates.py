"""Steps 2 and 3 and their refusals: the mail's code, the person, the password."""

from __future__ import annotations

from e2e.screens.support import Claimant, Practice, Watched, expect_problem
from playwright.sync_api import expect


def at_gates(watched: Watched, practice: Practice) -> Claimant:
    claimant = Claimant(watched, practice, practice.invite())
    claimant.type_letter()
    return claimant


def test_the_address_is_masked_and_the_practice_can_be_called(
    watched: Watched, practice: Practice
) -> None:
    """«Not yours?» comes with name and phone of the practice, authenticated by the letter."""
    claimant = at_gates(watched, practice)
    told = watched.page.locator("#sent-to")
    expect(told).to_contain_text("Cabinet médical des Tilleuls")
    expect(told).to_contain_text("…@")
    expect(told).not_to_contain_text(claimant.invitee.address)
    watched.settle()


def test_a_wrong_code_is_counted_and_the_rest_is_kept(watched: Watched, practice: Practice) -> None:
    """The error stands at the code, with the tries that are left; name and date stay."""
    claimant = at_gates(watched, practice)
    right = claimant.email_code()
    wrong = "000000" if right != "000000" else "111111"
    claimant.answer(code=wrong)
    expect(watched.page.locator("#email-code-error")).to_contain_text("Essais restants : 4")
    expect(watched.page.locator("#surname")).to_have_value("Kervella")
    claimant.answer(code=right)
    watched.page.locator("#phrase").wait_for()
    watched.settle(r"403")


def test_after_five_wrong_codes_a_new_one_is_sent(watched: Watched, practice: Practice) -> None:
    """The fifth says that this code is used up; the next mail's code opens."""
    claimant = at_gates(watched, practice)
    right = claimant.email_code()
    wrong = "000000" if right != "000000" else "111111"
    for left in (4, 3, 2, 1):
        claimant.answer(code=wrong)
        expect(watched.page.locator("#email-code-error")).to_contain_text(
            f"Essais restants : {left}"
        )
    claimant.answer(code=wrong)
    expect(watched.page.locator("#email-code-error")).to_contain_text("Demandez-en un nouveau")
    watched.page.locator("#send-again").click()
    expect(watched.page.get_by_text("Un nouveau code est parti")).to_be_visible()
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    watched.settle(r"403")


def test_a_wrong_birth_date_is_counted_and_the_code_need_not_be_typed_again(
    watched: Watched, practice: Practice
) -> None:
    """Once the mail's code was right it stays accepted while name and date are corrected."""
    claimant = at_gates(watched, practice)
    claimant.answer(birth_date="1946-03-28")
    expect(watched.page.locator("#surname-error")).to_contain_text("Essais restants")
    expect(watched.page.locator("#email-code-accepted")).to_be_visible()
    watched.check_accessible()
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    watched.settle(r"403")


def test_names_and_dates_that_nobody_has_are_told_before_anything_is_sent(
    watched: Watched, practice: Practice
) -> None:
    """31 February, a year of two digits, a name without a letter."""
    at_gates(watched, practice)
    page = watched.page
    before = len(watched.requests)
    page.locator("#surname").fill("12")
    for part, text in (("day", "31"), ("month", "2"), ("year", "46")):
        page.locator(f"#birth-{part}").fill(text)
    page.locator("#continue").click()
    expect(page.locator("#email-code-error")).to_be_visible()
    expect(page.locator("#surname-error")).to_contain_text("alphabet latin")
    expect(page.locator("#birth-date-error")).to_contain_text("quatre chiffres")
    page.locator("#birth-year").fill("1946")
    page.locator("#continue").click()
    expect(page.locator("#birth-date-error")).to_contain_text("n’existe pas")
    assert len(watched.requests) == before
    watched.settle()


def test_a_claim_session_that_ended_asks_for_a_new_code_and_keeps_the_rest(
    watched: Watched, practice: Practice
) -> None:
    """The page proves the letter again by itself; only the mail's code has to be typed anew."""
    claimant = at_gates(watched, practice)
    lost = claimant.email_code()
    watched.page.context.clear_cookies()
    claimant.answer(code=lost)
    expect(watched.page.get_by_text("Trop de temps a passé")).to_be_visible()
    expect(watched.page.locator("#surname")).to_have_value("Kervella")
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    # One mail for each proof: another one would make the first code worthless.
    assert len(practice.codes(claimant.invitee)) == 2
    watched.settle(r"401")


def test_a_session_that_ended_before_the_password_goes_back_one_step(
    watched: Watched, practice: Practice
) -> None:
    """At step 3 too: back to the gates, with the answers kept and a new code on its way."""
    claimant = at_gates(watched, practice)
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    watched.page.context.clear_cookies()
    watched.page.locator("#phrase-noted").check()
    watched.page.locator("#terms-agreed").check()
    watched.page.locator("#continue").click()
    expect(watched.page.get_by_text("Trop de temps a passé")).to_be_visible()
    expect(watched.page.locator("#surname")).to_have_value("Kervella")
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    claimant.take_phrase()
    watched.settle(r"401")


def test_weak_passwords_are_told_which_rule_they_break(
    watched: Watched, practice: Practice
) -> None:
    """Too short, the name, the birth date, a known sequence, two that differ; then one passes."""
    claimant = at_gates(watched, practice)
    claimant.answer()
    page = watched.page
    page.locator("#phrase").wait_for()
    page.locator("#terms-agreed").check()
    page.locator("#use-own").click()
    for password, words in (
        ("", "Tapez un mot de passe"),
        ("tulipe", "au moins 12 signes"),
        ("Kervella-mange-des-crêpes", "contient votre nom"),
        ("crêpes-le-27/03/1946-matin", "contient votre date de naissance"),
        ("motdepassemotdepasse", "se devine trop facilement"),
    ):
        page.locator("#new-password").fill(password)
        page.locator("#continue").click()
        expect(page.locator("#new-password-error")).to_contain_text(words)
    good = "tortue verglas neuf girouettes"
    page.locator("#new-password").fill(good)
    page.locator("#new-password-again").fill("tortue verglas neuf girouette")
    page.locator("#continue").click()
    expect(page.locator("#new-password-again-error")).to_contain_text("pas les mêmes")
    page.locator("#new-password-again").fill(good)
    page.locator("#continue").click()
    page.locator("#account-number").wait_for()
    watched.settle("username fields")


def test_the_words_must_be_noted_first(watched: Watched, practice: Practice) -> None:
    """Without the tick nothing is made."""
    claimant = at_gates(watched, practice)
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    words = watched.page.locator("#phrase li").all_inner_texts()
    assert len(words) == 8
    watched.page.locator("#continue").click()
    expect_problem(watched.page, "Notez d’abord les huit mots")
    assert watched.page.locator("#phrase li").all_inner_texts() == words
    watched.settle()


def test_a_reload_in_the_middle_asks_for_the_letter_again_and_says_why(
    watched: Watched, practice: Practice
) -> None:
    """Nothing was kept, in words; the letter still works."""
    claimant = at_gates(watched, practice)
    claimant.email_code()
    watched.page.reload()
    expect(watched.page.get_by_text("La page a été rechargée")).to_be_visible()
    expect(watched.page.locator("#claim-code")).to_have_value("")
    watched.page.locator("#letter-number").fill(claimant.invitee.letter_number)
    watched.page.locator("#claim-code").fill(claimant.invitee.code)
    watched.page.locator("#continue").click()
    watched.page.locator("#email-code").wait_for()
    claimant.answer()
    watched.page.locator("#phrase").wait_for()
    watched.settle()
