"""One SMTP connection, on top of aiosmtpd: what the bridge does otherwise.

docs/specs/bridge.md §3. DATA is read in whole pieces; AUTH does not block the loop; every
answer is a constant. What a mail becomes is `Acceptance`'s to say, whether a recipient is
known `Desk`'s.
"""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, AnyStr, Final, Protocol

import structlog
from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, Session

from souspli_cli.bridge.accepting.submission import Submission
from souspli_cli.bridge.errors import (
    LineTooLongError,
    NoRoomError,
    SmuggledError,
    TooManyTriesError,
)
from souspli_cli.bridge.smtp import answers
from souspli_cli.bridge.smtp.data_reader import MOST_LINE_BYTES, DataReader
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from souspli_cli.bridge.smtp.memory import Memory, Share
    from souspli_cli.bridge.smtp.signing_in import SignedInAccount

# Who has not signed in is a stranger: nobody's connection is kept for long.
SIGN_IN_SECONDS: Final = 60.0
# RFC 5321 §4.5.3.2: 5 minutes for a command, and between pieces of DATA.
STEP_SECONDS: Final = 300.0
# As many as a deposit has covers, and as RFC 5321 §4.5.3.1.8 asks.
MOST_RECIPIENTS: Final = 100
# All that has come, whatever it is: the transport stops at twice the line limit.
_ALL: Final = 1 << 30

# As aiosmtpd hands on `MAIL FROM:<>`.
NOBODY: Final = "<>"

# Addresses as almost all are; the others, and all that is none, are aiosmtpd's to read.
# It makes some two hundred objects for each, and took a third of what a connection does.
_PLAIN_PATH: Final = re.compile(
    r"<([a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[a-z0-9-]+(?:\.[a-z0-9-]+)*)>((?: .*)?)",
    re.ASCII | re.IGNORECASE,
)

_SIZE: Final = re.compile(r"\bSIZE=([0-9]{1,20})\b", re.IGNORECASE)

# aiosmtpd's words to whoever forgets TLS: no enhanced code, and English alone.
_ITS_TLS_FIRST: Final = "530 Must issue a STARTTLS command first"

_log: Final = structlog.get_logger()


class Desk(Protocol):
    """Whom a connection asks."""

    async def sign_in(self, peer: str, name: str, password: bytes) -> SignedInAccount | None:
        """Give the account, or None if name or password is wrong.

        Raises TooManyTriesError while this address or account has to wait.
        """
        ...

    async def is_known(self, recipient: str) -> bool:
        """Say whether mails to this canonical address are taken."""
        ...

    async def take(self, submission: Submission) -> str:
        """Give the answer to a mail; raises nothing."""
        ...

    def answered(self, command: str, answer: str) -> None:
        """Hear of an answer for which nobody was asked."""
        ...


