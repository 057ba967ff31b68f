"""Finds the end of DATA in whatever pieces it arrives, and gives the mail's bytes.

docs/specs/bridge.md §3. Bytes in, values out. Searches are the C library's, over whole
pieces: line by line, Python would be what a laboratory waits for.
"""

from __future__ import annotations

from typing import Final

from souspli_cli.bridge.errors import LineTooLongError, SmuggledError

# Laboratories' software writes base64 and HL7 segments in one line.
MOST_LINE_BYTES: Final = 65_536

_END: Final = b"\r\n.\r\n"
# What one program takes for the end and another does not (SMTP smuggling, 2023). `\n.\r`
# is looked for as well: the true end has it, behind a `\r` and before a `\n`.
_NEVER: Final = (b"\n.\n", b"\r.\n", b"\r.\r")
_BEFORE: Final = b"\r\n"  # DATA begins behind a line's end

# Dots of a piece that are looked at one by one: those of a mail's headers, where the rest is
# base64, which has none. Of a text that is all dots, C's searches are faster.
_DOTS_ONE_BY_ONE: Final = 100


class DataReader:
    """Takes one mail's bytes; keeps them up to a limit, and looks for the end beyond it."""

    def __init__(self, *, most_bytes: int) -> None:
        self._data = bytearray(_BEFORE)
        self._most_bytes = most_bytes + len(_BEFORE) + len(_END)
        self.is_too_large = False
        """Whether the mail is beyond the limit: nothing of it is kept any more."""
        self._has_leading_dots = False

    @property
    def held_bytes(self) -> int:
        """How many bytes are kept."""
        return len(self._data)

    def feed(self, piece: bytes) -> bytes | None:
        """Take a piece; give what came behind the end of the mail, or None before that.

        Raises SmuggledError; then nothing behind it may be taken for a command.
        """
        data = self._data
        # The end may have begun in an earlier piece.
        start = max(0, len(data) - len(_END))
        data += piece
        dot = self._leading_dot(start)
        end = -1
        if dot >= 0:
            # The line end before it is looked at as well.
            start = max(start, dot - len(_BEFORE))
            end = data.find(_END, start)
            self._has_leading_dots |= end < 0 or end + len(_BEFORE) != dot
            self._check(start, len(data) if end < 0 else end + len(_END), end=end)
        rest = None
        if end >= 0:
            rest = bytes(data[end + len(_END) :])
            del data[end:]
        if self.is_too_large or len(data) > self._most_bytes:
            self.discard()
        return rest

    def discard(self) -> None:
        """Keep nothing of this mail, but go on looking for its end."""
        self.is_too_large = True
        del self._data[: -len(_END)]

    def content(self) -> bytes:
        """Give the mail with its dots taken off, once `feed` has found the end.

        Lines end with CR LF on the wire; the last one's end was the terminator's.
        Raises LineTooLongError.
        """
        data = self._data
        data += b"\r\n"
        _check_lines(data)
        if self._has_leading_dots:
            # RFC 5321 §4.5.2: the first of a line that has more than a dot is taken off.
            data = data.replace(b"\r\n.", b"\r\n")
        return bytes(memoryview(data)[len(_BEFORE) :])

    def _leading_dot(self, start: int) -> int:
        """Give where the first dot is that may stand behind a line's end; -1 if none does.

        All that is looked for has one: most of an attachment is searched for one byte.
        """
        data = self._data
        dot = start - 1
        for _ in range(_DOTS_ONE_BY_ONE):
            dot = data.find(b".", dot + 1)
            if dot < 0 or data[dot - 1] in _BEFORE:
                break
        return dot

    def _check(self, start: int, stop: int, *, end: int) -> None:
        data = self._data
        if any(data.find(wrong, start, stop) >= 0 for wrong in _NEVER):
            raise SmuggledError("a lone dot between other line ends than CR LF")
        found = data.find(b"\n.\r", start, stop)
        if found < 0 or found == end + 1:
            return
        # At the very end of what has come, the true end may still be on its way.
        if found + 3 < stop or not data.startswith(b"\r", found - 1):
            raise SmuggledError("a lone dot between other line ends than CR LF")


def _check_lines(data: bytearray) -> None:
    start = 0
    while len(data) - start > MOST_LINE_BYTES:
        line_end = data.rfind(b"\n", start, start + MOST_LINE_BYTES + 2)
        if line_end < 0:
            raise LineTooLongError("a line is too long")
        start = line_end + 1
