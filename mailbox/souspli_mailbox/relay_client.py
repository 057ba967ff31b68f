"""The client side of a mail relay: TLS, login, envelope, and what its answers mean.

The service hands its mails over by it, and so does a laboratory's bridge its notices.
Addresses of patients travel here, so TLS is required and the certificate verified, unless
the settings say `none` for a relay on the same machine.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn

import aiosmtplib

from souspli_mailbox.bounce_reasons import BounceReason, reason_of
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.relay_connections import MOST_MAILS, Connection, RelayConnections

# RFC 5321 §4.2.1: 5yz says "don't try that again", 4yz "not now".
_FOR_GOOD: Final = range(500, 600)

# §3.8: the relay closes the connection, whatever it was asked.
_CLOSING: Final = 421


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayPlace:
    """Where a relay is, and how it is spoken to."""

    host: str
    """Which its certificate must bear."""
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str | None
    """No login without it."""
    password: str | None = field(repr=False)
    timeout: float
    """Seconds for one step of the dialogue."""


class RelayClient:
    """Hands mails over, several at once if need be; all of it in one event loop's thread."""

    def __init__(
        self,
        place: RelayPlace,
        *,
        name: str,
        trust: ssl.SSLContext | None = None,
        most_mails: int = MOST_MAILS,
    ) -> None:
        """`name`: how we greet the relay. `trust`: whose certificates are believed.

        By default those that the machine believes. `most_mails`: for one connection; after
        one mail it is left at once.
        """
        self._place = place
        # The default would be the machine's own name, which is nobody's
        # business, and finding it out may block on a name server.
        self._name = name
        # A hundred certificates, 30 ms: not for a relay on the same machine.
        self._trust = None if place.tls == "none" else trust or ssl.create_default_context()
        self._connections = RelayConnections(self._client, most_mails=most_mails)

    def _client(self) -> aiosmtplib.SMTP:
        place = self._place
        return aiosmtplib.SMTP(
            hostname=place.host,
            port=place.port,
            username=place.user,
            password=place.password,
            local_hostname=self._name,
            timeout=place.timeout,
            use_tls=place.tls == "tls",
            # True: refuse to go on if the relay does not offer it. An attacker
            # in between could strip the offer.
            start_tls=place.tls == "starttls",
            tls_context=self._trust,
        )

    async def probe(self) -> None:
        """Connect, secure, greet, log in as for a mail; hand nothing over."""
        try:
            async with self._client() as client:
                await client.noop()
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely", away=True) from failed

    async def send(self, content: bytes, *, return_path: str, to: str) -> None:
        """Hand over, on a kept connection or a new one; keep it for the next mail.

        `return_path`: empty for a mail from nobody (RFC 5321 §4.5.5). Raises
        MailRefusedError when the relay never takes the mail for this recipient, and
        MailDelayedError for everything else.
        """
        connection = await self._offered(_Envelope(return_path, to))
        try:
            with self._connections.guarded(connection):
                # From here on the relay may have the mail, whatever becomes of the line:
                # nothing below is ever tried again on another connection.
                await connection.client.data(content)
        except aiosmtplib.SMTPDataError as refused:
            _refused(refused)
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the line broke off", away=True, may_have_it=True) from failed
        self._connections.keep(connection)

    async def _offered(self, envelope: _Envelope) -> Connection:
        """Return a connection on which the relay has accepted sender and recipient."""
        try:
            return await self._offered_on_any(envelope)
        except aiosmtplib.SMTPRecipientRefused as refused:
            _refused(refused)
        except aiosmtplib.SMTPNotSupported as lacking:
            # No STARTTLS: the relay's fault, not the recipient's.
            raise MailDelayedError("the relay lacks an extension", away=True) from lacking
        except aiosmtplib.SMTPResponseException as refused:
            # Greeting, login or return path refused: whatever the code, it is
            # about the sender and not about this recipient.
            raise MailDelayedError(
                "the relay refuses the service", code=refused.code, away=True
            ) from refused
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely", away=True) from failed

    async def _offered_on_any(self, envelope: _Envelope) -> Connection:
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
