"""Handing a mail to the operator's relay, and what its answer means.

The relay is a machine of the operator's choice that takes mails on behalf of the
service; delivering them is its work. Addresses of patients travel here, so TLS is
required and the certificate verified, unless the settings say `none` for a relay
on the same machine.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, NoReturn, Protocol

import aiosmtplib

from souspli_mailbox.bounce_reasons import BounceReason, reason_of
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.relay_connections import Connection, RelayConnections
from souspli_mailbox.settings import MailSettings

# RFC 5321 §4.2.1: 5yz says "don't try that again", 4yz "not now".
_FOR_GOOD: Final = range(500, 600)

# §3.8: the relay closes the connection, whatever it was asked.
_CLOSING: Final = 421


class Relay(Protocol):
    """Takes mails, each handed over once a call, in bounded time; several calls at once."""

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Return once the relay has taken responsibility for the mail.

        Raises MailRefusedError when it never will for this recipient, and
        MailDelayedError for everything else: then it may or may not have it.
        """
        ...

    async def probe(self) -> None:
        """Return if the relay would listen to us; MailDelayedError if it would not."""
        ...

    async def close(self) -> None:
        """Let go of what is kept for the next mail; no mail is on its way any more."""
        ...


class SmtpRelay:
    """A relay that is reached by SMTP, as the settings say."""

    def __init__(
        self, settings: MailSettings, *, name: str, trust: ssl.SSLContext | None = None
    ) -> None:
        """`name`: how the service greets the relay, its origin.

        `trust`: whose certificates are believed, by default the machine's. Raises
        SettingsError when the password's file can't be read.
        """
        self._settings = settings
        # The default would be the machine's own name, which is nobody's
        # business, and finding it out may block on a name server.
        self._name = name
        # A hundred certificates, 30 ms: not for a relay on the same machine.
        self._trust = None if settings.tls == "none" else trust or ssl.create_default_context()
        self._password = settings.password()
        self._connections = RelayConnections(self._client)

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=self._password,
            local_hostname=self._name,
            timeout=settings.timeout,
            use_tls=settings.tls == "tls",
            # True: refuse to go on if the relay does not offer it. An attacker
            # in between could strip the offer.
            start_tls=settings.tls == "starttls",
            tls_context=self._trust,
        )

    async def probe(self) -> None:
        """Connect, secure, greet, log in as for a mail; hand nothing over."""
        try:
            async with self._client() as client:
                await client.noop()
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely") from failed

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Hand over, on a kept connection or a new one; keep it for the next mail."""
        envelope = _Envelope(return_path, to)
        content = message.as_bytes()
        try:
            connection = await self._offered(envelope)
            with self._connections.guarded(connection):
                # From here on the relay may have the mail, whatever becomes of the line:
                # nothing below is ever tried again on another connection.
                await connection.client.data(content)
            self._connections.keep(connection)
        except aiosmtplib.SMTPRecipientRefused as refused:
            _refused(refused)
        except aiosmtplib.SMTPDataError as refused:
            _refused(refused)
        except aiosmtplib.SMTPNotSupported as lacking:
            # No STARTTLS: the relay's fault, not the recipient's.
            raise MailDelayedError("the relay lacks an extension") from lacking
        except aiosmtplib.SMTPResponseException as refused:
            # Greeting, login or return path refused: whatever the code, it is
            # about the service and not about this recipient.
            raise MailDelayedError("the relay refuses the service", code=refused.code) from refused
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely") from failed

    async def _offered(self, envelope: _Envelope) -> Connection:
        """Return a connection on which the relay has accepted sender and recipient."""
        kept = self._connections.take()
        if kept is not None:
            try:
                with self._connections.guarded(kept):
                    await envelope.offer(kept.client)
            except (aiosmtplib.SMTPException, OSError) as failed:
                if isinstance(failed, aiosmtplib.SMTPRecipientRefused) and failed.code != _CLOSING:
                    raise
                # It hung up, restarts, or takes no more on this connection. No mail was
                # handed over yet, so asking anew, at once, can't double one.
            else:
                return kept
        opened = await self._connections.open()
        with self._connections.guarded(opened):
            await envelope.offer(opened.client)
        return opened

    async def close(self) -> None:
        """Leave the connections that are kept."""
        await self._connections.close()


@dataclass(frozen=True, slots=True)
class _Envelope:
    """Who a mail is from and to, on the way to the relay."""

    return_path: str
    to: str

    async def offer(self, client: aiosmtplib.SMTP) -> None:
        """Name sender and recipient; raise what aiosmtplib raises unless both are accepted.

        MailRefusedError for an address that this relay knows no way to be told of.
        """
        if self.return_path.isascii() and self.to.isascii():
            await client.mail(self.return_path)
            await client.rcpt(self.to)
            return
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if not client.supports_extension("smtputf8"):
            raise MailRefusedError(
                "the relay can't take such an address", reason=BounceReason.ADDRESS_UNSUPPORTED
            )
        # RFC 6531 §3.1: who knows the one knows the other.
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        await client.mail(self.return_path, options=options, encoding="utf-8")
        await client.rcpt(self.to, encoding="utf-8")


def _refused(refused: aiosmtplib.SMTPResponseException) -> NoReturn:
    # No part of the relay's text but its enhanced status code: it quotes the address.
    code = refused.code
    if code in _FOR_GOOD:
        raise MailRefusedError(
            "the relay refused the mail for good", code=code, reason=reason_of(refused.message)
        ) from refused
    raise MailDelayedError("the relay refused the mail for now", code=code) from refused
