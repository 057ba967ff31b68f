"""One service and one Chromium for all tests of the page; a fresh page for each."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from e2e.forked_world import ForkedWorld
from e2e.screens.support import PATIENCE, Practice, Watched, watched_page
from playwright.sync_api import Browser, expect, sync_playwright

from souspli_cli.browser import CHROMIUM_ARGUMENTS, INSTALL_LINE, find_browser


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    """A real Chromium; without one these tests fail, they are never skipped."""
    path = find_browser()
    if path is None:
        pytest.fail(f"no Chromium here: {INSTALL_LINE}")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Generator[Practice]:
    """The demo's practice at a service of its own."""
    folder = tmp_path_factory.mktemp("practice")
    with ForkedWorld(folder / "world", language="fr") as world:
        yield Practice(world=world, page=world.start().page, folder=folder)


@pytest.fixture
def watched(chromium: Browser, practice: Practice) -> Generator[Watched]:
    """A fresh page, in French."""
    with watched_page(chromium, practice.page) as watched:
        yield watched


@pytest.fixture
def report(practice: Practice) -> Path:
    """The lab report that the project makes itself."""
    return practice.world.make_report()
