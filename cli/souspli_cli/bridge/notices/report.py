"""A notice to the laboratory, as bytes: RFC 3464, in French and English. Pure.

docs/specs/bridge.md §9. Of a mail it repeats the Message-ID, the Date, the envelope's
recipients and our own ids; never a subject, a title, a name or a trait: none is handed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.notices.lines import (
    MOST_VALUE,
    PRINTABLE,
    day,
    field,
    head,
    joined,
    moment,
    text,
)
from souspli_cli.bridge.notices.rows import Kind
from souspli_cli.bridge.reasons import BOOK_DAMAGED, MAYBE_SENT, SPOOL_DAMAGED, TOO_LATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from souspli_cli.words import Words

_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]+>")
_REASON: Final = re.compile(r"[a-z0-9_-]{1,60}")
# What RFC 6533 §3 lets stand for itself in an address of type `utf-8`.
_PLAIN: Final = re.compile(r"[!-*,-<>-\[\]-~]")
# One notice about a mail of a thousand documents stays one that can be read.
_MOST_DOCUMENTS: Final = 100
# In words; enough to type the first of them.
_MOST_NAMED: Final = 10

_SERVICE_AWAY: Final = "service_away"
_SEVERAL: Final = "several"

_SUBJECTS: Final = {
    Kind.DELAYED: "bridge_notice.delayed_subject",
    Kind.TO_CHECK: "bridge_notice.to_check_subject",
    Kind.FAILED: "bridge_notice.failed_subject",
}
_ABOUTS: Final = {
    Kind.DELAYED: "bridge_notice.delayed_about",
    Kind.TO_CHECK: "bridge_notice.to_check_about",
    Kind.FAILED: "bridge_notice.failed_about",
}
# RFC 3463. X.4.1: no answer; X.4.7: delivery time expired; X.7.1: not authorised; X.1.0:
# something about the address; X.3.0: something about this machine.
_STATUS: Final = {
    (Kind.DELAYED, _SERVICE_AWAY): "4.4.1",
    (Kind.TO_CHECK, SPOOL_DAMAGED): "4.3.0",
    (Kind.TO_CHECK, BOOK_DAMAGED): "4.3.0",
    (Kind.FAILED, TOO_LATE): "5.4.7",
    (Kind.FAILED, MAYBE_SENT): "5.4.7",
    (Kind.FAILED, "not_allowed"): "5.7.1",
}
_STATUS_OTHERWISE: Final = {Kind.DELAYED: "4.0.0", Kind.TO_CHECK: "4.1.0", Kind.FAILED: "5.0.0"}


@dataclass(frozen=True)
class ReportedDocument:
    """A document that a notice is about."""

    document_id: str
    reason: str | None
    """The ledger's word; None while it waits for the service."""


@dataclass(frozen=True)
class ReportedMail:
    """A mail of the laboratory, and which of its documents a notice is about."""

    queue_id: str
    received_at: int
    documents: tuple[ReportedDocument, ...]
    of: int
    """How many the mail has; 0 if its file can't be read any more."""
    recipients: tuple[str, ...]
    """Of the envelope, canonical; none if they can't be read any more."""
    message_id: str | None
    date: str | None
    until: int | None
    """When the bridge stops trying; None if it does not try."""


@dataclass(frozen=True)
class Outgoing:
    """One mail to the laboratory."""

    kind: Kind
    to: str
    domain: str
    """Of the bridge, as an A-label."""
    mail_id: str
    """The same when it is sent again: who reads it twice can tell."""
    now: int
    mails: tuple[ReportedMail, ...]
    """At least one. RFC 3464 §2: a report is about one mail, so several are attached."""


def compose(notice: Outgoing) -> bytes:
    """Write the notice, each line ended by CR LF."""
    if len(notice.mails) == 1:
        return joined(_report(notice, notice.mails[0], notice.mail_id))
    reasons = {_word(notice.kind, one) for mail in notice.mails for one in mail.documents}
    boundary = f"=_souspli_{notice.mail_id}"
    return joined(_several(notice, boundary, reasons.pop() if len(reasons) == 1 else _SEVERAL))


def _several(notice: Outgoing, boundary: str, reason: str) -> Iterator[str]:
    yield from _head(notice, notice.mail_id, reason)
    yield f'Content-Type: multipart/mixed; boundary="{boundary}"'
    yield ""
    yield f"--{boundary}"
    yield from text(lambda say: _in(say, notice, notice.mails))
    for number, mail in enumerate(notice.mails):
        yield f"--{boundary}"
        yield "Content-Type: message/rfc822"
        yield "Content-Disposition: attachment"
        yield ""
        yield from _report(notice, mail, f"{notice.mail_id}.{number}")
    yield f"--{boundary}--"


