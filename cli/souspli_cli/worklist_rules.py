"""What needs a person, of what was sent: the rules of the worklist (docs/specs/pending.md §7).

Pure. For each document and recipient one item at most: what is most pressing. Moments
are seconds since 1970 in UTC.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from souspli_exchange.letter_clock import due_at, is_late
from souspli_exchange.manifest import Priority
from souspli_exchange.ports.states import DeliveryState

LOST: Final = "lost"
"""The service no longer knows the delivery; ours, beside its own states."""

SHORT_ID: Final = 8
"""Characters of a document's id that tell it from others of one practice."""

_READ: Final = frozenset({DeliveryState.FETCHED, DeliveryState.OPENED})

RANK: Final = {Priority.URGENT: 0, Priority.SOON: 1, Priority.ROUTINE: 2}


class Kind(StrEnum):
    """What happened."""

    RED_STOP = "red-stop"
    NOT_SENT = "not-sent"
    LOST = "lost"
    PURGED = "purged"
    ACCOUNT_CLOSED = "account-closed"
    BACK_TO_PAPER = "back-to-paper"
    UNPROVED = "unproved"
    BOUNCED = "bounced"
    LETTER_EXPIRED = "letter-expired"
    LETTER_ENDS = "letter-ends"
    NOT_COLLECTED = "not-collected"


class Bounce(StrEnum):
    """Why no mail arrives: the fixed words of mails.md §7."""

    ADDRESS_UNKNOWN = "address-unknown"
    DOMAIN_UNKNOWN = "domain-unknown"
    MAILBOX_FULL = "mailbox-full"
    MAILBOX_DISABLED = "mailbox-disabled"
    REFUSED = "refused"
    ADDRESS_UNSUPPORTED = "address-unsupported"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A document and one of its recipients, as our own address book knows them."""

    document_id: str
    address: str
    priority: Priority
    created_at: int
    stored: bool
    """Whether the service has acknowledged it."""
    state: str | None
    moments: Mapping[str, int]
    """State to the moment it was reached, as the service says."""
    opened_verified: bool
    bounce_reason: str | None = None
    has_account: bool = False
    """Whether the recipient's claim was verified: no letter is needed any more."""
    letter_from: int | None = None
    letter_ends: int | None = None
    """From when until when the letter is good, by our own copy; None: there is none."""
    stopped: bool = False
    paper_since: int | None = None
    """Since when the patient wants paper."""
    closed_since: int | None = None
    """Since when the patient has no account any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the worklist."""

    kind: Kind
    document_id: str
    address: str
    priority: Priority
    since: int
    """When it became so; of `letter-ends` and `not-collected`, since when it waits."""
    created_at: int
    reason: Bounce | None = None
    until: int | None = None
    """Until when the letter is good, or was."""
    command: str
    """The one that does it, as a shell takes it."""


def worklist(waiting: Iterable[Waiting], *, now: int) -> list[Item]:
    """Return what needs a person, the most urgent and then the oldest first."""
    items = [item for one in waiting if (item := item_of(one, now=now)) is not None]
    return sorted(items, key=_order)


def item_of(one: Waiting, *, now: int) -> Item | None:
    """Return what is most pressing about one recipient of a document; None: nothing."""
    # A receipt that verifies ends it, whatever else the service says.
    if one.opened_verified:
        return None
    found = _what(one, now=now)
    if found is None:
        return None
    kind, since = found
    reason = _bounce(one.bounce_reason) if kind is Kind.BOUNCED else None
    return Item(
        kind=kind,
        document_id=one.document_id,
        address=one.address,
        priority=one.priority,
        since=since,
        created_at=one.created_at,
        reason=reason,
        until=None if one.has_account else one.letter_ends,
        command=_command(one, kind, reason),
    )


def _what(one: Waiting, *, now: int) -> tuple[Kind, int] | None:
    """Return what happened, and when: the first that applies."""
    if one.state == DeliveryState.WITHDRAWN:
        return None
    asked_for_paper = one.paper_since is not None and one.state != DeliveryState.FETCHED
    closed = one.closed_since is not None and one.state not in _READ
    rows = (
        (one.stopped, Kind.RED_STOP, None),
        (not one.stored, Kind.NOT_SENT, None),
        (one.state == LOST, Kind.LOST, None),
        (closed, Kind.ACCOUNT_CLOSED, one.closed_since),
        (one.state == DeliveryState.EXPIRED, Kind.PURGED, one.moments.get(DeliveryState.EXPIRED)),
        (one.state == DeliveryState.OPENED, Kind.UNPROVED, one.moments.get(DeliveryState.OPENED)),
        (asked_for_paper, Kind.BACK_TO_PAPER, one.paper_since),
    )
    for applies, kind, since in rows:
        if applies:
            return kind, one.created_at if since is None else since
    # Collected: what is missing is a receipt, and a page left open sends none.
    return None if one.state == DeliveryState.FETCHED else _about_time(one, now=now)


def _about_time(one: Waiting, *, now: int) -> tuple[Kind, int] | None:
    """Return what is to be said of a document that nobody has collected."""
    ends = None if one.has_account else one.letter_ends
    if ends is not None and now > ends:
        return Kind.LETTER_EXPIRED, ends
    if one.state == DeliveryState.BOUNCED:
        return Kind.BOUNCED, one.moments.get(DeliveryState.BOUNCED, one.created_at)
    stored = one.moments.get(DeliveryState.STORED, one.created_at)
    # A new letter begins the clock anew.
    since = stored if one.has_account or one.letter_from is None else max(stored, one.letter_from)
    if now < due_at(priority=one.priority, since=since, not_after=ends):
        return None
    whole = due_at(priority=one.priority, since=since, not_after=None)
    if ends is not None and (now < whole or is_late(not_after=ends, now=since)):
        return Kind.LETTER_ENDS, since
    return Kind.NOT_COLLECTED, since


def _bounce(reason: str | None) -> Bounce:
    """Return the word; a service newer than this program may use others."""
    return Bounce(reason) if reason in set(Bounce) else Bounce.OTHER


def _command(one: Waiting, kind: Kind, reason: Bounce | None) -> str:
    # A name for each, so that several can be run one after the other.
    short = one.document_id[:SHORT_ID]
    letter = ("souspli", "reissue", one.address, "--letter", f"courrier-{short}.pdf")
    printed = ("souspli", "print", one.document_id, "--out", f"imprimer-{short}")
    words: tuple[str, ...]
    match kind:
        case Kind.NOT_SENT:
            words = ("souspli", "send", "--resume")
        case Kind.UNPROVED | Kind.LOST:
            words = ("souspli", "sent")
        case Kind.RED_STOP | Kind.PURGED | Kind.LETTER_EXPIRED | Kind.LETTER_ENDS:
            words = letter
        case Kind.BACK_TO_PAPER:
            words = printed
        case Kind.ACCOUNT_CLOSED:
            # The service has nothing left of it: it is printed from the practice's own software.
            words = ("souspli", "worklist", "--handled", one.document_id)
        case Kind.NOT_COLLECTED:
            words = printed if one.has_account else letter
        case Kind.BOUNCED:
            # Another address leads to another account: who has one keeps it.
            if one.has_account or reason is Bounce.MAILBOX_FULL:
                words = printed
            else:
                words = (*letter, "--address", "NOUVELLE-ADRESSE")
    return shlex.join(words)


def _order(item: Item) -> tuple[bool, int, int, int, str, str]:
    return (
        item.kind is not Kind.RED_STOP,
        RANK[item.priority],
        item.since,
        item.created_at,
        item.document_id,
        item.address,
    )
