"""Says what a file is, and what its reader will stumble over, before it is sealed.

The parsers of hostile files (libmagic, pypdf) run in a process of their own
(``examine_worker.py``), with little memory, little time and no secret. What they
say is advice for the sender: a file that breaks them is sent all the same, byte
for byte, with a warning.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNKNOWN_TYPE = "application/octet-stream"
# 17 hostile PDFs took at most 1.1 s each; a slow machine is ten times slower.
SECONDS_PER_FILE = 30


class Finding(Enum):
    """What a reader of the file will notice; ``send.finding_<value>`` in the texts."""

    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    XFA = "xfa"
    JAVASCRIPT = "javascript"
    BROKEN = "broken"
    NOT_EXAMINED = "not_examined"


@dataclass(frozen=True)
class Examined:
    """What is known of one file."""

    media_type: str
    findings: tuple[Finding, ...]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    media_type: str
    findings: list[Finding]


NOTHING_KNOWN = Examined(UNKNOWN_TYPE, (Finding.NOT_EXAMINED,))


def examine(paths: Sequence[Path]) -> list[Examined]:
    """Examine files, in their order. Never raises because of what is in them."""
    results: list[Examined] = []
    while len(results) < len(paths):
        results += _run_worker(paths[len(results) :])
        if len(results) < len(paths):
            # The worker died or hung on this one: go on behind it with a new worker.
            results.append(NOTHING_KNOWN)
    return results


def _run_worker(paths: Sequence[Path]) -> list[Examined]:
    # -P: modules come from where ours come from, never from the current folder.
    command = [sys.executable, "-P", "-m", "souspli_cli.examine_worker"]
    names = "\0".join(str(path.absolute()) for path in paths)
    output = b""
    try:
        # Names through stdin: the process list shows no file name.
        output = subprocess.run(  # noqa: S603  (our own interpreter and module)
            command,
            input=names.encode("utf-8", "surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_PER_FILE * len(paths),
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    results: list[Examined] = []
    with contextlib.suppress(msgspec.DecodeError, ValueError):
        for line in output.splitlines()[: len(paths)]:
            found = msgspec.json.decode(line, type=_Line)
            results.append(Examined(found.media_type, tuple(found.findings)))
    return results
