"""Where the next page begins: the last row's moment and id, as one word in the query."""

import re
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100

# Sixteen digits: a moment within ±(2^53 − 1), as everywhere.
_CURSOR: Final = re.compile(r"([0-9]{1,16})\.([0-9a-f]{32})", re.ASCII)
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)

Cursor = tuple[int, str]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for."""

    after: Cursor | None
    limit: int


def read_page_request(request: web.Request) -> PageRequest:
    """Return the page that the query names; Refusal `bad-request` for a query that is none."""
    cursor = request.query.get("after")
    return PageRequest(
        after=None if cursor is None else _cursor(cursor),
        limit=read_limit(request) or DEFAULT_LIMIT,
    )


def read_limit(request: web.Request) -> int | None:
    """Return how many rows the query asks for; None if it does not say."""
    limit = request.query.get("limit")
    return None if limit is None else _limit(limit)


def next_cursor(rows: int, *, limit: int, last: Cursor | None) -> str | None:
    """Return the cursor after `last`, None if the page was not full."""
    return None if last is None or rows < limit else f"{last[0]}.{last[1]}"


def _cursor(text: str) -> Cursor:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Refusal(ProblemKind.BAD_REQUEST)
    return int(found[1]), found[2]


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text) or int(text) > MAX_LIMIT:
        raise Refusal(ProblemKind.BAD_REQUEST)
    return int(text)
