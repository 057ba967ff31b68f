"""Documents of many segments in a real browser: kept sealed, taken up again, refused, cleared.

The profile is a folder, as a person's is: in a private window Chromium keeps files in memory.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from e2e.screens.support import (
    Claimant,
    Practice,
    Watched,
    expect_problem,
    sign_in,
    watch,
    watched_page,
)
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


@pytest.fixture(scope="module")
def account(
    practice: Practice, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Account:
    """A claimed account with a scan of 80 MiB beside a report, and a document of 257 MiB."""
    folder = tmp_path_factory.mktemp("large")
    invitee = practice.invite()
    with watched_page(chromium, practice.page) as watched:
        password = Claimant(watched, practice, invitee).claim()
        number = watched.page.locator("#account-number").inner_text()
    scan, huge = folder / "scanner.bin", folder / "examen.bin"
    scan.write_bytes(os.urandom(SCAN_BYTES))
    huge.touch()
    os.truncate(huge, HUGE_BYTES)
    report = practice.world.make_report()
    others = set(objects(practice))
    practice.send(invitee, huge, title=HUGE)
    before = set(objects(practice))
    huge_start = min(before - others, key=lambda path: path.name)
    practice.send(invitee, scan, report, title=SCAN)
    stored = sorted(set(objects(practice)) - before, key=lambda path: path.name)
    return Account(folder / "profile", number, password, scan, report, stored, huge_start)


def objects(practice: Practice) -> list[Path]:
    return [path for path in (practice.world.data / "documents").rglob("*") if path.is_file()]


@pytest.fixture
def window(chromium: Browser, practice: Practice, account: Account) -> Generator[Watched]:
    """An ordinary window at the list of documents; nothing is kept from the test before."""
    with ordinary_window(chromium, account.profile) as context:
        watched = watch(context, practice.page)
        enter(watched, practice, account)
        assert files(watched.page) == {"sealed": [], "copies": []} or files(watched.page) == {}
        yield watched
        if watched.page.locator("#sign-out").count():
            watched.page.locator("#sign-out").click()
            wait_for_files(watched.page, sealed=0)


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


def test_a_large_document_is_kept_sealed_and_downloaded_as_it_was(
    window: Watched, account: Account, tmp_path: Path
) -> None:
    """Progress in words and as a bar; no plaintext on the disk before somebody asks for it."""
    page = window.page
    with held_after(page, 5) as held:
        open_document(page, SCAN)
        bar = page.get_by_role("progressbar", name="Réception du document")
        expect(bar).to_have_attribute("value", re.compile("4[0-9]|50"), timeout=LONG)
        expect(page.locator("#busy")).to_contain_text("Réception du document")
        expect(page.locator("#amount")).to_contain_text("reçus sur")
        look_everywhere(window, "9-large-receiving")
        for route in held:
            route.continue_()
    wait_verified(page)
    found = files(page)
    assert [length > SCAN_BYTES for length in found["sealed"]] == [True]
    assert found.get("copies", []) == []
    saved = download(page, 0, tmp_path / "saved")
    assert digest(saved) == digest(account.scan)
    expect(page.locator("#saved-0")).to_contain_text("Votre navigateur enregistre scanner.bin.")
    assert files(page)["copies"] == [SCAN_BYTES]
    page.locator("#read-1").click()
    page.locator(".pdf-sheet[data-outcome^='drawn']").wait_for()
    assert download(page, 1, tmp_path / "report").read_bytes() == account.report.read_bytes()
    # A short file needs no copy on the disk.
    assert files(page)["copies"] == [SCAN_BYTES]
    look_everywhere(window, "9-large-open")
    window.settle()


def test_after_a_crash_what_had_come_is_taken_up_and_no_plaintext_is_left(
    chromium: Browser, practice: Practice, account: Account, tmp_path: Path
) -> None:
    """A download's copy is there, another document half here; the window is gone without a word."""
    with ordinary_window(chromium, account.profile) as context:
        watched = watch(context, practice.page)
        enter(watched, practice, account)
        with held_after(watched.page, 4) as held:
            open_document(watched.page, SCAN)
            wait_for_kept(watched.page, 3 * SEGMENT)
            watched.page.reload()
            held.clear()
        enter(watched, practice, account)
        watched.requests.clear()
        open_document(watched.page, SCAN)
        wait_verified(watched.page)
        first = starts(watched)[0]
        assert 3 * SEGMENT < first < 6 * SEGMENT
        assert digest(download(watched.page, 0, tmp_path / "saved")) == digest(account.scan)
        assert files(watched.page)["copies"] == [SCAN_BYTES]
    with ordinary_window(chromium, account.profile) as context:
        watched = watch(context, practice.page)
        watched.page.goto(practice.page)
        wait_for_files(watched.page, copies=0)
        assert len(files(watched.page)["sealed"]) == 1
        enter(watched, practice, account)
        watched.requests.clear()
        open_document(watched.page, SCAN)
        wait_verified(watched.page)
        assert starts(watched) == []
        watched.page.locator("#sign-out").click()
        wait_for_files(watched.page, sealed=0, copies=0)
        watched.settle()


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


