"""Takes mails that come back, by SMTP or LMTP, and lets a delivery bounce (mails.md §7).

Whoever reaches it can send anything. So a mail is answered as taken whatever is in it,
once what it changes is durable: no answer tells which deliveries there are, and no other
machine has a reason to send a report about our answer. Nothing of it is kept but a word;
nothing is logged but how many changed something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.delivery_reports import MAX_REPORT_BYTES, read_report
from souspli_mailbox.listening import BACKLOG, bind
from souspli_mailbox.records.bounces import record_report
from souspli_mailbox.return_paths import Token, read_return_path
from souspli_mailbox.settings import BounceSettings
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# The operator's own relay, and few reports: one that wants more waits, or is a stranger.
MOST_CONNECTIONS: Final = 10

# A report has one recipient. A relay that gathers some still gets through.
MOST_RECIPIENTS: Final = 20

# For a command, and for a whole mail after DATA: a relay next door needs milliseconds.
STEP_SECONDS: Final = 30.0

# For a whole connection, however diligently it drips.
CONNECTION_SECONDS: Final = 300.0

# For a whole connection, whatever is in it: a few reports. aiosmtpd reads a mail that is too
# large to its end before it says so, and keeps a line that never ends.
MOST_BYTES: Final = 4 * MAX_REPORT_BYTES

# Taken at a time, before anybody else has a turn: aiosmtpd reads line by line, and of empty
# ones asyncio's usual 256 KiB hold so many that requests would wait for a second.
TURN_BYTES: Final = 8_192

# `MAIL FROM:<>`, as aiosmtpd gives it.
_NO_SENDER: Final = frozenset({"", "<>"})

_TAKEN: Final = "250 2.0.0 taken"
_LATER: Final = "451 4.3.0 try again later"
_BUSY: Final = b"421 4.3.2 too many connections\r\n"

_log: Final = structlog.get_logger()


class Intake:
    """What the listener does with a mail: aiosmtpd calls its methods by their names."""

    def __init__(
        self, *, database: Database, key: bytes, clock: Callable[[], float], is_lmtp: bool
    ) -> None:
        """`key`: the service's secret for return paths."""
        self._database = database
        self._key = key
        self._clock = clock
        self._is_lmtp = is_lmtp

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take any recipient, up to a number."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802  (the same)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Record what is a report; answer once that is durable."""
        try:
            answer = await self._take(envelope)
        except StorageError as error:
            answer = await self.handle_exception(error)
        # RFC 2033 §4.2: LMTP answers for each recipient.
        return "\r\n".join([answer] * (len(envelope.rcpt_tos) if self._is_lmtp else 1))

    async def handle_exception(self, error: Exception) -> str:
        """Have it come again, whatever it was: without this, the text would be the answer."""
        _log.warning("bounce-not-recorded", failure=type(error).__name__)
        return _LATER

    async def _take(self, envelope: Envelope) -> str:
        # A report has no sender, so that none is made about it (RFC 3464 §2). What has one
        # is a person's or a program's reply: nobody reads it here.
        tokens = [read_return_path(to) for to in envelope.rcpt_tos]
        found = [token for token in tokens if token is not None]
        if envelope.mail_from not in _NO_SENDER or not found:
            return _TAKEN
        content = envelope.content
        if not isinstance(content, bytes):
            return _TAKEN
        # In a thread: a mail that is made to be slow to read is slow for itself.
        reason = await asyncio.to_thread(read_report, content)
        if reason is not None:
            await self._record(found, reason)
        return _TAKEN

    async def _record(self, tokens: Sequence[Token], reason: BounceReason) -> None:
        changed = 0
        for token in tokens:
            changed += await self._database.write(
                record_report,
                token=token,
                key=self._key,
                reason=reason,
                now=int(self._clock()),
            )
        _log.info("bounce", changed=changed)


class _Connection:
    """Common to both protocols: bounded in number and in time."""

    def __init__(self, there: set[_Connection]) -> None:
        self._there = there
        self._transport: asyncio.Transport | None = None
        self._ends: asyncio.TimerHandle | None = None

    def begin(self, transport: asyncio.BaseTransport) -> bool:
        """Count the connection; say whether there is room for it."""
        if not isinstance(transport, asyncio.Transport):
            return False
        if len(self._there) >= MOST_CONNECTIONS:
            transport.write(_BUSY)
            transport.close()
            return False
        self._there.add(self)
        self._transport = transport
        self._ends = asyncio.get_running_loop().call_later(CONNECTION_SECONDS, transport.abort)
        return True

    def abort(self) -> None:
        """Hang up without a word."""
        if self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        """Forget it."""
        self._there.discard(self)
        if self._ends is not None:
            self._ends.cancel()


class _Smtp(SMTP):
    def __init__(self, handler: Intake, place: _Connection) -> None:
        super().__init__(
            handler,
            # Its greeting is nobody's business; the default asks a name server.
            hostname="souspli",
            ident="souspli",
            data_size_limit=MAX_REPORT_BYTES,
            enable_SMTPUTF8=True,
            timeout=STEP_SECONDS,
        )
        self._place = place
        self._began = False
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._began = self._place.begin(transport)
        if self._began:
            # How much asyncio's transports read at a time: nothing else tells them.
            vars(transport)["max_size"] = TURN_BYTES
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > MOST_BYTES:
            # No relay of the operator's: those heed the size that our greeting says, and
            # bring again what was cut off.
            self._place.abort()
        elif self._began:
            super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._place.end()
        if self._began:
            super().connection_lost(error)


class _Lmtp(LMTP, _Smtp):
    """The same under the other greeting."""


class BounceListener:
    """Listens until it is closed."""

    def __init__(
        self,
        settings: BounceSettings,
        *,
        database: Database,
        key: bytes,
        clock: Callable[[], float],
    ) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        is_lmtp = settings.protocol == "lmtp"
        self._intake = Intake(database=database, key=key, clock=clock, is_lmtp=is_lmtp)
        self._kind = _Lmtp if is_lmtp else _Smtp
        self._there: set[_Connection] = set()
        self._servers: list[asyncio.Server] = []
        # aiosmtpd writes addresses and whole lines into this log.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

    async def start(self) -> int:
        """Listen; return the port. OSError if the address is taken or forbidden."""
        loop = asyncio.get_running_loop()
        sockets = bind(self._settings.listen_host, self._settings.listen_port)
        self._servers = [
            await loop.create_server(self._connect, sock=one, backlog=BACKLOG) for one in sockets
        ]
        port: int = sockets[0].getsockname()[1]
        return port

    def _connect(self) -> asyncio.Protocol:
        return self._kind(self._intake, _Connection(self._there))

    async def close(self) -> None:
        """Hang up on everybody. What was not answered comes again: the relay keeps it."""
        for server in self._servers:
            server.close()
        for connection in tuple(self._there):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()
