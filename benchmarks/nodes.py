"""Nodes of the service as `souspli serve` starts them, and the relay that they mail to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Where all nodes say that the page is: none of them serves it here.
PAGE: Final = "http://127.0.0.1:8470/"
STOP_SECONDS: Final = 30


@dataclass(frozen=True)
class Node:
    """One running service."""

    pid: int
    port: int
    admission_code: str | None
    """Of a service that is new."""


@contextmanager
def running(folder: Path, *, settings: Mapping[str, str], mail_port: int) -> Generator[Node]:
    """Start a node on the data folder `folder`; `settings` are its environment variables.

    Raises RuntimeError, with what it said, if it does not start.
    """
    environment = {name: text for name, text in os.environ.items() if "SOUSPLI" not in name} | {
        "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
        "SOUSPLI_MAILBOX_MAIL_PORT": str(mail_port),
        "SOUSPLI_MAILBOX_MAIL_TLS": "none",
        **settings,
    }
    line = (sys.executable, "-m", "souspli_cli", "serve", "--json", "--data", str(folder))
    log = folder.with_suffix(".log")
    with log.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603  (our own program)
            [*line, "--listen", "127.0.0.1:0", "--page", PAGE],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said.strip():
                raise RuntimeError(f"a node does not start:\n{log.read_text()[-2_000:]}")
            ready = json.loads(said)
            port = int(ready["address"].rstrip("/").rpartition(":")[2])
            yield Node(process.pid, port, ready["admission_code"])
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def mail_sink() -> Generator[int]:
    """Start a relay that forgets what it is given; its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.mail_sink"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else "")
        finally:
            process.terminate()
