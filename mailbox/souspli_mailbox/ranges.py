"""The `Range` header, one range of bytes (RFC 9110 §14): pure."""

import re
from typing import Final

from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind

# At most as many digits as 2^63 has: no unbounded integers from a header.
_SINGLE: Final = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.ASCII)


def read_range(header: str | None, *, length: int) -> range | None:
    """Return the bytes that are asked for, None for all of them.

    Anything but one well-formed range is ignored, as RFC 9110 allows: several ranges
    would be many small reads for one request. Raises Refusal
    `range-not-satisfiable` for a range that begins after the end.
    """
    found = _SINGLE.fullmatch((header or "").strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if int(suffix) == 0:
            raise Refusal(ProblemKind.RANGE_NOT_SATISFIABLE)
        return range(max(0, length - int(suffix)), length)
    start = int(first)
    if last and int(last) < start:
        return None  # not a range at all
    if start >= length:
        raise Refusal(ProblemKind.RANGE_NOT_SATISFIABLE)
    return range(start, min(int(last) + 1, length) if last else length)
