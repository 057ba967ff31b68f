"""Two real browsers claim one letter at the same moment: one wins, the other is told."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from souspli_cli import inviting
from souspli_cli.account import open_account
from souspli_cli.addressbook import Traits
from souspli_cli.connection import Line, sending_member
from souspli_cli.demo_patient import browser_context
from souspli_cli.demo_world import World
from souspli_cli.mailcatcher import CaughtMail
from souspli_cli.spool import FolderSpool
from souspli_cli.terminal import Terminal
from souspli_cli.words import Language, load
from souspli_exchange.invitation import draw_invitation
from souspli_keys.address import Address
from souspli_mailbox.database import DATABASE_FILE

# Each is a quarter of a minute of two browsers: SOUSPLI_RACES=50, now and then. What is
# raced for is the service's, and raced for more often in tests/mailbox/test_claim.py.
ROUNDS = int(os.environ.get("SOUSPLI_RACES", "4"))
BORN = "1946-03-27"
SURNAME = "Kervella"
# Seconds that one browser waits for the other at the line; then the test fails.
AT_THE_LINE = 120.0
WON = "Votre espace est ouvert"
TOLD = "Ce courrier vient d’être utilisé ailleurs"


@dataclass(frozen=True)
class Runner:
    """A letter that both browsers hold."""

    address: str
    letter_number: str
    code: str = field(repr=False)


@dataclass
class Course:
    """What the two browsers share: the mails, and the line that both start from."""

    page: str
    mails: Callable[[], list[CaughtMail]]
    line: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))
    # One at a time asks for its one-time code, so that each knows which mail is its own.
    mailbox: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with World(tmp_path_factory.mktemp("race"), language="fr") as world:
        yield world


def invite_all(world: World) -> list[Runner]:
    """Invite one patient for each round, with the commands' own parts, in one session."""
    terminal = Terminal(load(Language.FRENCH), quiet=True)
    account = open_account(terminal, world.profile, None)
    runners: list[Runner] = []
    with Line(account, terminal) as line, FolderSpool(account.profile.outbox) as spool:
        sending = line.sending(spool)
        for number in range(ROUNDS):
            address = Address(f"runner{number}@courriel.example")
            traits = Traits(
                birth_name=SURNAME,
                used_name=None,
                given_names="Marie",
                birth_date=BORN,
                sex="F",
                postal_address=(),
            )
            drawn = draw_invitation(
                sending_member(account),
                surnames=[SURNAME],
                birth_date=BORN,
                now=int(time.time()),
                supersedes=None,
            )
            line.run(inviting.publish(sending, account.book, traits, address, drawn, consent=None))
            runners.append(
                Runner(
                    address=address,
                    letter_number=drawn.letter_number,
                    code=drawn.code.secret_symbols(),
                )
            )
    return runners


def codes_for(course: Course, address: str) -> list[str]:
    mails = [mail for mail in course.mails() if address in mail.recipients]
    return [code for mail in mails if (code := mail.one_time_code()) is not None]


def run_once(context: BrowserContext, course: Course, runner: Runner) -> str:
    """Claim as far as the line, wait for the other, go; returns what the page then says."""
    context.clear_cookies()
    page = context.new_page()

    def hold(route: Route) -> None:
        course.line.wait(AT_THE_LINE)
        route.continue_()

    page.route("**/bind", hold)
    try:
        with course.mailbox:
            before = len(codes_for(course, runner.address))
            open_letter(page, course.page, runner)
            code = next_code(course, runner.address, before)
        pass_gates(page, code)
        page.get_by_label("J’ai noté ces huit mots sur papier").check()
        page.get_by_label("J’ai lu ces conditions et je les accepte").check()
        page.get_by_role("button", name="Continuer", exact=True).click()
        won, told = page.get_by_text(WON), page.get_by_text(TOLD)
        won.or_(told).first.wait_for()
        return WON if won.count() else TOLD
    finally:
        page.close()


def open_letter(page: Page, address: str, runner: Runner) -> None:
    page.goto(address)
    page.get_by_role("button", name="J’ai un courrier").click()
    page.get_by_label("Numéro du courrier").fill(runner.letter_number)
    page.get_by_label("Code", exact=True).fill(runner.code)
    page.get_by_role("button", name="Continuer", exact=True).click()
    page.get_by_label("Code reçu par e-mail").wait_for()


def next_code(course: Course, address: str, before: int) -> str:
    limit = time.monotonic() + AT_THE_LINE
    while time.monotonic() < limit:
        codes = codes_for(course, address)
        if len(codes) > before:
            return codes[-1]
        time.sleep(0.02)
    raise AssertionError("no one-time code came")


def pass_gates(page: Page, code: str) -> None:
    year, month, day = BORN.split("-")
    page.get_by_label("Code reçu par e-mail").fill(code)
    page.get_by_label("Nom de famille").fill(SURNAME)
    page.get_by_label("Jour", exact=True).fill(day)
    page.get_by_label("Mois", exact=True).fill(month)
    page.get_by_label("Année", exact=True).fill(year)
    page.get_by_role("button", name="Continuer", exact=True).click()


def test_again_and_again_two_browsers_claim_at_once_and_one_wins(world: World) -> None:
    invited = world.start()
    with ThreadPoolExecutor(1) as pool:
        # In a thread: Playwright's loop, begun by tests before this one, holds the main one.
        runners = pool.submit(invite_all, world).result()
    course = Course(page=invited.page, mails=world.mails)

    def run_all() -> list[str]:
        # A Chromium of its own, in a thread of its own: Playwright's is not shared.
        try:
            with browser_context() as context:
                return [run_once(context, course, runner) for runner in runners]
        except BaseException:
            course.line.abort()
            raise

    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(run_all) for _ in range(2))
        results = list(zip(first.result(), second.result(), strict=True))
    assert len(results) == ROUNDS
    assert {tuple(sorted(result)) for result in results} == {tuple(sorted((WON, TOLD)))}
    # One account and one binding for each letter, and nothing half-made of the losers'.
    with closing(sqlite3.connect(world.data / DATABASE_FILE)) as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {table} WHERE {what}").fetchone()[0]  # noqa: S608  (constants)
            for table, what in (
                ("bindings", "1"),
                ("accounts", "kind = 'patient'"),
                ("vaults", "account_number IN (SELECT account_number FROM bindings)"),
            )
        ]
    assert counts == [ROUNDS, ROUNDS, ROUNDS]
