"""One account with large documents, and an ordinary window at its list."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from e2e.large.support import (
    HUGE,
    HUGE_BYTES,
    SCAN,
    SCAN_BYTES,
    Account,
    enter,
    files,
    objects,
    ordinary_window,
    wait_for_files,
)
from e2e.screens.support import Claimant, Practice, Watched, watch, watched_page
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
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
