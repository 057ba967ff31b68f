"""Why a mail does not arrive, in words of a closed list (docs/specs/mails.md §7). Pure.

Nothing else of a refusal or a report is kept: their texts quote addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class BounceReason(StrEnum):
    """What a secretary can act on. The clients have a sentence for each."""

    ADDRESS_UNKNOWN = "address-unknown"
    DOMAIN_UNKNOWN = "domain-unknown"
    MAILBOX_FULL = "mailbox-full"
    MAILBOX_DISABLED = "mailbox-disabled"
    REFUSED = "refused"
    ADDRESS_UNSUPPORTED = "address-unsupported"
    UNREACHABLE = "unreachable"
    OTHER = "other"


_UNKNOWN, _DOMAIN = BounceReason.ADDRESS_UNKNOWN, BounceReason.DOMAIN_UNKNOWN

# Subject and detail of RFC 3463's codes, and of those that IANA has registered since. The
# class before them is not looked at: who gives up after days of 4.2.2 reports it as 4.2.2.
REASONS: Final[Mapping[tuple[int, int], BounceReason]] = MappingProxyType(
    {
        (1, 1): _UNKNOWN,  # bad destination mailbox address
        (1, 2): _DOMAIN,  # bad destination system address
        (1, 3): _UNKNOWN,  # bad destination mailbox address syntax
        (1, 4): _UNKNOWN,  # destination mailbox address ambiguous
        (1, 6): _UNKNOWN,  # destination mailbox has moved, no forwarding address
        (1, 10): _DOMAIN,  # recipient address has null MX
        (2, 1): BounceReason.MAILBOX_DISABLED,
        (2, 2): BounceReason.MAILBOX_FULL,
        (4, 4): _DOMAIN,  # unable to route: no such name
        (6, 7): BounceReason.ADDRESS_UNSUPPORTED,  # non-ASCII addresses not permitted
    }
)

# Where the detail says nothing to a secretary.
SUBJECTS: Final[Mapping[int, BounceReason]] = MappingProxyType(
    {3: BounceReason.UNREACHABLE, 4: BounceReason.UNREACHABLE, 7: BounceReason.REFUSED}
)

# RFC 3463 §2. In ASCII digits, and no longer than any that is registered.
_STATUS: Final = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])")


def reason_of(text: str) -> BounceReason:
    """Return the reason that an enhanced status code at the beginning of `text` gives.

    `text`: a relay's answer after its three digits, or a report's `Status`. OTHER
    without a code.
    """
    found = _STATUS.match(text.lstrip(" \t"))
    if found is None:
        return BounceReason.OTHER
    subject, detail = int(found[2]), int(found[3])
    return REASONS.get((subject, detail)) or SUBJECTS.get(subject, BounceReason.OTHER)
