"""Keyed digests: what the ledger keeps instead of addresses, report ids and mails.

docs/specs/bridge.md §4 and §6. Each purpose has a key of its own, derived from the
device's secret: the file alone can't be tried against guesses.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.accepting.repeats import what_counts
from souspli_keys.framing import derive, frame

if TYPE_CHECKING:
    from collections.abc import Iterable

_REPEATS: Final = "souspli/v1/bridge/repeats"
_REPEAT: Final = "souspli/v1/bridge/repeat"
_REPORTS: Final = "souspli/v1/bridge/reports"
_REPORT: Final = "souspli/v1/bridge/report"
_LANES: Final = "souspli/v1/bridge/lanes"
_LANE: Final = "souspli/v1/bridge/lane"


@dataclass(frozen=True, repr=False)
class Digests:
    """The keys of one profile."""

    repeats: bytes
    reports: bytes
    lanes: bytes

    @classmethod
    def of(cls, secret: bytes) -> Digests:
        """Derive them from the device's secret."""
        return cls(derive(secret, _REPEATS), derive(secret, _REPORTS), derive(secret, _LANES))

    def repeat(self, account: str, recipients: Iterable[str], content: bytes) -> bytes:
        """Give the same for a mail that is handed in once more, and for no other."""
        body = hashlib.sha256(what_counts(content)).digest()
        framed = frame(_REPEAT, account, body, *sorted(recipients))
        return hmac.digest(self.repeats, framed, hashlib.sha256)

    def report(self, report_id: str) -> bytes:
        """Give what all versions of a report have in common."""
        return hmac.digest(self.reports, frame(_REPORT, report_id), hashlib.sha256)

    def lane(self, addresses: Iterable[str]) -> bytes:
        """Give whose documents are sent in order."""
        return hmac.digest(self.lanes, frame(_LANE, *addresses), hashlib.sha256)
