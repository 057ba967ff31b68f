"""Purging beside a running service, on an operator's word (docs/specs/pending.md §4).

The same steps as the service's own job, on the same rows: both may be at it at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from souspli_keys.address import Origin
from souspli_keys.operator import OperatorKey
from souspli_mailbox.certificates import Certifier
from souspli_mailbox.clock_watch import ClockWatch, Verdict, clocks_of, look_only
from souspli_mailbox.database import open_database
from souspli_mailbox.logs import configure_logging
from souspli_mailbox.purge_round import Purged
from souspli_mailbox.purging import RUN_SECONDS, Purger
from souspli_mailbox.records import purges
from souspli_mailbox.records.due_purges import DuePurges, UnderWay, due_purges, purges_under_way
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.settings import Settings
from souspli_mailbox.store import open_blobs, open_ledger
from souspli_mailbox.tombstones import TombstoneKey, Tombstones


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a purge would do now."""

    due: tuple[DuePurges, ...]
    under_way: UnderWay
    clock: Verdict
    """Whether what is due may be purged yet."""


def look_ahead(settings: Settings, *, clock: Callable[[], float]) -> Outlook:
    """Return what is due and what has not ended; change nothing. Raises StorageError."""
    with open_database(settings) as database:
        return Outlook(
            database.read_now(due_purges, now=int(clock())),
            database.read_now(purges_under_way),
            look_only(database, clocks_of(clock)),
        )


def purge_now(
    settings: Settings,
    *,
    clock: Callable[[], float],
    told: Callable[[int], None],
    clock_is_right: bool = False,
) -> Purged:
    """Purge all that is due, also what was put off; `told` hears how many have ended so far.

    `clock_is_right`: on the operator's word, who has compared it with another one; it is
    written down, and the service purges as well. `resisting`: how many have not ended
    after it, whoever was at it. Raises SettingsError, StorageError: what was done until
    then is done.
    """
    configure_logging(settings.log_level)
    with open_database(settings) as database:

        def secret(purpose: SecretPurpose) -> bytes:
            return database.write_now(service_secret, purpose=purpose)

        watch = ClockWatch(database, clocks_of(clock))
        purger = Purger(
            database=database,
            blobs=open_blobs(settings),
            tombstones=Tombstones(
                open_ledger(settings), TombstoneKey(secret(SecretPurpose.TOMBSTONES))
            ),
            certify=Certifier(
                key=OperatorKey(secret(SecretPurpose.AUDIT)),
                origin=Origin(settings.origin),
                backups_kept_days=settings.backups_kept_days,
            ).purge,
            clock=clock,
            watch=watch,
        )
        try:
            return asyncio.run(_run(purger, told, confirmed=watch if clock_is_right else None))
        finally:
            purger.close()


async def _run(
    purger: Purger, told: Callable[[int], None], *, confirmed: ClockWatch | None
) -> Purged:
    if confirmed is not None:
        await confirmed.confirm()
    await purger.database.write(purges.resume, now=int(purger.clock()))
    decided = ended = 0
    while True:
        done = await purger.run(seconds=RUN_SECONDS)
        decided, ended = decided + done.decided, ended + done.ended
        told(ended)
        if not done.more:
            break
    # Asked of the rows: another process may have ended what resisted here, or have put
    # off what was never tried here.
    left = await purger.database.read(purges_under_way)
    return dataclasses.replace(done, decided=decided, ended=ended, resisting=left.letters)
