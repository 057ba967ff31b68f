"""A month passes in a moment: the clock of `souspli_cli.later`, for every program of a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

DAY: Final = 86_400


class Calendar:
    """How far the clocks of the service and of the practice are ahead."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.go_to(0)

    def go_to(self, day: int) -> None:
        part = self.file.with_suffix(".part")
        part.write_text(str(day * DAY))
        part.replace(self.file)

    @property
    def program(self) -> list[str]:
        return [sys.executable, "-m", "souspli_cli.later", str(self.file)]
