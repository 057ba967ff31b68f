"""Reading a delivery status notification (RFC 3464): did a mail fail, and why. Pure.

Anybody may send anything here, so: bounded in size by who calls, no part is decoded, and
of what is read only a word of `BounceReason` gets out. Everything that is not plainly a
report of a failure (an out-of-office reply, a delay, a mail) is None.
"""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser, Parser
from email.policy import compat32
from typing import Final, cast

from souspli_mailbox.bounce_reasons import BounceReason, reason_of

# A report and our mail in it are 20 KiB. Some relays add their own mail's pictures.
MAX_REPORT_BYTES: Final = 262_144

# A report has three parts, a nested one is somebody's attempt at something else.
_MOST_BOUNDARIES: Final = 64

# Our mails have one recipient; an alias on the way may have made a few of it.
_MOST_RECIPIENTS: Final = 32

_ARRIVED: Final = frozenset({"delivered", "relayed", "expanded", "delayed"})


def read_report(raw: bytes) -> BounceReason | None:
    """Return why the mail failed for good; None if this is no report of that.

    `Action: failed` decides, which a relay says once it has given up (RFC 3464 §2.3.3).
    The class of its `Status` does not: after days of 4.2.2 it is still 4.2.2.
    """
    if len(raw) > MAX_REPORT_BYTES or raw.lower().count(b"multipart/") > _MOST_BOUNDARIES:
        return None
    try:
        fields = _recipients(BytesParser(policy=compat32).parsebytes(raw))
        if fields is None or not 1 <= len(fields) <= _MOST_RECIPIENTS:
            return None
        actions = [_word(one, "Action") for one in fields]
        if not all(action == "failed" for action in actions) or not _ARRIVED.isdisjoint(actions):
            return None
        return _reason(fields[0])
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError):
        # The parser promises never to raise; it has before. What it can't read is no report.
        return None


def _recipients(message: Message) -> list[Message] | None:
    """Return the fields of each recipient in the report; None if it is none."""
    report_type = message.get_param("report-type")
    is_report = (
        message.get_content_type() == "multipart/report"
        and isinstance(report_type, str)
        and report_type.lower() == "delivery-status"
        and message.is_multipart()
    )
    if not is_report:
        return None
    for part in _parts(message):
        if part.get_content_type() == "message/delivery-status":
            # The first is about the mail as a whole (RFC 3464 §2.1).
            return _parts(part)[1:]
        # RFC 6533's, for addresses that are not ASCII.
        if part.get_content_type() == "message/global-delivery-status":
            return _global(part)
    return None


def _global(part: Message) -> list[Message]:
    """Return the fields of each recipient in RFC 6533's form.

    The parser takes it for a mail: the first block for its header, the others for its text.
    """
    found: list[Message] = []
    for whole in _parts(part):
        text = whole.get_payload()
        blocks = str(text).replace("\r\n", "\n").split("\n\n", _MOST_RECIPIENTS + 1)
        found += [
            Parser(policy=compat32).parsestr(block, headersonly=True)
            for block in blocks
            if block.strip()
        ]
    return found


def _parts(message: Message) -> list[Message]:
    # Typed by the stub as anything that the header's class may be.
    payload: object = message.get_payload()
    if not isinstance(payload, list):
        return []
    found = cast("list[object]", payload)
    return [part for part in found if isinstance(part, Message)]


def _word(fields: Message, name: str) -> str:
    """Return a field's value without RFC 822's comment behind it."""
    return str(fields.get(name, "")).partition("(")[0].strip().lower()


def _reason(fields: Message) -> BounceReason:
    reason = reason_of(_word(fields, "Status"))
    if reason is not BounceReason.OTHER:
        return reason
    # 5.0.0, of a relay that knows no better: what the next one had answered to it.
    kind, _, text = str(fields.get("Diagnostic-Code", "")).partition(";")
    if kind.strip().lower() != "smtp":
        return reason
    words = text.split(None, 3)[:3]
    # "550 5.1.1 …", or "550-5.1.1 …" as the first of several lines.
    said = words[0][4:] if words and len(words[0]) > 3 else " ".join(words[1:2])
    return reason_of(said)
