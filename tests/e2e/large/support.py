"""What the tests of large documents share: an account's values, a window, its private files.

The profile is a folder, as a person's is: in a private window Chromium keeps files in memory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from e2e.screens.support import Practice, Watched, sign_in
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from souspli_cli.browser import CHROMIUM_ARGUMENTS, find_browser

MEBIBYTE: Final = 1_048_576
SEGMENT: Final = 8 * MEBIBYTE
# More than the 64 MiB up to which a document is opened in memory: ten segments and a bit.
SCAN_BYTES: Final = 80 * MEBIBYTE
# More than the 256 MiB that are opened in memory where there are no files.
HUGE_BYTES: Final = 257 * MEBIBYTE
SCAN, HUGE = "Scanner", "Examen entier"
# Milliseconds for 80 MiB on a machine with other things to do.
LONG: Final = 120_000.0

LIST_FILES = """async () => {
  const root = await navigator.storage.getDirectory()
  const found = {}
  for await (const [name, folder] of root.entries()) {
    found[name] = []
    for await (const [, file] of folder.entries()) {
      // Deleted while it is looked at: not there.
      const size = await file.getFile().then(({ size }) => size, () => null)
      if (size !== null) found[name].push(size)
    }
  }
  return found
}"""


@dataclass
class Account:
    """A patient with large documents, and the browser profile in which they were claimed."""

    profile: Path
    number: str
    password: str = field(repr=False)
    scan: Path
    report: Path
    # Its segments, one file each.
    stored: list[Path]
    # The first segment of the other one.
    huge_start: Path


@contextmanager
def ordinary_window(chromium: Browser, profile: Path) -> Generator[BrowserContext]:
    """A browser that remembers: closed and opened again, it has its files."""
    context = chromium.browser_type.launch_persistent_context(
        str(profile),
        executable_path=find_browser(),
        args=list(CHROMIUM_ARGUMENTS),
        locale="fr-FR",
        viewport={"width": 1280, "height": 900},
    )
    try:
        yield context
    finally:
        context.close()


def objects(practice: Practice) -> list[Path]:
    return [path for path in (practice.world.data / "documents").rglob("*") if path.is_file()]


def enter(watched: Watched, practice: Practice, account: Account) -> None:
    sign_in(watched, practice.page, account=account.number, password=account.password)


def files(page: Page) -> dict[str, list[int]]:
    """The lengths of the page's private files, by folder."""
    found: dict[str, list[int]] = page.evaluate(LIST_FILES)
    return found


def wait_for_files(page: Page, **expected: int) -> None:
    """Wait until the folders hold so many files."""
    for _ in range(100):
        found = files(page)
        if all(len(found.get(folder, [])) == count for folder, count in expected.items()):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{files(page)}, not {expected}")


def open_document(page: Page, title: str) -> None:
    page.locator(".document-link", has_text=title).click()


def wait_verified(page: Page) -> None:
    page.locator("#verified").wait_for(timeout=LONG)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(page: Page, place: int, into: Path) -> Path:
    with page.expect_download(timeout=LONG) as coming:
        page.locator(f"#download-{place}").click()
    coming.value.save_as(into)
    return into


def starts(watched: Watched) -> list[int]:
    """Where each request for contents began."""
    ranges = [
        request.headers.get("range", "")
        for request in watched.requests
        if request.url.endswith("/contents")
    ]
    return [int(found[1]) for text in ranges if (found := re.match(r"bytes=(\d+)-", text))]


@contextmanager
def held_after(page: Page, count: int) -> Generator[list[Route]]:
    """Let `count` segments come; what is asked for then waits in the list that is given."""
    held: list[Route] = []
    seen = 0

    def hold(route: Route) -> None:
        nonlocal seen
        seen += 1
        if seen <= count:
            route.continue_()
        else:
            held.append(route)

    page.route("**/contents", hold)
    try:
        yield held
    finally:
        page.unroute("**/contents")


def look_everywhere(window: Watched, name: str) -> None:
    """The screen as it is, in both languages, wide and on a telephone; ends as it began."""
    wide = window.page.viewport_size
    for language in ("en", "fr"):
        window.page.locator("#language").click()
        expect(window.page.locator("html")).to_have_attribute("lang", language)
        window.check_accessible()
        window.check_narrow()
        window.look(f"{name}-{language}")
        window.page.set_viewport_size({"width": 390, "height": 844})
        window.look(f"{name}-{language}-390")
        window.page.set_viewport_size(wide or {"width": 1280, "height": 900})


def wait_for_kept(page: Page, length: int) -> None:
    for _ in range(600):
        if any(kept >= length for kept in files(page).get("sealed", [])):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{files(page)}, not {length} bytes")


def kept_at_rest(page: Page) -> int:
    """How much is kept, once nothing more is being written."""
    before = -1
    while (kept := files(page)["sealed"][0]) != before:
        before = kept
        page.wait_for_timeout(1_000)
    return kept


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (octet,) = file.read(1)
        file.seek(at)
        file.write(bytes([octet ^ 1]))


def limit_room(page: Page, quota: int | None) -> None:
    """Give the page's origin so much room; None for the browser's own limit."""
    origin = page.evaluate("location.origin")
    tools = page.context.new_cdp_session(page)
    tools.send(
        "Storage.overrideQuotaForOrigin",
        {"origin": origin} | ({} if quota is None else {"quotaSize": quota}),
    )


def begin_export(page: Page) -> None:
    page.locator("#go-account").click()
    page.locator("#export").click()
