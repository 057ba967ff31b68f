"""A patient at a browser: sees what is on the page, clicks and types, nothing else.

Elements are found by the words that people read (French, the page's first
language): a button that lost its name fails the check, as it fails the patient.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from souspli_cli.browser import CHROMIUM_ARGUMENTS, INSTALL_LINE, find_browser
from souspli_cli.errors import ProgramMissing

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

EXTRA_LINE: Final = "pip install 'souspli[check]'"

# Milliseconds: Argon2id and a cold browser on a small machine under load.
PATIENCE: Final = 60_000.0
# A laptop of a few years ago.
SCREEN: Final[tuple[int, int]] = (1280, 900)


@contextmanager
def browser_context() -> Generator[BrowserContext]:
    """A fresh headless Chromium without memory, in French.

    Raises `ProgramMissing` where there is no Chromium or no Playwright.
    """
    path = find_browser()
    if path is None:
        raise ProgramMissing("no_chromium", line=INSTALL_LINE)
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  (an optional extra)
    except ModuleNotFoundError:
        raise ProgramMissing("no_playwright", line=EXTRA_LINE) from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        try:
            width, height = SCREEN
            context = browser.new_context(
                locale="fr-FR",
                viewport={"width": width, "height": height},
                accept_downloads=True,
            )
            context.set_default_timeout(PATIENCE)
            yield context
        finally:
            browser.close()


class Patient:
    """One page and the person before it."""

    def __init__(self, page: Page, *, pictures: Path | None = None) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._pictures = pictures
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)

    def open_letter(self, address: str, *, number: str, code: str) -> None:
        """Step 1: type the letter's number and code. Ends where the e-mail code is asked for."""
        self.page.goto(address)
        self._see("accueil")
        self._click("J’ai un courrier")
        self._type("Numéro du courrier", number)
        self._type("Code", code)
        self._see("courrier")
        self._click("Continuer")
        self.page.get_by_label("Code reçu par e-mail").wait_for()

    def pass_gates(self, *, email_code: str, surname: str, birth_date: str) -> None:
        """Step 2: the e-mail code, name and birth date (`YYYY-MM-DD`)."""
        year, month, day = birth_date.split("-")
        self._type("Code reçu par e-mail", email_code)
        self._type("Nom de famille", surname)
        self._type("Jour", day)
        self._type("Mois", month)
        self._type("Année", year)
        self._see("identite")
        self._click("Continuer")
        self.page.get_by_label("J’ai noté ces huit mots sur papier").wait_for()

    def take_phrase(self) -> str:
        """Step 3: note the eight words down, accept the terms, go on; returns the words."""
        words = self.page.locator("#phrase li").all_inner_texts()
        self.page.get_by_label("J’ai noté ces huit mots sur papier").check()
        self.page.get_by_label("J’ai lu ces conditions et je les accepte").check()
        self._see("mot-de-passe")
        self._click("Continuer")
        self.page.get_by_role("heading", name="Votre espace est ouvert").wait_for()
        return " ".join(words)

    def read_first_document(self) -> None:
        """Open the only document; ends when it is verified and drawn."""
        button = self.page.get_by_role("button", name="Lire mon document", exact=True)
        button.wait_for()
        self._see("compte")
        button.click()
        self._verified()
        self._see("document")

    def read_document(self, title: str) -> None:
        """Open a document of the list by its title."""
        self._see("liste")
        self.page.get_by_role("button", name=title).click()
        self._verified()

    def download(self, into: Path) -> bytes:
        """Download the document's only file; its bytes."""
        with self.page.expect_download(timeout=PATIENCE) as coming:
            self._click("Télécharger")
        coming.value.save_as(into)
        return into.read_bytes()

    def sign_in(self, address: str, *, account: str, password: str) -> None:
        """Come back another day. Ends at the list."""
        self.page.goto(address)
        self._click("Me connecter")
        self._type("Adresse e-mail ou numéro de compte", account)
        self._type("Mot de passe", password)
        self._see("connexion")
        self._click("Me connecter")
        self.page.get_by_role("heading", name="Mes documents").wait_for()

    def sign_out(self) -> None:
        """Leave."""
        self._click("Se déconnecter")

    def wait_for_refusal(self) -> str:
        """The words with which the page refuses a document."""
        self.page.get_by_role("heading", name="Ce document n’a pas été ouvert").wait_for()
        return self.page.get_by_role("alert").first.inner_text()

    def _verified(self) -> None:
        """Wait until the document is drawn, or the page says in words why it is not."""
        drawn = self.page.locator('[data-outcome^="drawn"]')
        told = self.page.get_by_role("alert").or_(self.page.get_by_text("ne s’affiche pas ici"))
        drawn.or_(told).first.wait_for()

    def was_refused(self) -> bool:
        """Whether the page refused the document just opened."""
        return self.page.get_by_text("Vérifié :").count() == 0

    def _type(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label, exact=True)
        field.click()
        field.press_sequentially(text)

    def _click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def _see(self, name: str) -> None:
        if self._pictures is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)

    def _listen(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        kind = str(getattr(message, "type", ""))
        if kind in {"error", "warning"} or "fake worker" in text:
            self.complaints.append(text)
