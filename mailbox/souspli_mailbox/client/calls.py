"""What every group of calls stands on."""

from souspli_exchange.port_errors import BrokenAnswerError
from souspli_keys.address import Origin
from souspli_mailbox.client.store import Store
from souspli_mailbox.client.transport import Transport


class Calls:
    """A transport, and the origin that is built into the program."""

    def __init__(self, transport: Transport, *, origin: Origin) -> None:
        """Send requests through `transport`; sign for the service called `origin`."""
        self._transport = transport
        self._origin = origin
        self._store = Store(transport)


def check_same(answered: str, asked: str) -> str:
    """Return what was answered if it is what was asked about; BrokenAnswerError if not."""
    if answered != asked:
        raise BrokenAnswerError("the answer is about something else than what was asked")
    return answered


def paging(after: str | None, limit: int) -> dict[str, str]:
    """Return the query of one page."""
    return {"limit": str(limit)} | ({} if after is None else {"after": after})


def check_page(entries: int, *, next_cursor: str | None, after: str | None) -> None:
    """Raise BrokenAnswerError for a page that leads nowhere: following it would never end."""
    if next_cursor is not None and (not entries or next_cursor == after):
        raise BrokenAnswerError("a page of nothing, and another one behind it")
