"""Which bytes of a mail say that it is the same as another (docs/specs/bridge.md §4). Pure."""

from __future__ import annotations

import re
from typing import Final

# RFC 5321 §4.4: what each server on the way writes in front.
_TRACE: Final = re.compile(
    rb"(?:(?:Received|Return-Path)[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+", re.IGNORECASE
)
_LINES: Final = re.IGNORECASE | re.MULTILINE
_MESSAGE_ID: Final = re.compile(rb"^Message-ID[ \t]*:[ \t]*<[^\r\n]+>[ \t]*\r$", _LINES)
_DATE: Final = re.compile(rb"^Date[ \t]*:[ \t]*[^ \t\r\n][^\r\n]*\r$", _LINES)
_END: Final = b"\r\n\r\n"


def what_counts(content: bytes) -> bytes | memoryview:
    """Give the mail without what servers wrote in front of it on its way.

    Only of a mail that has both a Message-ID and a date: of others, what tells two mails
    from each other may be nothing else than when a server saw them.
    """
    trace = _TRACE.match(content)
    if trace is None:
        return content
    headers = content[trace.end() : content.find(_END, trace.end()) + 2]
    if _MESSAGE_ID.search(headers) and _DATE.search(headers):
        return memoryview(content)[trace.end() :]
    return content
