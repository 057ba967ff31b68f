"""Finds a Chromium on this machine, and opens pages for people."""

from __future__ import annotations

import os
import shutil
import sys
import webbrowser
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_LINE: Final = "apt-get install chromium"

# No sandbox of its own in containers run as root; no requests of its own anywhere.
CHROMIUM_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """The path of a Chromium: `SOUSPLI_CHROMIUM`, or one of the usual names; or None."""
    named = os.environ.get("SOUSPLI_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def open_page(address: str) -> bool:
    """Show `address` in the person's browser; False where there is no screen."""
    has_screen = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return has_screen and webbrowser.open(address)