def _report(notice: Outgoing, mail: ReportedMail, mail_id: str) -> Iterator[str]:
    """Give the lines of a multipart/report about one mail."""
    boundary = f"=_souspli_report_{mail_id}"
    yield from _head(notice, mail_id, _word(notice.kind, mail.documents[0]))
    yield from field("X-Souspli-Queue-Id", mail.queue_id)
    yield f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"'
    yield ""
    yield f"--{boundary}"
    yield from text(lambda say: _in(say, notice, (mail,)))
    yield f"--{boundary}"
    yield "Content-Type: message/delivery-status"
    yield ""
    yield from _status(notice, mail)
    if headers := list(_original(mail)):
        yield f"--{boundary}"
        yield "Content-Type: text/rfc822-headers"
        yield ""
        yield from headers
        yield ""
    yield f"--{boundary}--"


def _head(notice: Outgoing, mail_id: str, reason: str) -> Iterator[str]:
    yield from head(
        domain=notice.domain,
        to=notice.to,
        subject=lambda say: say(_SUBJECTS[notice.kind]),
        mail_id=mail_id,
        now=notice.now,
    )
    yield from field("X-Souspli-Error", reason)


def _status(notice: Outgoing, mail: ReportedMail) -> Iterator[str]:
    yield from field("Reporting-MTA", f"dns; {notice.domain}")
    yield f"Arrival-Date: {moment(mail.received_at)}"
    yield from field("X-Souspli-Queue-Id", mail.queue_id)
    for one in mail.documents[:_MOST_DOCUMENTS]:
        yield from field("X-Souspli-Document", f"{one.document_id}; {_word(notice.kind, one)}")
    yield ""
    reason = _word(notice.kind, mail.documents[0])
    # A document goes to people who are found by what is in it: all addresses of the
    # envelope share its fate.
    for recipient in mail.recipients or ("",):
        yield from field("Final-Recipient", _final_recipient(recipient))
        yield f"Action: {'failed' if notice.kind is Kind.FAILED else 'delayed'}"
        status = _STATUS.get((notice.kind, reason), _STATUS_OTHERWISE[notice.kind])
        yield f"Status: {status}"
        yield from field("X-Souspli-Error", reason)
        if mail.until is not None:
            yield f"Will-Retry-Until: {moment(mail.until)}"
        yield ""


def _original(mail: ReportedMail) -> Iterator[str]:
    if mail.message_id is not None:
        said = f"<{mail.message_id.removeprefix('<').removesuffix('>')}>"
        if _MESSAGE_ID.fullmatch(said):
            yield from field("Message-ID", said)
    if mail.date is not None:
        yield from field("Date", mail.date)


def _in(say: Words, notice: Outgoing, mails: Sequence[ReportedMail]) -> str:
    lines = [say(_ABOUTS[notice.kind]), ""]
    for mail in mails:
        received = day(mail.received_at)
        if mail.of:
            count = len(mail.documents)
            lines.append(
                say(
                    "bridge_notice.mail",
                    queue_id=mail.queue_id,
                    received=received,
                    count=count,
                    of=mail.of,
                    ids=", ".join(one.document_id[:8] for one in mail.documents[:_MOST_NAMED]),
                )
            )
        else:
            lines.append(
                say("bridge_notice.mail_damaged", queue_id=mail.queue_id, received=received)
            )
        for reason in dict.fromkeys(_word(notice.kind, one) for one in mail.documents):
            lines.append("  " + say("bridge_notice.reason", reason=_explained(say, reason)))
        if mail.until is not None:
            lines.append("  " + say("bridge_notice.delayed_until", until=day(mail.until)))
    if len(mails) > 1:
        lines += ["", say("bridge_notice.several", count=len(mails))]
    lines += ["", say("bridge_notice.signature", domain=notice.domain)]
    return "\n".join(lines)


def _explained(say: Words, reason: str) -> str:
    if reason == _SERVICE_AWAY:
        return say("bridge_notice.service_away")
    known = say.get(f"bridge.reason_{reason}")
    return known or say("bridge_notice.other", reason=reason)


def _word(kind: Kind, document: ReportedDocument) -> str:
    """Give a reason that programs may read, and no header is broken by."""
    reason = document.reason
    if reason is None:
        return _SERVICE_AWAY if kind is Kind.DELAYED else "unexpected"
    return reason if _REASON.fullmatch(reason) else "unexpected"


def _final_recipient(address: str) -> str:
    spelt = f"rfc822; {address}"
    if not address.isascii():
        spelt = "utf-8; " + "".join(
            char if _PLAIN.fullmatch(char) else f"\\x{{{ord(char):02X}}}" for char in address
        )
    # A report needs one, also of a mail whose file can't be read any more.
    is_usable = address and len(spelt) <= MOST_VALUE and PRINTABLE.fullmatch(spelt)
    return spelt if is_usable else "x-souspli; unknown"
