"""Hands notices to the laboratory's relay, by SMTP, from nobody (RFC 5321 §4.5.5)."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Final, Protocol

import aiosmtplib

from souspli_cli.bridge.errors import NoticeDelayedError, NoticeRefusedError

if TYPE_CHECKING:
    from souspli_cli.bridge.notice_settings import Notices

# For one step of the dialogue; nothing else waits for it.
STEP_SECONDS: Final = 30.0
# RFC 5321 §4.2.1: 5yz says "don't try that again".
_FOR_GOOD: Final = range(500, 600)


class Relay(Protocol):
    """Takes notices, one at a time."""

    async def send(self, content: bytes, to: str) -> None:
        """Return once the relay has the notice.

        Raises NoticeRefusedError if it never takes it, NoticeDelayedError for all else;
        `may_have_it` there says whether it was handed over and not answered for.
        """
        ...


class SmtpRelay:
    """A `Relay` as bridge.toml names it; a connection for each notice, they are few."""

    def __init__(
        self, settings: Notices, *, name: str, trust: ssl.SSLContext | None = None
    ) -> None:
        """`name`: how the bridge greets. `trust`: by default whom this machine trusts.

        Raises Refused when the password's file can't be read; ValueError without a relay.
        """
        if settings.where is None:
            raise ValueError("no relay in the settings")
        self._where = settings.where
        self._settings = settings
        self._name = name
        self._trust = trust or ssl.create_default_context()
        self._password = settings.password()

    async def send(self, content: bytes, to: str) -> None:
        """Connect, secure, log in, hand over, leave."""
        client = self._client()
        try:
            await self._offer(client, to)
            await self._hand_over(client, content)
            # It has it: nothing depends on how it says goodbye.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    async def _offer(self, client: aiosmtplib.SMTP, to: str) -> None:
        try:
            await client.connect()
            if to.isascii():
                await client.mail("")
                await client.rcpt(to)
                return
            await client.ehlo()
            if not client.supports_extension("smtputf8"):
                raise NoticeRefusedError("the relay can't take such an address")
            await client.mail("", options=["SMTPUTF8"], encoding="utf-8")
            await client.rcpt(to, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as refused:
            if refused.code in _FOR_GOOD:
                raise NoticeRefusedError("the relay does not know whom to tell") from None
            raise NoticeDelayedError("the relay refuses for now") from None
        except (aiosmtplib.SMTPException, OSError):
            # Greeting, TLS, login or null sender refused: whatever the code, it is about
            # the bridge, and a person mends it. The text may quote an address.
            raise NoticeDelayedError("the relay can't be reached safely", away=True) from None

    async def _hand_over(self, client: aiosmtplib.SMTP, content: bytes) -> None:
        try:
            await client.data(content)
        except aiosmtplib.SMTPDataError as refused:
            if refused.code in _FOR_GOOD:
                raise NoticeRefusedError("the relay refuses this notice") from None
            raise NoticeDelayedError("the relay refuses this notice for now") from None
        except (aiosmtplib.SMTPException, OSError):
            raise NoticeDelayedError("the line broke off", away=True, may_have_it=True) from None

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        host, port = self._where
        return aiosmtplib.SMTP(
            hostname=host,
            port=port,
            username=settings.user,
            password=self._password,
            local_hostname=self._name,
            timeout=STEP_SECONDS,
            use_tls=settings.tls == "implicit",
            # True: refuse to go on where it is not offered; somebody in between could
            # strip the offer.
            start_tls=settings.tls == "starttls",
            tls_context=None if settings.tls == "none" else self._trust,
        )
