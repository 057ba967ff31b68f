"""The operator's relay, to which the service hands its mails.

A machine of the operator's choice that takes mails on behalf of the service; delivering
them is its work. What is spoken with it, and what its answers mean: `relay_client`.
"""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from typing import Protocol

from souspli_mailbox.relay_client import RelayClient, RelayPlace
from souspli_mailbox.settings import MailSettings


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
    """A relay that is reached by SMTP, as the service's settings say."""

    def __init__(
        self, settings: MailSettings, *, name: str, trust: ssl.SSLContext | None = None
    ) -> None:
        """`name`: how the service greets the relay, its origin.

        `trust`: whose certificates are believed, by default the machine's. Raises
        SettingsError when the password's file can't be read.
        """
        place = RelayPlace(
            host=settings.host,
            port=settings.port,
            tls=settings.tls,
            user=settings.user,
            password=settings.password(),
            timeout=settings.timeout,
        )
        self._client = RelayClient(place, name=name, trust=trust)

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Hand over, on a kept connection or a new one."""
        await self._client.send(message.as_bytes(), return_path=return_path, to=to)

    async def probe(self) -> None:
        """Connect, secure, greet, log in as for a mail; hand nothing over."""
        await self._client.probe()

    async def close(self) -> None:
        """Leave the connections that are kept."""
        await self._client.close()
