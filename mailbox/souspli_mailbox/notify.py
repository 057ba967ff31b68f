"""Handing a mail to the operator's relay, and what its answer means.

The relay is a machine of the operator's choice that takes mails on behalf of the
service; delivering them is its work. Addresses of patients travel here, so TLS is
required and the certificate verified, unless the settings say `none` for a relay
on the same machine.
"""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from typing import Final, NoReturn, Protocol

import aiosmtplib

from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.settings import MailSettings

# RFC 5321 §4.2.1: 5yz says "don't try that again", 4yz "not now".
_FOR_GOOD: Final = range(500, 600)


class Relay(Protocol):
    """Takes mails. One attempt a call, bounded in time; may be called concurrently."""

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Return once the relay has taken responsibility for the mail.

        Raises MailRefusedError when it never will for this recipient, and
        MailDelayedError for everything else: then it may or may not have it.
        """
        ...

    async def probe(self) -> None:
        """Return if the relay would listen to us; MailDelayedError if it would not."""
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
        self._trust = trust or ssl.create_default_context()
        self._password = settings.password()

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
            tls_context=None if settings.tls == "none" else self._trust,
        )

    async def probe(self) -> None:
        """Connect, secure, greet, log in as for a mail; hand nothing over."""
        try:
            async with self._client() as client:
                await client.noop()
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely") from failed

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Connect, secure, greet, hand over, leave."""
        client = self._client()
        try:
            # Leaving the block says QUIT; a relay that breaks off there has
            # taken the mail already, and the client does not mind.
            async with client:
                await client.send_message(message, sender=return_path, recipients=[to])
        except aiosmtplib.SMTPRecipientsRefused as refused:
            _refused(refused.recipients[0].code, refused)
        except aiosmtplib.SMTPDataError as refused:
            _refused(refused.code, refused)
        except aiosmtplib.SMTPNotSupported as lacking:
            if to.isascii() and return_path.isascii():
                # No STARTTLS: the relay's fault, not the recipient's.
                raise MailDelayedError("the relay lacks an extension") from lacking
            raise MailRefusedError("the relay can't take such an address") from lacking
        except aiosmtplib.SMTPResponseException as refused:
            # Greeting, login or return path refused: whatever the code, it is
            # about the service and not about this recipient.
            raise MailDelayedError("the relay refuses the service", code=refused.code) from refused
        except (aiosmtplib.SMTPException, OSError) as failed:
            raise MailDelayedError("the relay can't be reached safely") from failed


def _refused(code: int, refused: aiosmtplib.SMTPException) -> NoReturn:
    # No part of the relay's text: it quotes the address.
    if code in _FOR_GOOD:
        raise MailRefusedError("the relay refused the mail for good", code=code) from refused
    raise MailDelayedError("the relay refused the mail for now", code=code) from refused
