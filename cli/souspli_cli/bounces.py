"""What to do about mails that come back: a text for each of the service's fixed words.

docs/specs/mails.md §7.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "address-unknown": "bounce.address_unknown",
        "domain-unknown": "bounce.domain_unknown",
        "mailbox-full": "bounce.mailbox_full",
        "mailbox-disabled": "bounce.mailbox_disabled",
        "refused": "bounce.refused",
        "address-unsupported": "bounce.address_unsupported",
        "unreachable": "bounce.unreachable",
        "other": "bounce.other",
    }
)


def bounce_text(reason: str | None) -> str:
    """Return the text's key; of no reason, or of one that only a later service has, OTHER's."""
    return TEXTS.get(reason or "", TEXTS["other"])
