"""Many runs beside each other: each waits most of its time, for a start or a retry."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

    from crash.story import Outcome

# Three services and their clients keep two cores busy.
LANES: Final = 3


@dataclass
class Matrix:
    """Outcomes by name; those that are asked for together run together. A context."""

    folder: Path
    lanes: int = LANES
    _outcomes: dict[Hashable, Future[Outcome]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.lanes, thread_name_prefix="lane")

    def __enter__(self) -> Matrix:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, runs: Iterable[tuple[Hashable, Callable[[Path], Outcome]]]) -> None:
        """Have these run, each in a folder of its own, unless they do already."""
        for name, run in runs:
            if name not in self._outcomes:
                folder = self.folder / f"{len(self._outcomes):04}"
                self._outcomes[name] = self._pool.submit(run, folder)

    def outcome(self, name: Hashable) -> Outcome:
        """Return how a run ended, once it has; raise what it raised."""
        return self._outcomes[name].result()
