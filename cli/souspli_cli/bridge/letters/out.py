"""Where letters leave the bridge: a folder that somebody watches, or a program that prints.

docs/specs/bridge.md §14. The one plaintext that a laboratory wants on its disk: it is to be
printed. A letter is handed over whole or not at all, and may be handed over twice, the same
both times, if the bridge is killed in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from souspli_cli import files
from souspli_cli.bridge.errors import NotPrintedError
from souspli_cli.bridge.letters.policy import check_folder
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A print queue takes a letter in a second; a program that hangs is ended: documents wait.
PRINT_SECONDS: Final = 10.0

_UNFINISHED: Final = ".unfinished-"


class WayOut(Protocol):
    """Hands letters over."""

    async def hand_over(self, letter_number: str, printed: bytes) -> None:
        """Return once the letter is whoever prints it's; a repeat is harmless.

        Raises OSError or NotPrintedError: nobody has it, the same again later.
        """
        ...


@dataclass(frozen=True)
class LettersFolder:
    """Files `letter-<letter number>.pdf`, mode 0600. The number says nothing of anybody."""

    folder: Path
    profile: Path

    def tidy(self) -> None:
        """Remove what a bridge that was killed began to write."""
        with contextlib.suppress(OSError):
            for path in self.folder.glob(f"{_UNFINISHED}*"):
                path.unlink(missing_ok=True)

    async def hand_over(self, letter_number: str, printed: bytes) -> None:
        """Write the file whole; durable when this returns."""
        try:
            # Each time: somebody may have opened the folder to everybody since.
            check_folder(self.folder, profile=self.profile)
        except Refused as refused:
            raise NotPrintedError(refused.name) from None
        path = self.folder / f"letter-{letter_number}.pdf"
        unfinished = self.folder / f"{_UNFINISHED}{path.name}"
        unfinished.unlink(missing_ok=True)
        try:
            files.create(unfinished, printed)
            # A crash before this line: no letter, and the next start removes the rest.
            unfinished.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        files.sync_folder(self.folder)


@dataclass(frozen=True)
class PrintCommand:
    """A program that is given each letter by standard input, and ends with 0."""

    arguments: Sequence[str]

    async def hand_over(self, letter_number: str, printed: bytes) -> None:
        """Run the program. No shell, and nothing of the letter among its arguments."""
        del letter_number
        ended = await asyncio.to_thread(self._run, printed)
        if ended != 0:
            raise NotPrintedError("print_command")

    def _run(self, printed: bytes) -> int | None:
        try:
            return subprocess.run(  # noqa: S603  (the operator's own command)
                list(self.arguments),
                input=printed,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PRINT_SECONDS,
                check=False,
            ).returncode
        except (subprocess.SubprocessError, OSError):
            return None