def test_a_tampered_segment_is_refused_and_everything_is_deleted(
    window: Watched, account: Account
) -> None:
    """A bit in the seventh segment: words, no file, nothing kept, no receipt."""
    page = window.page
    seventh, at = account.stored[6], 12_345
    flip(seventh, at)
    try:
        open_document(page, SCAN)
        expect(page.locator("#problem")).to_contain_text(
            "Ce document a été modifié ou abîmé.", timeout=LONG
        )
    finally:
        flip(seventh, at)
    assert page.locator("[id^='download-']").count() == 0
    assert not [r for r in window.requests if r.url.endswith("/receipt")]
    wait_for_files(page, sealed=0, copies=0)
    look_everywhere(window, "9-large-tampered")
    window.settle()


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (octet,) = file.read(1)
        file.seek(at)
        file.write(bytes([octet ^ 1]))


def test_cancelling_stops_at_once_and_keeps_nothing(window: Watched) -> None:
    """Back at the list, no more requests, no files."""
    page = window.page
    with held_after(page, 3):
        open_document(page, SCAN)
        wait_for_kept(page, 2 * SEGMENT)
        page.locator("#cancel").click()
        page.locator("#documents").wait_for()
        wait_for_files(page, sealed=0, copies=0)
        count = len(starts(window))
        page.wait_for_timeout(500)
        assert len(starts(window)) == count
    window.settle()


def test_leaving_keeps_what_has_come_and_a_broken_line_is_taken_up(window: Watched) -> None:
    """Back to the list and in again: from the segments that are here. Then the line breaks."""
    page = window.page
    with held_after(page, 3):
        open_document(page, SCAN)
        wait_for_kept(page, 2 * SEGMENT)
        page.locator("#back").click()
        page.locator("#documents").wait_for()
    kept = kept_at_rest(page)
    window.requests.clear()
    broken: list[Route] = []

    def break_once(route: Route) -> None:
        if len(broken) == 0 and len(starts(window)) == 3:
            broken.append(route)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/contents", break_once)
    open_document(page, SCAN)
    wait_verified(page)
    assert broken
    assert starts(window)[0] == kept
    window.settle(r"ERR_CONNECTION_RESET")


def test_without_room_a_document_is_opened_in_memory_as_far_as_that_goes(
    window: Watched, account: Account, tmp_path: Path
) -> None:
    """80 MiB are, 257 are not: told what to do before anything is fetched."""
    page = window.page
    limit_room(page, 20 * MEBIBYTE)
    open_document(page, SCAN)
    wait_verified(page)
    assert files(page).get("sealed", []) == []
    assert digest(download(page, 0, tmp_path / "saved")) == digest(account.scan)
    page.locator("#back").click()
    window.requests.clear()
    open_document(page, HUGE)
    expect_problem(page, "Il n’y a pas assez de place sur cet appareil")
    assert starts(window) == []
    look_everywhere(window, "9-large-no-room")
    window.settle()


def test_room_that_runs_out_on_the_way_is_told(window: Watched) -> None:
    """Something else filled the disk: words and the button to try again, when there is room."""
    page = window.page
    with held_after(page, 3) as held:
        open_document(page, SCAN)
        wait_for_kept(page, 2 * SEGMENT)
        limit_room(page, 10 * MEBIBYTE)
        page.wait_for_timeout(500)
        for route in held:
            route.continue_()
    expect(page.locator("#problem")).to_contain_text("pas assez de place", timeout=LONG)
    limit_room(page, None)
    page.locator("#retry").click()
    wait_verified(page)
    window.settle()


def test_a_file_that_can_not_be_read_any_more_is_told(window: Watched) -> None:
    """The worker breaks down while nobody waits: words and a button, no "preparing" for ever."""
    page = window.page
    open_document(page, SCAN)
    wait_verified(page)
    (worker,) = [worker for worker in page.workers if "contents.worker" in worker.url]
    worker.evaluate("() => { setTimeout(() => { throw new Error('out of memory') }) }")
    page.locator("#read-1").click()
    expect_problem(page, "Cette page a rencontré une erreur imprévue.")
    page.locator("#retry").click()
    expect_problem(page, "Cette page a rencontré une erreur imprévue.")
    page.locator("#back").click()
    open_document(page, SCAN)
    wait_verified(page)
    page.locator("#read-1").click()
    page.locator(".pdf-sheet[data-outcome^='drawn']").wait_for()
    window.settle(r"out of memory")


