"""Lines of the mails that a bridge writes to its laboratory: fields, moments, words. Pure.

Written line by line, all of it ASCII: the standard library folds and encodes fields that
must stay as they are.
"""

from __future__ import annotations

import functools
import quopri
import re
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from souspli_cli import words
from souspli_cli.words import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from souspli_cli.words import Words

# RFC 5322 §2.1.1 allows 998 in a line, its name included.
MOST_VALUE: Final = 900
PRINTABLE: Final = re.compile(r"[ -~]+")


def head(
    *, domain: str, to: str, subject: Callable[[Words], str], mail_id: str, now: int
) -> Iterator[str]:
    """Give the fields that each of these mails begins with; the rest is the mail's own.

    `subject`: in a language; both stand in the field. `mail_id`: of the Message-ID.
    """
    said = " / ".join(subject(say) for say in languages())
    yield from field("From", f"postmaster@{domain}")
    # Not ASCII: the envelope knows, and a header needs nobody's address.
    yield from field("To", to if to.isascii() else "undisclosed-recipients:;")
    yield f"Subject: =?utf-8?b?{b64encode(said.encode()).decode()}?="
    yield f"Date: {moment(now)}"
    yield from field("Message-ID", f"<{mail_id}@{domain}>")
    # What a bridge never answers: handed back to one, it goes no further.
    yield "Auto-Submitted: auto-replied"
    yield "MIME-Version: 1.0"


def field(name: str, value: str) -> Iterator[str]:
    """Give a header field; nothing for a value that is more than one line of ASCII."""
    if PRINTABLE.fullmatch(value) and len(value) <= MOST_VALUE:
        yield f"{name}: {value}"


def text(in_language: Callable[[Words], str]) -> Iterator[str]:
    """Give a text/plain part: the same in French, then in English."""
    french, english = languages()
    said = f"{in_language(french)}\n\n\n{in_language(english)}\n"
    yield "Content-Type: text/plain; charset=utf-8"
    yield "Content-Transfer-Encoding: quoted-printable"
    yield ""
    # No boundary can be in it: `=` is encoded.
    yield from quopri.encodestring(said.encode()).decode("ascii").split("\n")


@functools.cache
def languages() -> tuple[Words, Words]:
    """Give French and English."""
    return words.load(Language.FRENCH), words.load(Language.ENGLISH)


def moment(seconds: int) -> str:
    """Give a moment as a header field has it."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


def day(seconds: int) -> str:
    """Give a moment as people at the laboratory read it, in the machine's own time."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%d/%m/%Y %H:%M")


def joined(lines: Iterator[str]) -> bytes:
    """Give the mail, each line ended by CR LF."""
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")
