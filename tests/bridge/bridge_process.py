"""``python -m bridge.bridge_process PROFILE PROCESSES [PLACE]``: a bridge that kills itself.

The places are those of docs/specs/bridge.md §1; each is reached once.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from bridge import plain_reader
from bridge.world import SETTINGS, inviting
from distinct import table, together

from souspli_cli import account as profiles
from souspli_cli import keyfile, profile
from souspli_cli.bridge import ledger, spool
from souspli_cli.bridge.accepting import folder_sync, recording
from souspli_cli.bridge.letters import kept as kept_letters
from souspli_cli.bridge.running import Bridge
from souspli_cli.bridge.sending import earlier
from souspli_cli.bridge.settings import Folder
from souspli_mailbox.client import MailboxClient


def die() -> None:
    """End like a machine that lost power, as far as this process goes."""
    os.kill(os.getpid(), signal.SIGKILL)


def dies_before(owner: Any, name: str) -> None:
    """Have a function kill the process instead of doing anything."""

    def instead(*_: object, **__: object) -> None:
        die()

    setattr(owner, name, instead)


def dies_after(owner: Any, name: str) -> None:
    """Have a function kill the process once it has done its work."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def then(*arguments: object, **options: object) -> None:
        function(*arguments, **options)
        die()

    @functools.wraps(function)
    async def async_then(*arguments: object, **options: object) -> None:
        await function(*arguments, **options)
        die()

    setattr(owner, name, async_then if asyncio.iscoroutinefunction(function) else then)


async def dies_later(*_: object, **__: object) -> None:
    """Leave time for the answer to go out, then kill."""
    await asyncio.sleep(0.5)
    die()


# Reached by a mail that takes a report back (docs/specs/bridge.md §11).
OF_WITHDRAWALS: dict[str, Callable[[], None]] = table(
    ("withdrawal signed, not posted", lambda: dies_before(MailboxClient, "withdraw")),
    ("withdrawal posted, not noted", lambda: dies_after(MailboxClient, "withdraw")),
    ("withdrawn, not recorded", lambda: dies_after(earlier, "note_withdrawn")),
)


def dies_at_the_letter_s_name() -> None:
    """Kill between a letter's content and its name."""
    replace = Path.replace

    def instead(path: Path, target: Path) -> Path:
        if target.suffix == ".pdf":
            die()
        return replace(path, target)

    setattr(Path, "replace", instead)  # noqa: B010  (mypy: a method is assigned)


PLACES: dict[str, Callable[[], None]] = table(
    ("content written, not synced", lambda: dies_before(spool, "sync_file")),
    ("content synced, not renamed", lambda: dies_after(spool, "sync_file")),
    ("renamed, folder not synced", lambda: dies_after(spool.MailSpool, "finish")),
    ("durable, no 250", lambda: dies_after(folder_sync.FolderSync, "sync")),
    ("250, not recorded", lambda: setattr(recording.Recorder, "_record", dies_later)),
    ("recorded, not sorted", lambda: dies_before(ledger, "sort")),
    ("covers made", lambda: dies_before(MailboxClient, "open_deposit")),
    ("in the middle of the upload", lambda: dies_after(MailboxClient, "put_segment")),
    ("stored, not noted", lambda: dies_after(MailboxClient, "complete_deposit")),
    ("noted, not delivered", lambda: dies_before(ledger, "end")),
    ("delivered, files there", lambda: dies_before(spool.MailSpool, "remove")),
)


INVITING: dict[str, Callable[[], None]] = table(
    ("letter kept, not posted", lambda: dies_before(MailboxClient, "publish_invitation")),
    ("posted, not noted", lambda: dies_after(MailboxClient, "publish_invitation")),
    ("noted, letter not renamed", dies_at_the_letter_s_name),
    ("written, not forgotten", lambda: dies_before(kept_letters.KeptLetters, "forget")),
)
"""Of docs/specs/bridge.md §14."""

ALL = together(PLACES, OF_WITHDRAWALS, INVITING)


def main(folder: Path, processes: int, place: str | None) -> None:
    """Run until SIGTERM, or until the place is reached."""
    found = profile.find(folder)
    account = profiles.load(found, keyfile.decode(profile.read_device_key(found), None))
    limits = msgspec.structs.replace(SETTINGS.limits, processes=processes)
    letters = os.environ.get("TEST_LETTERS")
    policy = inviting(Path(letters)) if letters else SETTINGS.invitations
    settings = msgspec.structs.replace(SETTINGS, limits=limits, invitations=policy)
    running = Bridge(account, Folder.of(found), settings, reader=plain_reader.read, clock=time.time)

    def ready(port: int) -> None:
        # Only now: the start itself reads, sorts and removes as well.
        if place is not None:
            ALL[place]()
        sys.stdout.write(json.dumps({"port": port}) + "\n")
        sys.stdout.flush()

    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.stop)
        await running.run(ready=ready)

    asyncio.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
