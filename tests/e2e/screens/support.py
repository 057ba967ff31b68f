"""A practice with invited patients, and a watched page: what tests of the screens are told with.

Everything is real: the service, the mails, the letters, a Chromium. Nothing inside
the page is called; what a person can't do, these helpers don't do either.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request
from playwright.sync_api import expect as expect_page

from souspli_cli.demo_world import World
from souspli_cli.letter_reading import read_letter

ROOT: Final = Path(__file__).resolve().parents[3]
AXE: Final = ROOT / "mailbox" / "web" / "node_modules" / "axe-core" / "axe.min.js"

# Milliseconds for Argon2id on a busy machine of two cores.
PATIENCE: Final = 30_000.0

# In the page, before its own scripts: a violation of the policy becomes a console line.
_TELL_VIOLATIONS: Final = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))
"""


@dataclass(frozen=True)
class Invitee:
    """A patient as their letter and their practice know them."""

    address: str
    birth_name: str
    birth_date: str
    letter_number: str
    code: str = field(repr=False)


@dataclass
class Practice:
    """The demo's practice at the demo's service, with as many patients as a test needs."""

    world: World
    page: str
    folder: Path
    _count: int = 0

    def invite(self, *, birth_name: str = "Kervella", birth_date: str = "1946-03-27") -> Invitee:
        """Invite somebody new; reads number and code off their letter."""
        self._count += 1
        address = f"patient{self._count}@courriel.example"
        return self.invite_address(address, birth_name=birth_name, birth_date=birth_date)

    def invite_address(
        self, address: str, *, birth_name: str, birth_date: str, again: bool = False
    ) -> Invitee:
        """Invite this address; `again` makes a new letter in the place of an old one."""
        traits = {
            "birth_name": birth_name,
            "used_name": None,
            "given_names": "Marie",
            "birth_date": birth_date,
            "sex": "F",
            "postal_address": [],
        }
        self._count += 1
        patient = self.folder / f"patient{self._count}.json"
        letter = self.folder / f"letter{self._count}.pdf"
        patient.write_text(json.dumps(traits), encoding="utf-8")
        options = ("--again",) if again else ("--patient", str(patient), "--consent", "oral")
        self.world.run("invite", address, *options, "--letter", str(letter))
        read = read_letter(letter)
        return Invitee(
            address=address,
            birth_name=birth_name,
            birth_date=birth_date,
            letter_number=read.letter_number,
            code=read.code,
        )

    def send(self, invitee: Invitee, *files: Path, title: str) -> None:
        """Send files as one document."""
        today = datetime.now(tz=UTC).strftime("%Y-%m-%d")
        names = [str(file) for file in files]
        self.world.run(
            "send", *names, "--to", invitee.address, "--title", title, "--date", today, "--yes"
        )

    def newest_code(self, invitee: Invitee, *, after: int) -> str:
        """The one-time code that comes after their first `after` codes; waits for its mail."""
        limit = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < limit:
            codes = self.codes(invitee)
            if len(codes) > after:
                return codes[after]
            time.sleep(0.05)
        raise AssertionError(f"no mail with code number {after + 1}")

    def codes(self, invitee: Invitee) -> list[str]:
        """All one-time codes mailed to them so far, oldest first."""
        mails = [mail for mail in self.world.mails() if invitee.address in mail.recipients]
        return [code for mail in mails if (code := mail.one_time_code()) is not None]


