"""Documents of many segments in a real browser: kept sealed, taken up again, refused, cleared."""

from __future__ import annotations

import re
from pathlib import Path

from e2e.large.support import (
    HUGE,
    LONG,
    MEBIBYTE,
    SCAN,
    SCAN_BYTES,
    SEGMENT,
    Account,
    digest,
    download,
    enter,
    files,
    flip,
    held_after,
    kept_at_rest,
    limit_room,
    look_everywhere,
    open_document,
    ordinary_window,
    starts,
    wait_for_files,
    wait_for_kept,
    wait_verified,
)
from e2e.screens.support import Practice, Watched, expect_problem, watch
from playwright.sync_api import Browser, Route, expect


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
