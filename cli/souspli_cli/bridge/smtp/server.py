"""Listens for SMTP, and wires connections to what takes their mails."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import time
from typing import TYPE_CHECKING, Final

import structlog

from souspli_cli.bridge.errors import ProgramRefusedError
from souspli_cli.bridge.routing import Allow, is_known
from souspli_cli.bridge.settings import Tls
from souspli_cli.bridge.smtp import answers
from souspli_cli.bridge.smtp.memory import Memory
from souspli_cli.bridge.smtp.session import BridgeSession, Connections
from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_storage.errors import StorageFullError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from souspli_cli.bridge.accepting.acceptance import Acceptance
    from souspli_cli.bridge.accepting.submission import Submission
    from souspli_cli.bridge.metrics import BridgeMetrics
    from souspli_cli.bridge.routing import Book, Domain
    from souspli_cli.bridge.settings import Settings
    from souspli_cli.bridge.smtp.accounts import Account
    from souspli_cli.bridge.smtp.signing_in import SigningIn

# For mails that are still coming when the bridge is told to end.
LAST_WORDS_SECONDS: Final = 2.0

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FOR_GOOD: Final[dict[type[Exception], str]] = {
    UnreadableError: answers.UNREADABLE,
    BeyondLimitsError: answers.TOO_LARGE,
    ProgramRefusedError: answers.PROGRAM,
}

_log: Final = structlog.get_logger()


class FrontDesk:
    """A `session.Desk`: accounts, address book and acceptance behind one counter."""

    def __init__(
        self,
        signing_in: SigningIn,
        acceptance: Acceptance,
        *,
        book: Book,
        domain: Domain,
        executor: Executor,
        metrics: BridgeMetrics,
        allow: Allow = Allow.NEVER,
    ) -> None:
        self._metrics = metrics
        self._signing_in = signing_in
        self._acceptance = acceptance
        self._book = book
        self._domain = domain
        self._executor = executor
        self._allow = allow

    async def sign_in(self, peer: str, name: str, password: bytes) -> Account | None:
        """Give the account, or None; raises TooManyTriesError."""
        account = await self._signing_in.sign_in(peer, name, password)
        self._metrics.signed_in(succeeded=account is not None)
        if account is None:
            _log.warning("bridge-sign-in-refused")
        return account

    async def is_known(self, recipient: str) -> bool:
        """Say whether mails to this address are taken."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor,
            lambda: is_known(recipient, book=self._book, domain=self._domain, allow=self._allow),
        )

    async def take(self, submission: Submission) -> str:
        """Give the answer to a mail."""
        began = time.monotonic()
        answer = await self._take(submission)
        self._metrics.answered("data", answer, seconds=time.monotonic() - began)
        return answer

    def answered(self, command: str, answer: str) -> None:
        """Count an answer that a connection gave by itself."""
        self._metrics.answered(command, answer)

    async def _take(self, submission: Submission) -> str:
        try:
            queue_id = await self._acceptance.accept(submission)
        except tuple(_FOR_GOOD) as refused:
            return _FOR_GOOD.get(type(refused), answers.LATER)
        except StorageFullError:
            return answers.NO_ROOM
        except OSError as failure:
            _log.warning("bridge-mail-not-kept", failure=type(failure).__name__)
            return answers.NO_ROOM if failure.errno in _FULL else answers.LATER
        except Exception as failure:  # noqa: BLE001  (for good is what nobody may say of a bug)
            # The class only: its text may hold a mail's.
            _log.error("bridge-mail-not-kept", failure=type(failure).__name__)
            return answers.LATER
        return answers.queued(queue_id)


class Listener:
    """Listens until it is closed."""

    def __init__(self, settings: Settings, desk: FrontDesk) -> None:
        """Nothing is opened yet. Raises Refused for a certificate that can't be used."""
        self._settings = settings
        self._desk = desk
        self._tls = settings.tls_context()
        self._memory = Memory(most_bytes=settings.limits.memory_bytes)
        self._there = Connections(most=settings.limits.connections)
        self._server: asyncio.Server | None = None
        # aiosmtpd writes addresses and whole lines into this log.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

    async def start(self) -> int:
        """Listen; return the port. OSError if the address is taken or forbidden."""
        host, port = self._settings.where
        implicit = self._tls if self._settings.tls is Tls.IMPLICIT else None
        self._server = await asyncio.get_running_loop().create_server(
            self._connect, host, port, ssl=implicit
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def _connect(self) -> asyncio.Protocol:
        is_starttls = self._settings.tls is Tls.STARTTLS
        return BridgeSession(
            self._desk,
            memory=self._memory,
            most_bytes=self._settings.limits.mail_bytes,
            hostname=self._settings.domain,
            tls=self._tls if is_starttls else None,
            is_private=not is_starttls,
            there=self._there,
        )

    def stop_listening(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Hang up on everybody. What was not answered comes again."""
        if self._server is None:
            return
        self._server.close()
        # The answer to a mail that is durable goes out first.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while any(one.is_taking for one in self._there):  # noqa: ASYNC110  (two seconds, once)
                    await asyncio.sleep(0.01)
        for session in self._there:
            session.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                await self._server.wait_closed()
