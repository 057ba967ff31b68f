"""``souspli bridge run``: accepts and sends, in the foreground, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from souspli_cli import account as profiles
from souspli_cli import clock, signals
from souspli_cli.errors import Refused
from souspli_cli.supervisor import tell_ready
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.running import Bridge
    from souspli_cli.bridge.settings import Settings


# A tenth of Python's own: what answers a mail waits less for the threads that sort and
# send others. Measured at 10 connections: a tenth more mails a second.
SWITCH_SECONDS: Final = 0.0005


@verb("bridge_run", name="run")
@click.option("--listen", metavar="HOST:PORT")
@profile_options
def run(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, listen: str | None
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; print where."""
    from souspli_cli.bridge import settings as bridge  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.accepting.reading import mail_reader  # noqa: PLC0415
    from souspli_cli.bridge.errors import PartEndedError  # noqa: PLC0415  (not for --help)
    from souspli_cli.bridge.running import Bridge  # noqa: PLC0415  (aiosmtpd, SQLAlchemy: 0.5 s)
    from souspli_mailbox.logs import configure_logging  # noqa: PLC0415
    from souspli_storage.errors import StorageError, StorageFullError  # noqa: PLC0415

    account = profiles.open_account(terminal, folder, passphrase_file)
    place = bridge.Folder.of(account.profile)
    settings = bridge.read(place.settings, listen=listen)
    if not settings.notices.relay:
        terminal.note("bridge.no_relay")
    configure_logging()
    # A crash of the interpreter itself says where it was: names of functions, no values.
    faulthandler.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    running = Bridge(
        account, place, settings, reader=mail_reader(settings), clock=clock.handed_on()
    )
    try:
        asyncio.run(_run(terminal, running, settings))
    except StorageFullError:
        raise Refused("disk_full") from None
    except PartEndedError:
        raise Refused("bridge_part_ended") from None
    except StorageError:
        raise Refused("bridge_ledger") from None


async def _run(terminal: Terminal, running: Bridge, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    for number in signals.ENDING:
        loop.add_signal_handler(number, running.stop)

    def ready(port: int) -> None:
        where = f"{settings.listen.rpartition(':')[0]}:{port}"
        tell_ready()
        # Whoever started the bridge and does not listen to it any more does not end it.
        with contextlib.suppress(BrokenPipeError):
            terminal.show("bridge.ready", listen=where)
            terminal.give({"listen": where, "domain": settings.domain, "tls": settings.tls.value})

    try:
        await running.run(ready=ready)
    except BrokenPipeError as failure:
        # Of a process that reads mails, most likely. `souspli` takes it for a reader of its
        # results who has gone, and would end without a word.
        raise RuntimeError("a pipe of the bridge's own is broken") from failure
