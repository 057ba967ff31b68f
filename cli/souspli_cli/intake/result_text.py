"""Results that came as fields, as a text that a person can read.

Copied, never computed: no number is rounded, no unit converted, no flag explained. The
original travels beside it.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from souspli_cli.intake.errors import BeyondLimitsError

MOST_TEXT_BYTES: Final = 4_194_304
"""Of one text that somebody is to read: a thousand pages."""

_DROPPED: Final = dict.fromkeys([*range(9), *range(0x0B, 0x0D), *range(0x0E, 0x20), 0x7F], None)

_NORMAL: Final = "N"  # table 0078, and HPRIM's; every other flag stands as it came


class ResultText:
    """Collects lines; `content` is empty if none came."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lines: list[str] = []
        self._results = 0
        self._label: str | None = None
        self._room = MOST_TEXT_BYTES

    def claim(self, length: int) -> None:
        """Take room for a value of so many bytes, before it is decoded.

        Raises BeyondLimitsError if the text gets too long: unescaping and cleaning go
        letter by letter.
        """
        self._room -= length
        if self._room < 0:
            raise BeyondLimitsError("text")

    @property
    def content(self) -> bytes:
        """All lines in UTF-8; nothing if there were headings and comments only."""
        text = "\n".join(self._lines).strip("\n")
        return f"{text}\n".encode("utf-8", "replace") if self._results else b""

    def heading(self, title: str | None) -> None:
        """Begin another group of results."""
        self._label = None
        if title:
            self._lines += ["", title]

    def result(
        self, label: str | None, value: str, *, unit: str | None, bounds: str | None, flags: str
    ) -> None:
        """One measured or coded value."""
        shown = " ".join(_readable(value).split())
        words = [f"{label or ''} : {shown}" if label else shown]
        words += [unit] if unit else []
        words += [f"({bounds})"] if bounds else []
        words += [f"[{flags}]"] if flags not in {"", _NORMAL} else []
        self._label = None
        self._add(" ".join(words))

    def paragraph(self, label: str | None, value: str) -> None:
        """Free text of any number of lines; its label once for all lines that share it."""
        if label and label != self._label:
            self._add(label)
        self._label = label
        for line in _readable(value).split("\n"):
            self._add(line.rstrip())

    def comment(self, value: str) -> None:
        """A remark about what came last."""
        self._lines += [f"    {line.rstrip()}" for line in _readable(value).split("\n")]

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._results += 1


def _readable(value: str) -> str:
    # No NFC here: the length is anybody's, and a text file may be in any form.
    text = value.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)
    return "".join(c for c in text if c.isascii() or unicodedata.category(c) not in {"Cc", "Cs"})
