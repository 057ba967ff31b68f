"""The service as a process of its own, or several, with the machine's clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from souspli_mailbox import entry
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.settings import DatabaseSettings, Settings, load

from .people import Practice
from .service import ORIGIN, Clock, free_port

PROGRAM = """
import resource, sys
from pathlib import Path
from souspli_mailbox import entry
from souspli_mailbox.settings import load
settings, most_bytes = load(Path(sys.argv[1]), {}), int(sys.argv[2])
if most_bytes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
entry.serve(settings, ready=lambda address: print(address, flush=True))
"""


class RealClock(Clock):
    """The process has the machine's clock, and so have its clients here."""

    def __init__(self) -> None:
        self.now = int(time.time())


@dataclass
class Process:
    """What `people` needs of a service."""

    settings: Settings
    clock: Clock
    clients: contextlib.AsyncExitStack
    running: asyncio.subprocess.Process

    async def client(self) -> MailboxClient:
        return await self.clients.enter_async_context(
            MailboxClient(self.settings.page, origin=ORIGIN)
        )

    def admission_code(self) -> str:
        return entry.admission_code(self.settings, now=int(time.time()))

    async def practice(self) -> Practice:
        return await Practice.found(self)  # type: ignore[arg-type]  # as much of one as it takes


def database_toml(database: DatabaseSettings) -> str:
    """Return the settings of a database, as TOML: a table, so the last of a text."""
    said = {"url": database.url, "password_file": database.password_file}
    lines = [f"{name} = {json.dumps(str(value))}" for name, value in said.items() if value]
    return "\n".join(["[database]", *lines, ""])


@contextlib.asynccontextmanager
async def started(
    folder: Path, *, most_bytes: int = 0, text: str = "", scheme: str = "http"
) -> AsyncIterator[Process]:
    """Run the service on `folder`; `text` are settings beside the usual ones, as TOML."""
    port = free_port()
    config = folder.parent / "souspli.toml"
    usual = f"""
data = {json.dumps(str(folder))}
page = "{scheme}://127.0.0.1:{port}/"
listen_port = {port}
serve_page = false
"""
    config.write_text(usual + text, encoding="utf-8")
    with (folder.parent / "log").open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, str(config), str(most_bytes)),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    settings = load(config, {})
    async with contextlib.AsyncExitStack() as clients:
        try:
            assert running.stdout is not None
            assert (await running.stdout.readline()).decode().strip() == settings.page
            yield Process(settings, RealClock(), clients, running)
        finally:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
            await running.communicate()
