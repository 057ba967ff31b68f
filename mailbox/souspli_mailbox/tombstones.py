"""Tombstones: what was deleted, told so that only this service recognises it.

A database that is put back from a backup holds again what was deleted after the backup
was made. Tombstones outlive it: they are lines of a ledger beside the objects
(`souspli_storage.ledger`), written when a deletion is decided and before anybody is told
of it or a byte of an object is destroyed. What is written once is deleted again for ever,
so nothing may be written that could still be taken back: first the transaction that
decides, then the tombstone, then the announcement. Reapplying them: `reapply.py`.

    <moment>.<kind>.<reason>.<key's mark>.<digest>

The digest is HMAC-SHA256 of kind and id under a secret of the service (in the database,
hence in its backups). Whoever holds the ledger alone learns how much was deleted, when
and why; with the database as well, what of the rows that are there is about to go.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from souspli_storage.ledger import Ledger


class Kind(StrEnum):
    """What can have a tombstone. The id is what `records/tombstones.py` looks rows up by."""

    DEPOSIT = "deposit"
    """A deposit with all of its deliveries and its object. Its id: the object's key."""
    LETTER = "letter"
    """A letter that was replaced by another. Its id: the invitation's."""
    PURGE = "purge"
    """A letter that nobody answered, with all that waited for it. Its id: the invitation's."""
    WITHDRAWAL = "withdrawal"
    """The cover of a delivery that was withdrawn, not handed out. Its id: the delivery's."""
    CLOSING = "closing"
    """An account that its patient closed, with all that only it could open. Its id: its number."""


class Reason(StrEnum):
    """Why something was deleted."""

    STALE_UPLOAD = "stale-upload"
    SUPERSEDED = "superseded"
    NOT_ACTIVATED = "not-activated"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


# "souspli" apart from every other use of HMAC-SHA256; the version of this very format.
_CONTEXT: Final = b"souspli tombstone v1\x00"

_MARK_DIGITS: Final = 8

_LINE: Final = re.compile(
    r"(?P<moment>[0-9]{12})\.(?P<kind>[a-z-]+)\.(?P<reason>[a-z-]+)"
    r"\.(?P<mark>[0-9a-f]{8})\.(?P<digest>[0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One that was read. `kind` may be one that only a later version knows."""

    moment: int
    kind: str
    mark: str
    """Of the key that made the digest: with another one, nothing can be recognised."""
    digest: bytes


def read_tombstone(line: str) -> Tombstone | None:
    """Return the tombstone of a line; None for a line of another form."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return Tombstone(
        moment=int(found["moment"]),
        kind=found["kind"],
        mark=found["mark"],
        digest=bytes.fromhex(found["digest"]),
    )


@dataclass(frozen=True, slots=True)
class TombstoneKey:
    """The service's secret for tombstones."""

    secret: bytes = field(repr=False)

    def digest(self, kind: Kind, subject: str) -> bytes:
        """Return what stands for an id in the ledger: 32 bytes."""
        return hmac.digest(self.secret, _CONTEXT + f"{kind}\x00{subject}".encode(), "sha256")

    @property
    def mark(self) -> str:
        """Return what tells this key's tombstones from another's."""
        return hmac.digest(self.secret, _CONTEXT, "sha256").hex()[:_MARK_DIGITS]

    def line(self, kind: Kind, subject: str, *, reason: Reason, now: int) -> str:
        """Return the ledger's line about a deletion."""
        return f"{now:012d}.{kind}.{reason}.{self.mark}.{self.digest(kind, subject).hex()}"


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Where deletions are written down. Blocks: call it in a thread."""

    ledger: Ledger
    key: TombstoneKey

    def write(self, kind: Kind, subjects: Collection[str], *, reason: Reason, now: int) -> None:
        """Write that these are deleted, for ever: durable when this returns.

        After the transaction that decided it, before it is announced. Again is fine.
        Raises StorageError: then nobody may be told yet.
        """
        self.ledger.append(
            [self.key.line(kind, subject, reason=reason, now=now) for subject in subjects]
        )
