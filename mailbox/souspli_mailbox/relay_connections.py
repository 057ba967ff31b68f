"""Connections to the mail relay, kept for a moment after each mail, for the next one.

Connecting, TLS and login cost both sides more than a mail does. What has become of a
kept connection meanwhile only its next use tells; `relay_client` knows what to do then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

import aiosmtplib

from souspli_mailbox.errors import MailRefusedError

# Longer than a worker takes to notice a mail of another node's (jobs.POLL_SECONDS), so
# that a run of mails is one connection. Shorter than relays wait: Postfix 10 seconds
# while it is busy, others minutes.
KEPT_SECONDS: Final = 5.0

# Relays bound them too, Exim at 1,000, some providers at 100; and a certificate is looked
# at once for each connection.
MOST_MAILS: Final = 100

# The relay has its mails: nothing depends on how it says goodbye.
GOODBYE_SECONDS: Final = 5.0


@dataclass(slots=True, eq=False)
class Connection:
    """One that is greeted, secured and logged in."""

    client: aiosmtplib.SMTP
    mails: int = 0
    """That went over it."""
    timer: asyncio.TimerHandle | None = None
    """While nobody uses it: ends it."""


class RelayConnections:
    """As many as there are mails at once; those that nobody uses are left after a moment.

    All of it in the event loop's thread.
    """

    def __init__(
        self, make: Callable[[], aiosmtplib.SMTP], *, most_mails: int = MOST_MAILS
    ) -> None:
        """`make` returns a client that is not connected yet; it takes so many mails."""
        self._make = make
        self._most_mails = most_mails
        self._kept: list[Connection] = []
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def open(self) -> Connection:
        """Connect, secure, log in. Raises what aiosmtplib raises."""
        client = self._make()
        await client.connect()
        return Connection(client)

    def take(self) -> Connection | None:
        """Return the one that was used last, if the relay has not ended it; or None."""
        while self._kept:
            connection = self._kept.pop()
            if connection.timer is not None:
                connection.timer.cancel()
            if connection.client.is_connected:
                return connection
        return None

    @contextlib.contextmanager
    def guarded(self, connection: Connection) -> Generator[None]:
        """End the connection if what is done with it fails: nobody knows where it stands."""
        try:
            yield
        except (aiosmtplib.SMTPResponseException, MailRefusedError):
            # The relay still answers, only not as one would like.
            self.leave(connection)
            raise
        except BaseException:
            connection.client.close()
            raise

    def keep(self, connection: Connection) -> None:
        """Have it ready for another mail, after one that the relay took."""
        connection.mails += 1
        if connection.mails >= self._most_mails:
            self.leave(connection)
            return
        loop = asyncio.get_running_loop()
        connection.timer = loop.call_later(KEPT_SECONDS, self._expire, connection)
        self._kept.append(connection)

    def leave(self, connection: Connection) -> None:
        """Say goodbye; whoever calls does not wait for it."""
        goodbye = asyncio.get_running_loop().create_task(_say_goodbye(connection.client))
        # The loop alone would not keep the task from being collected.
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)

    async def close(self) -> None:
        """Leave all that nobody uses, and wait until that is done."""
        while (connection := self.take()) is not None:
            self.leave(connection)
        if self._goodbyes:
            await asyncio.wait(self._goodbyes)

    def _expire(self, connection: Connection) -> None:
        self._kept.remove(connection)
        self.leave(connection)


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    # It may have hung up, say nothing, or anything.
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=GOODBYE_SECONDS)
    client.close()
