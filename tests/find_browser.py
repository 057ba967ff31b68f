"""Finds a Chromium for the tests; ``--install`` gets it on Debian as root.

Looked for: ``SOUSPLI_CHROMIUM``, then ``chromium``, ``chromium-browser``,
``google-chrome``. Exit status 3 with the one line to run where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ["chromium", "fonts-dejavu-core"]
INSTALL_LINE = "apt-get install chromium   (or set SOUSPLI_CHROMIUM to a Chromium or Chrome)"


def find_browser() -> str | None:
    """The path of a Chromium on this machine, or None."""
    named = os.environ.get("SOUSPLI_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install_browser() -> None:
    """Install Debian's Chromium; does nothing where that is not possible."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    waiting = ["-o", "DPkg::Lock::Timeout=600"]
    subprocess.run(["apt-get", "update", "-qq", *waiting], check=False)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *waiting, *PACKAGES],
        check=False,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )


if __name__ == "__main__":
    if find_browser() is None and "--install" in sys.argv[1:]:
        install_browser()
    found = find_browser()
    if found is None:
        sys.stderr.write(f"The tests need a Chromium. Run: {INSTALL_LINE}\n")
        sys.exit(3)
