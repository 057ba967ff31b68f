"""The fixed, invented data of every release: people, files, and how far each delivery is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from souspli_exchange.sources import BytesSource
from souspli_keys.address import Address
from souspli_mailbox.errors import MailDelayedError, MailRefusedError

FILES: Final = {
    "bilan sanguin, Œdème.txt": "Hémoglobine : 11,4 g/dl – document fictif\n".encode(),
    "image.bin": bytes(range(256)) * 8,
}


def sources() -> list[BytesSource]:
    """The document's files."""
    types = ("text/plain", "application/octet-stream")
    return [
        BytesSource(name, media_type, content)
        for (name, content), media_type in zip(FILES.items(), types, strict=True)
    ]


@dataclass(frozen=True)
class Way:
    """How far the delivery to one of the patient's addresses is."""

    address: Address
    state: str
    claimed: bool = False


# A mail to the first is never taken and never refused, one to the second refused.
WAITING: Final = Way(Address("en-attente@courriel.example"), "stored")
REFUSED: Final = Way(Address("refuse@courriel.example"), "bounced")
MAILED: Final = Way(Address("prevenue@courriel.example"), "notified")
FETCHED: Final = Way(Address("lit@courriel.example"), "fetched", claimed=True)
OPENED: Final = Way(Address("a-lu@courriel.example"), "opened", claimed=True)
WAYS: Final = (WAITING, REFUSED, MAILED, FETCHED, OPENED)

# Superseded by MAILED's, so that a chain of two letters is kept.
LOST_LETTER: Final = MAILED.address


class PickyRelay:
    """What the relay says to each of them."""

    def check(self, to: str) -> None:
        """Raise what the relay would answer."""
        if to == WAITING.address:
            raise MailDelayedError("greylisted", code=450)
        if to == REFUSED.address:
            raise MailRefusedError("no such mailbox", code=550)