class Connections:
    """Those that are open, up to a number."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._open: set[BridgeSession] = set()

    def enter(self, session: BridgeSession) -> bool:
        """Count a connection; False if there is no room for it."""
        if len(self._open) >= self._most:
            return False
        self._open.add(session)
        return True

    def leave(self, session: BridgeSession) -> None:
        """Forget it."""
        self._open.discard(session)

    def __iter__(self) -> Iterator[BridgeSession]:
        return iter(tuple(self._open))


class BridgeSession(SMTP):
    """A connection. Signed in once, it hands in any number of mails."""

    # Also how much aiosmtpd's reader holds before the transport stops reading.
    line_length_limit = MOST_LINE_BYTES

    def __init__(
        self,
        desk: Desk,
        *,
        memory: Memory,
        most_bytes: int,
        hostname: str,
        tls: ssl.SSLContext | None,
        is_private: bool,
        there: Connections,
    ) -> None:
        """`tls`: for STARTTLS. `is_private`: TLS already, or asked to do without."""
        super().__init__(
            _Hooks(self),
            hostname=hostname,
            ident="Souspli",
            data_size_limit=most_bytes,
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=not is_private,
            auth_require_tls=not is_private,
            timeout=SIGN_IN_SECONDS,
        )
        self._desk = desk
        self._memory = memory
        self._most_bytes = most_bytes
        self._there = there
        self._is_there = False
        self._account: SignedInAccount | None = None
        self.is_taking = False
        """Whether a mail is on its way: it will be answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Here, and not where connections are told to us: of one whose TLS handshake fails
        # nobody would ever say that it ended. After STARTTLS it is made once more.
        self._is_there = self._is_there or self._there.enter(self)
        if self._is_there:
            super().connection_made(transport)
        elif isinstance(transport, asyncio.Transport):
            transport.write(answers.BUSY.encode() + b"\r\n")
            transport.close()

    def eof_received(self) -> bool | None:
        return super().eof_received() if self._is_there else False

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_there:
            self._there.leave(self)
            super().connection_lost(error)

    def abort(self) -> None:
        """Hang up without a word."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def handle_exception(self, error: Exception) -> str:
        """Say that it may work later, whatever it was: aiosmtpd would say it was for good."""
        _log.warning("bridge-session-failed", failure=type(error).__name__)
        return answers.LATER

    async def push(self, status: AnyStr) -> None:
        if status == _ITS_TLS_FIRST:
            await super().push(answers.TLS_FIRST)
        else:
            await super().push(status)

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Have nothing but AUTH done before AUTH."""
        del caller_method
        if self._account is None:
            await self.push(answers.SIGN_IN_FIRST)
            return True
        return False

    # --- AUTH ---------------------------------------------------------------------

    async def auth_PLAIN(self, _: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  (aiosmtpd's name)
        """RFC 4616: authorisation, name and password between zero bytes."""
        blob = await self.challenge_auth("") if len(args) == 1 else _decoded(args[1])
        if not isinstance(blob, bytes):
            return await self._not_understood(handled=blob is MISSING)
        parts = blob.split(b"\0")
        if len(parts) != 3:
            return await self._not_understood(handled=False)
        return await self._sign_in(parts[1], parts[2])

    async def auth_LOGIN(self, _: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  (the same)
        """Name, then password."""
        name = await self.challenge_auth("Username:") if len(args) == 1 else _decoded(args[1])
        if not isinstance(name, bytes):
            return await self._not_understood(handled=name is MISSING)
        password = await self.challenge_auth("Password:")
        if not isinstance(password, bytes):
            return AuthResult(success=False, handled=True)
        return await self._sign_in(name, password)

    async def _sign_in(self, name: bytes, password: bytes) -> AuthResult:
        peer = self.session.peer if self.session is not None else None
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        try:
            account = await self._desk.sign_in(address, name.decode("utf-8", "replace"), password)
        except TooManyTriesError:
            return AuthResult(success=False, handled=False, message=answers.TOO_MANY_TRIES)
        if account is None:
            return AuthResult(success=False, handled=False, message=answers.SIGN_IN_WRONG)
        self._account = account
        self._timeout_duration = STEP_SECONDS
        return AuthResult(success=True, message=answers.SIGNED_IN)

    async def _not_understood(self, *, handled: bool) -> AuthResult:
        if not handled:
            await self.push(answers.AUTH_NOT_UNDERSTOOD)
        return AuthResult(success=False, handled=True)

    # --- envelope -----------------------------------------------------------------

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  (aiosmtpd's name)
        """Refuse by SIZE, with the code that says so, before anything is sent."""
        said = _SIZE.search(arg or "")
        if self._account is not None and said and int(said[1]) > self._most_bytes:
            self._desk.answered("mail", answers.TOO_LARGE)
            await self.push(answers.TOO_LARGE)
            return
        await super().smtp_MAIL(arg)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        plain = _PLAIN_PATH.fullmatch(arg)
        return super()._getaddr(arg) if plain is None else (plain[1], plain[2].lstrip())

    async def take_sender(self, envelope: Envelope, address: str, options: list[str]) -> str:
        """Answer MAIL FROM."""
        answer = self._take_sender(envelope, address, options)
        self._desk.answered("mail", answer)
        return answer

    def _take_sender(self, envelope: Envelope, address: str, options: list[str]) -> str:
        account = self._account
        if account is None or not account.may_send_from(address):
            return answers.SENDER_REFUSED
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return answers.SENDER_OK

    async def take_recipient(self, envelope: Envelope, address: str) -> str:
        """Answer RCPT TO."""
        answer = await self._take_recipient(envelope, address)
        self._desk.answered("rcpt", answer)
        return answer

    async def _take_recipient(self, envelope: Envelope, address: str) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return answers.TOO_MANY_RECIPIENTS
        try:
            canonical = normalise_address(address)
        except AddressError:
            return answers.RECIPIENT_UNKNOWN
        if not await self._desk.is_known(canonical):
            return answers.RECIPIENT_UNKNOWN
        if canonical not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(canonical)
        return answers.RECIPIENT_OK

    # --- DATA ---------------------------------------------------------------------

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  (aiosmtpd's name)
        """Read a mail in whole pieces, have it taken, say so."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope, account = self.envelope, self._account
        if envelope is None or account is None or not envelope.rcpt_tos:
            await self.push(answers.RECIPIENT_FIRST)
            return
        if arg:
            await self.push(answers.DATA_SYNTAX)
            return
        share = self._memory.share()
        self.is_taking = True
        try:
            await self._take(envelope, account, share)
        finally:
            self.is_taking = False
            share.give_back()

    async def _take(self, envelope: Envelope, account: SignedInAccount, share: Share) -> None:
        try:
            await self.push(answers.GO_ON)
            content = await self._read_data(share)
            if isinstance(content, str):
                answer = content
                self._desk.answered("data", answer)
            else:
                answer = await self._desk.take(
                    Submission(
                        account=account.name,
                        mail_from=_canonical(envelope.mail_from),
                        recipients=tuple(envelope.rcpt_tos),
                        content=content,
                        is_from_nobody=envelope.mail_from in {None, "", NOBODY},
                    )
                )
        except SmuggledError:
            # Nothing behind it is read: it is what somebody wants taken for commands.
            self._desk.answered("data", answers.SMUGGLED)
            await self.push(answers.SMUGGLED)
            if self.transport is not None:
                self.transport.close()
            return
        # Before the answer: a client may begin its next mail the moment it has it.
        self.envelope = Envelope()
        await self.push(answer)

    async def _read_data(self, share: Share) -> bytes | str:
        """Give the mail, or the answer that refuses it, once its end has come."""
        reader = DataReader(most_bytes=self._most_bytes)
        no_room = False
        while True:
            # A client that hangs up cancels this. `read` gives all that is there, so that
            # what is behind the end can be put back in its place.
            piece = await self._reader.read(_ALL)
            self._reset_timeout()
            rest = reader.feed(piece)
            if not no_room:
                try:
                    # As it comes, without its dots, and as it is decoded: about as much
                    # three times, one after the other.
                    share.grow_to(3 * reader.held_bytes)
                except NoRoomError:
                    no_room = True
            if no_room:
                reader.discard()
                share.give_back()
            if rest is not None:
                break
        self._reader.feed_data(rest)
        if no_room:
            return answers.NO_ROOM
        if reader.is_too_large:
            return answers.TOO_LARGE
        try:
            return reader.content()
        except LineTooLongError:
            return answers.LINE_TOO_LONG


class _Hooks:
    """What aiosmtpd calls by name; one for each connection."""

    def __init__(self, session: BridgeSession) -> None:
        self._session = session

    async def handle_EHLO(  # noqa: N802  (aiosmtpd's name)
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_MAIL(  # noqa: N802  (the same)
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return await self._session.take_sender(envelope, address, options)

    async def handle_RCPT(  # noqa: N802  (the same)
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        return await self._session.take_recipient(envelope, address)


def _decoded(text: str) -> Any:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _canonical(address: str | None) -> str:
    """Give MAIL FROM as a slip may hold it; empty where it is no address."""
    try:
        return normalise_address(address or "")
    except AddressError:
        return ""
