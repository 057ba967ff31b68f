"""Exports with documents of many segments, in a real browser."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from e2e.large.support import (
    HUGE,
    LONG,
    MEBIBYTE,
    SCAN,
    SCAN_BYTES,
    SEGMENT,
    Account,
    begin_export,
    digest,
    enter,
    files,
    flip,
    held_after,
    limit_room,
    wait_for_files,
    wait_for_kept,
)
from e2e.screens.support import Practice, Watched
from playwright.sync_api import expect


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
