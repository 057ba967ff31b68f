"""Says whether a Chromium is there for the tests; ``--install`` gets it on Debian as root.

Exit status 3 with the one line to run where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from souspli_cli.browser import INSTALL_LINE, find_browser

PACKAGES = ["chromium", "fonts-dejavu-core"]


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
    if find_browser() is None:
        sys.stderr.write(
            f"The tests need a Chromium. Run: {INSTALL_LINE}\n"
            "(or set SOUSPLI_CHROMIUM to a Chromium or Chrome)\n"
        )
        sys.exit(3)