def limit_room(page: Page, quota: int | None) -> None:
    """Give the page's origin so much room; None for the browser's own limit."""
    origin = page.evaluate("location.origin")
    tools = page.context.new_cdp_session(page)
    tools.send(
        "Storage.overrideQuotaForOrigin",
        {"origin": origin} | ({} if quota is None else {"quotaSize": quota}),
    )


def test_a_window_without_files_says_which_window_to_use(window: Watched) -> None:
    """As in a private window of Firefox: asking for the folder is refused."""
    page = window.page

    def without_files(route: Route) -> None:
        answer = route.fetch()
        broken = (
            "navigator.storage.getDirectory = async () =>"
            " { throw new DOMException('', 'SecurityError') };"
        )
        route.fulfill(response=answer, body=broken + answer.text())

    page.context.route("**/contents.worker-*.js", without_files)
    open_document(page, HUGE)
    expect_problem(page, "dans une fenêtre ordinaire (non privée)")
    look_everywhere(window, "9-large-no-files")
    window.settle()


def test_the_same_document_in_two_windows_is_told(
    window: Watched, practice: Practice, account: Account
) -> None:
    """One at a time writes; the other one says where it is being opened."""
    with held_after(window.page, 2):
        open_document(window.page, SCAN)
        wait_for_kept(window.page, SEGMENT)
        other = watch(window.page.context, practice.page)
        enter(other, practice, account)
        open_document(other.page, SCAN)
        expect_problem(other.page, "dans une autre fenêtre ou un autre onglet")
        other.check_accessible()
        other.settle()
        other.page.close()
        window.page.locator("#cancel").click()


def test_an_export_that_is_stopped_or_reloaded_leaves_nothing_plain(
    window: Watched, practice: Practice, account: Account
) -> None:
    """With the first document in the archive and the second one on its way."""
    page = window.page
    with held_after(page, 12):
        begin_export(page)
        expect(page.locator("#export-amount")).to_contain_text("Document 2 sur 2", timeout=LONG)
        expect(page.locator("#export-state")).to_contain_text("Préparation de l’archive")
        assert any(length > SCAN_BYTES for length in files(page)["copies"])
        window.check_accessible()
        page.locator("#export-stop").click()
        expect(page.locator("#export")).to_be_focused()
        expect(page.locator("#export-state")).to_contain_text("Rien n’en est resté")
        wait_for_files(page, sealed=0, copies=0)
        page.unroute("**/contents")
    with held_after(page, 12):
        page.locator("#export").click()
        expect(page.locator("#export-amount")).to_contain_text("Document 2 sur 2", timeout=LONG)
        page.reload()
    wait_for_files(page, copies=0)
    enter(window, practice, account)
    window.settle()


def test_an_export_of_large_documents_has_all_but_the_one_that_is_damaged(
    window: Watched, account: Account, tmp_path: Path
) -> None:
    """Through private files, with the disk full once; nothing is left but what is handed over."""
    page = window.page
    limit_room(page, 200 * MEBIBYTE)
    begin_export(page)
    # What Chromium says of an origin that has no files yet is not what it then gives.
    no_room = re.compile("l’archive demande environ|s’est rempli avant la fin")
    expect(page.locator("#problem")).to_contain_text(no_room, timeout=LONG)
    limit_room(page, None)
    with held_after(page, 3) as held:
        page.locator("#retry").click()
        wait_for_kept(page, 2 * SEGMENT)
        limit_room(page, 10 * MEBIBYTE)
        # Asked for later, it would be held for ever.
        while not held:
            page.wait_for_timeout(50)
        for route in held:
            route.continue_()
    expect(page.locator("#problem")).to_contain_text("s’est rempli avant la fin", timeout=LONG)
    wait_for_files(page, copies=0)
    limit_room(page, None)

    flip(account.huge_start, 5_000)
    try:
        with page.expect_download(timeout=LONG) as coming:
            page.locator("#retry").click()
        coming.value.save_as(tmp_path / "souspli.tar")
    finally:
        flip(account.huge_start, 5_000)
    expect(page.locator("#export-missing")).to_contain_text(f"{HUGE} : Ce document a été modifié")
    assert files(page)["sealed"] == []
    assert [length > SCAN_BYTES for length in files(page)["copies"]] == [True]
    subprocess.run(["tar", "-xf", "souspli.tar"], cwd=tmp_path, check=True)
    (saved,) = tmp_path.glob(f"*- {SCAN}/scanner.bin")
    assert digest(saved) == digest(account.scan)
    assert (saved.parent / account.report.name).read_bytes() == account.report.read_bytes()
    window.settle()


def begin_export(page: Page) -> None:
    page.locator("#go-account").click()
    page.locator("#export").click()
