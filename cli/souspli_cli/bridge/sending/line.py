"""The bridge's session with the service: opened when needed, opened again when it ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from souspli_cli.connection import connect, sending_member
from souspli_exchange.port_errors import PortError
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sending import Sending
from souspli_keys.login import UnlockerKind

if TYPE_CHECKING:
    from types import TracebackType

    from souspli_cli.account import Account
    from souspli_exchange.spool import Spool
    from souspli_mailbox.client import MailboxClient


class ServiceLine:
    """One connection pool and at most one session, for one loop."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client: MailboxClient | None = None
        self._signed_in = False

    async def __aenter__(self) -> Self:
        self._client = connect(self._account.profile)
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            if self._signed_in:
                # A session that can't be ended ends by itself.
                with contextlib.suppress(PortError):
                    await self._client.sign_out()
            await self._client.__aexit__(None, None, None)

    async def sign_in(self) -> None:
        """Have a session; nothing happens if there is one. Raises PortErrors."""
        if self._signed_in:
            return
        key = self._account.device.unlocker.login_key
        await self._open.sign_in(
            self._account.number,
            kind=UnlockerKind.DEVICE.value,
            login_public_key=key.public_key,
            sign=key.sign,
        )
        self._signed_in = True

    def sending(self, spool: Spool) -> Sending:
        """Give what the exchange needs to send what is in a spool."""
        return Sending(
            sender=sending_member(self._account),
            directory=self._open,
            mailbox=self._open,
            spool=spool,
            # The worker waits and tries again, for all documents together.
            retry=RetryPolicy(attempts=1),
        )

    def signed_out(self) -> None:
        """Have the next `sign_in` ask for another session."""
        self._signed_in = False

    @property
    def _open(self) -> MailboxClient:
        if self._client is None:
            raise RuntimeError("the line is not open")
        return self._client
