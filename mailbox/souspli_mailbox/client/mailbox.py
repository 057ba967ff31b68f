"""The whole client: every group of calls over one transport."""

import ssl
from types import TracebackType
from typing import Self

from souspli_keys.address import Origin
from souspli_mailbox.client.account_calls import AccountCalls
from souspli_mailbox.client.claim_calls import ClaimCalls
from souspli_mailbox.client.directory_calls import DirectoryCalls
from souspli_mailbox.client.enrolment_calls import EnrolmentCalls
from souspli_mailbox.client.recipient_calls import RecipientCalls
from souspli_mailbox.client.sender_calls import SenderCalls
from souspli_mailbox.client.transport import Transport


class MailboxClient(
    AccountCalls, DirectoryCalls, SenderCalls, RecipientCalls, ClaimCalls, EnrolmentCalls
):
    """One connection pool and at most one session.

    A `Directory`, `Mailbox`, `ClaimDesk`, `MembersDesk` and `JoiningDesk`.

    `origin` is the one built into the program; the service's is compared with it and
    never taken over. After `bind` the session is the new account's. Calls may overlap,
    but not with one that opens or ends the session.
    """

    def __init__(
        self, page: str, *, origin: Origin, verify_with: ssl.SSLContext | None = None
    ) -> None:
        """Speak to the service at `page` (https, or http on this machine).

        Raises SettingsError for any other address. `verify_with` replaces the
        system's certificate roots.
        """
        super().__init__(Transport(page, verify_with=verify_with), origin=origin)

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool and forget the session, which stays open at the service."""
        await self._transport.__aexit__(kind, value, trace)

    def __repr__(self) -> str:
        return "MailboxClient(…)"