@dataclass
class Watched:
    """A page whose every complaint and request is kept."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    _tools: CDPSession | None = None

    def settle(self, *expected: str) -> None:
        """Fail on any complaint that no pattern of `expected` finds."""
        surprises = [
            line
            for line in self.complaints
            if not any(re.search(pattern, line) for pattern in expected)
        ]
        assert surprises == []
        strangers = [
            r.url for r in self.requests if not r.url.startswith((self.home, "blob:", "about:"))
        ]
        assert strangers == []

    def check_accessible(self) -> None:
        """Fail if axe-core finds anything on the screen as it is now."""
        if self._tools is None:
            self._tools = self.page.context.new_cdp_session(self.page)
        # Through the debugger: under the page's own policy nothing could be injected.
        self._tools.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = self._tools.send(
            "Runtime.evaluate",
            {
                "expression": (
                    # A button on its way from one colour to the next has neither contrast.
                    "Promise.allSettled(document.getAnimations().map((one) => one.finished))"
                    ".then(() => axe.run(document, {resultTypes: ['violations']}))"
                    ".then(({violations}) =>"
                    " JSON.stringify(violations.map(({id, nodes}) =>"
                    " [id, nodes.map(({html}) => html)])))"
                ),
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        violations = json.loads(found["result"]["value"])
        assert violations == [], f"on «{self.page.title()}»: {violations}"

    def check_narrow(self) -> None:
        """Fail if the screen, 320 pixels wide, has to be scrolled sideways."""
        before = self.page.viewport_size or {"width": 1280, "height": 900}
        self.page.set_viewport_size({"width": 320, "height": 640})
        width: int = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(before)
        assert width <= 320, f"«{self.page.title()}» is {width} pixels wide"

    def look(self, name: str) -> None:
        """Keep a picture if somebody asked for pictures, to be looked at."""
        folder = os.environ.get("SOUSPLI_TEST_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)


@contextmanager
def watched_page(browser: Browser, home: str, **options: Any) -> Generator[Watched]:
    """A page in a fresh context that remembers nothing."""
    context = browser.new_context(
        **({"locale": "fr-FR", "viewport": {"width": 1280, "height": 900}} | options)
    )
    try:
        yield watch(context, home)
    finally:
        for page in context.pages:
            # An answer that is still being made would break whatever test comes next.
            page.unroute_all(behavior="wait")
        context.close()


def watch(context: BrowserContext, home: str) -> Watched:
    """A new page of `context`, watched."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_TELL_VIOLATIONS)
    page = context.new_page()
    watched = Watched(page=page, home=home)
    page.on("pageerror", lambda error: watched.complaints.append(f"error {error}"))
    page.on("console", lambda message: watched.complaints.append(message.text))
    page.on("request", lambda request: watched.requests.append(request))  # noqa: PLW0108  (Playwright marks its handlers)
    return watched


class Claimant:
    """Takes a letter through the screens, step by step."""

    def __init__(self, watched: Watched, practice: Practice, invitee: Invitee) -> None:
        self.watched = watched
        self.page = watched.page
        self.practice = practice
        self.invitee = invitee
        self.codes_used = 0

    def type_letter(self) -> None:
        """Step 1; ends at step 2."""
        self.page.goto(self.practice.page)
        self.page.locator("#have-letter").click()
        self.page.locator("#letter-number").fill(self.invitee.letter_number)
        self.page.locator("#claim-code").fill(self.invitee.code)
        self.page.locator("#continue").click()
        self.page.locator("#email-code").wait_for()

    def email_code(self) -> str:
        """The next code from the mailbox."""
        self.codes_used += 1
        return self.practice.newest_code(self.invitee, after=self.codes_used - 1)

    def answer(self, *, code: str | None = None, birth_date: str | None = None) -> None:
        """Step 2, right unless told otherwise; does not wait for what comes."""
        year, month, day = (birth_date or self.invitee.birth_date).split("-")
        if self.page.locator("#email-code").count() > 0:
            self.page.locator("#email-code").fill(code or self.email_code())
        self.page.locator("#surname").fill(self.invitee.birth_name)
        self.page.locator("#birth-day").fill(day)
        self.page.locator("#birth-month").fill(month)
        self.page.locator("#birth-year").fill(year)
        self.page.locator("#continue").click()

    def take_phrase(self) -> str:
        """Step 3 with the eight words; ends with the account."""
        words = self.page.locator("#phrase li").all_inner_texts()
        self.page.locator("#phrase-noted").check()
        self.page.locator("#terms-agreed").check()
        self.page.locator("#continue").click()
        self.page.locator("#account-number").wait_for()
        return " ".join(words)

    def claim(self) -> str:
        """All three steps; returns the password."""
        self.type_letter()
        self.answer()
        self.page.locator("#phrase").wait_for()
        return self.take_phrase()

    def go_on(self) -> None:
        """From the account's number to the document, or the list."""
        self.page.locator("#continue:not([aria-disabled='true'])").click()


def sign_in(watched: Watched, home: str, *, account: str, password: str) -> None:
    """Sign in on a fresh page; ends at the list."""
    page = watched.page
    # The same address again would be a reload, which remembers its screen.
    page.goto("about:blank")
    page.goto(home)
    page.locator("#have-account").click()
    page.locator("#account").fill(account)
    page.locator("#password").fill(password)
    page.locator("#continue").click()
    page.locator("#refresh").wait_for()


def expect_problem(page: Page, words: str) -> None:
    """The screen says what went wrong, where it is read out."""
    expect_page(page.locator("#problem")).to_contain_text(words, timeout=PATIENCE)
