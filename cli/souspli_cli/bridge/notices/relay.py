"""Hands notices to the laboratory's relay, by SMTP, from nobody (RFC 5321 §4.5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from souspli_cli.bridge.errors import NoticeDelayedError, NoticeRefusedError
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.relay_client import RelayClient, RelayPlace

if TYPE_CHECKING:
    import ssl

    from souspli_cli.bridge.notices.settings import Notices

# For one step of the dialogue; nothing else waits for it.
STEP_SECONDS: Final = 30.0
NOBODY: Final = ""


class Relay(Protocol):
    """Takes notices, one at a time."""

    async def send(self, content: bytes, to: str) -> None:
        """Return once the relay has the notice.

        Raises NoticeRefusedError if it never takes it, NoticeDelayedError for all else;
        `may_have_it` there says whether it was handed over and not answered for.
        """
        ...


class NoticeRelay:
    """A `Relay` as bridge.toml names it; a connection for each notice, they are few."""

    def __init__(
        self, settings: Notices, *, name: str, trust: ssl.SSLContext | None = None
    ) -> None:
        """`name`: how the bridge greets. `trust`: by default whom this machine trusts.

        Raises Refused when the password's file can't be read; ValueError without a relay.
        """
        if settings.where is None:
            raise ValueError("no relay in the settings")
        host, port = settings.where
        place = RelayPlace(
            host=host,
            port=port,
            tls="tls" if settings.tls == "implicit" else settings.tls,
            user=settings.user,
            password=settings.password(),
            timeout=STEP_SECONDS,
        )
        self._client = RelayClient(place, name=name, trust=trust, most_mails=1)

    async def send(self, content: bytes, to: str) -> None:
        """Connect, secure, log in, hand over, leave."""
        try:
            await self._client.send(content, return_path=NOBODY, to=to)
        except MailRefusedError:
            # No cause: the relay's text may quote an address.
            raise NoticeRefusedError("the relay never takes this notice") from None
        except MailDelayedError as failure:
            raise NoticeDelayedError(
                str(failure), away=failure.away, may_have_it=failure.may_have_it
            ) from None
