"""The user's terminal: questions, progress and notes on stderr, results on stdout.

The words themselves stand in ``texts/`` (rules in ``words.py``). stdout carries
results and nothing else, so that a program may read it; with ``--json`` that is
exactly one JSON document.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.words import visible

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from souspli_cli.words import Words


class Progress(Protocol):
    """What long work reports to."""

    def update(self, done: int, total: int) -> None:
        """Say how much is done, and of how much."""
        ...


class _Silent:
    def update(self, done: int, total: int) -> None:
        del done, total


@dataclass(frozen=True)
class Terminal:
    """One command's way to speak with its user."""

    words: Words
    as_json: bool = False
    quiet: bool = False

    def note(self, key: str, **values: str | int) -> None:
        """Say something about the work, unless ``--quiet``."""
        if not self.quiet:
            self.say(key, **values)

    def say(self, key: str, **values: str | int) -> None:
        """Say what a question is about, ``--quiet`` or not."""
        self._stderr(self.words(key, **values))

    def warn(self, key: str, **values: str | int) -> None:
        """Say something that the user has to know, ``--quiet`` or not."""
        self._stderr(self.words("common.warning", text=self.words(key, **values)))

    def show(self, key: str, **values: str | int) -> None:
        """Print a line of the result for a person; nothing with ``--json``."""
        if not self.as_json:
            self.show_line(self.words(key, **values))

    def show_line(self, line: str) -> None:
        """Print a line of the result that is already in words."""
        if not self.as_json:
            print(line, flush=True)  # noqa: T201  (results go to stdout)

    def give(self, document: Mapping[str, object]) -> None:
        """Print the result for a program; nothing without ``--json``."""
        if self.as_json:
            # ASCII: whatever a name holds, it can't end a line or steer a terminal.
            print(json.dumps(document, ensure_ascii=True), flush=True)  # noqa: T201

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table for a person; values are made harmless."""
        if self.as_json:
            return
        from rich.console import Console  # noqa: PLC0415  (rich costs 60 ms)
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in head:
            # "fold": an address or an id cut short would be useless.
            table.add_column(title, overflow="fold")
        for row in rows:
            # Text, not str: brackets in a title are no markup.
            table.add_row(*(Text(visible(value)) for value in row))
        console = Console(file=sys.stdout, highlight=False, markup=False)
        if not console.is_terminal:
            console.width = 200  # rows stay on their line for grep
        console.print(table)

    @property
    def interactive(self) -> bool:
        """Whether there is a person to ask."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, key: str, *, option: str, **values: str | int) -> str:
        """Ask for a line of text.

        Raises:
            WrongUsage: There is nobody to ask, or no answer; ``option`` gives it instead.
        """
        if not self.interactive:
            raise WrongUsage("nobody_to_ask", option=option)
        print(  # noqa: T201  (a question)
            self.words(key, **values) + " ", end="", file=sys.stderr, flush=True
        )
        line = sys.stdin.readline()
        if not line.strip():
            raise WrongUsage("no_answer", option=option)
        return line.strip()

    def confirm(self, key: str, *, option: str, **values: str | int) -> bool:
        """Ask a yes-or-no question; anything that is not a clear yes is no."""
        answer = self.ask(key, option=option, **values).casefold()
        return answer in {"o", "oui", "y", "yes"}

    def ask_secret(self, key: str, *, option: str) -> str:
        """Ask for a secret without showing it."""
        if not self.interactive:
            raise WrongUsage("nobody_to_ask", option=option)
        try:
            # getpass opens the terminal itself and falls back to stderr, never stdout.
            secret = getpass.getpass(self.words(key) + " ", stream=sys.stderr)
        except EOFError:
            raise WrongUsage("no_answer", option=option) from None
        if not secret:
            raise WrongUsage("no_answer", option=option)
        return secret

    @contextlib.contextmanager
    def progress(self, key: str) -> Generator[Progress]:
        """Show how far long work has come, where somebody is watching."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield _Silent()
            return
        from rich import progress as bars  # noqa: PLC0415  (rich costs 60 ms)
        from rich.console import Console  # noqa: PLC0415

        columns = (
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.TaskProgressColumn(),
        )
        with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task(self.words(key), total=None)

            class _Shown:
                def update(self, done: int, total: int) -> None:
                    shown.update(task, completed=done, total=total)

            yield _Shown()

    def size(self, size: int) -> str:
        """Give a number of bytes as people read it."""
        if size < 1024:
            return self.words("common.size_bytes", n=size)
        if size < 1024**2:
            return self.words("common.size_kilobytes", n=-(-size // 1024))
        return self.words("common.size_megabytes", n=-(-size // 1024**2))

    def _stderr(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def prepare_streams() -> None:
    """Let no character that the terminal can't show end a command."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a TextIOWrapper


def checked_line(text: str, *, option: str, limit: int = 200) -> str:
    """Give back one line of text as signed things may carry it (encoding.md §3).

    Raises:
        Refused: Empty, longer than ``limit`` characters, or with characters that
            are obeyed instead of shown.
    """
    import unicodedata  # noqa: PLC0415

    from souspli_keys.canonical import check_text  # noqa: PLC0415  (not for --help)
    from souspli_keys.errors import CanonicalError  # noqa: PLC0415  (likewise)

    normal = unicodedata.normalize("NFC", text).strip()
    if not normal:
        raise Refused("text_empty", option=option)
    if len(normal) > limit:
        raise Refused("text_too_long", option=option, limit=limit)
    try:
        check_text(normal)
    except CanonicalError:
        raise Refused("text_has_controls", option=option) from None
    if visible(normal) != normal:
        raise Refused("text_has_controls", option=option)
    return normal
