"""A real Chromium opens 256 MiB, beside `age` doing the same: the page's own worker, no network.

`python -m benchmarks.browser` prints the rows. Needs Chromium and `age`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import Measured, run, side_by_side
from benchmarks.programs import Age, Programs
from souspli_cli.browser import CHROMIUM_ARGUMENTS, find_browser

ROOT = Path(__file__).resolve().parent.parent
SIZE = 256 * 1024 * 1024
TARGET = 0.6


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves the built page, and says nothing."""

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (the base's name)
        """Nothing."""


@contextmanager
def measured_page(folder: Path) -> Generator[Page]:
    """The page of `mailbox/web/bench`, in an ordinary window of a fresh profile."""
    built = folder / "page"
    subprocess.run(
        [sys.executable, "hatch_build.py", "npm", "exec", "--", "vite", "build",
         "--config", "bench/vite.config.ts", "--logLevel", "error"],
        cwd=ROOT, env=os.environ | {"SOUSPLI_BENCH_OUT": str(built)}, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietHandler, directory=str(built))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                str(folder / "profile"),
                executable_path=find_browser(),
                # A person looks at the page; nobody at this one, which is no reason to wait.
                args=[*CHROMIUM_ARGUMENTS, "--disable-renderer-backgrounding"],
            )
            page = context.pages[0]
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("'prepare' in globalThis")
            yield page
            context.close()
        server.shutdown()


def measure() -> list[Measured]:
    """Opening and saving, each beside each kind of recipient that this `age` has."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, opened = folder / "plain", folder / "opened"
        with plain.open("wb") as file:
            for _ in range(SIZE >> 20):
                file.write(os.urandom(1 << 20))
        found: list[Measured] = []
        with measured_page(folder) as page:
            page.evaluate(f"prepare({SIZE})")
            for age in Programs(folder).age:
                found += beside(age, page, plain=plain, opened=opened)
        return found


def beside(age: Age, page: Page, *, plain: Path, opened: Path) -> list[Measured]:
    """Both steps of the browser beside one `age`, which writes its file each time."""
    sealed = plain.with_name("sealed")
    run(*age.seal(plain, sealed))

    def age_opens() -> None:
        opened.unlink(missing_ok=True)
        run(*age.open(sealed, opened))

    rows = [
        side_by_side(
            "Chromium: open 256 MiB, everything verified, segments kept sealed",
            ours=lambda: page.evaluate("verify()"),
            yardstick=f"{age.says}: decrypt to a file",
            theirs=age_opens,
            bytes_each=SIZE,
            target=TARGET,
        ),
        side_by_side(
            "Chromium: a verified file of 256 MiB made ready to download",
            ours=lambda: page.evaluate("save()"),
            yardstick=f"{age.says}: decrypt to a file",
            theirs=age_opens,
            bytes_each=SIZE,
        ),
    ]
    sealed.unlink()
    return rows


if __name__ == "__main__":
    for measured in measure():
        sys.stdout.write(measured.row() + "\n")
