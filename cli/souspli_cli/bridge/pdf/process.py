"""The process that looks into PDFs: lengths and contents on stdin, lines of JSON on stdout.

Run as ``python -m souspli_cli.bridge.pdf.process``. It may die of any PDF, or be killed
over one; `pdf_examiners` draws the conclusion. It imports nothing of ours that knows a key,
opens no file, and ends with its stdin.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import warnings
from typing import Final

from souspli_cli.bridge.pdf import content as pdf_content

MEMORY_BYTES: Final = 512 * 1024**2
CPU_SECONDS: Final = 10  # for each PDF; 17 hostile ones took 1.1 s at most
LENGTH_BYTES: Final = 8
# Behind everything that answers a mail or sends a document.
NICENESS: Final = 10


def main() -> None:
    """Examine what comes until nothing does."""
    # Heard by the parent, which ends documents under way first: one of which nobody knows
    # what is in it would be sent.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("ignore")
    logging.disable()
    while header := sys.stdin.buffer.read(LENGTH_BYTES):
        content = sys.stdin.buffer.read(int.from_bytes(header, "big"))
        _allow_seconds(CPU_SECONDS)
        # A MemoryError ends the process: what is left of it is in no known state.
        found = pdf_content.look_at(content)
        del content
        line = {"findings": sorted(found.findings), "pages": found.pages}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _allow_seconds(seconds: int) -> None:
    """Have the kernel kill this process after so many seconds of work from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
