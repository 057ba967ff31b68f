"""Many runs beside each other: each waits most of its time, for a start or a retry."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

    from crash.story import Outcome

# Three services and their clients keep two cores busy.
LANES: Final = 3


@dataclass
class Matrix:
    """Outcomes by name; those that are asked for together run together. A context.

    Not an executor: its threads would stay, idle, for the rest of the tests' process.
    """

    folder: Path
    lanes: int = LANES
    _outcomes: dict[Hashable, Future[Outcome]] = field(default_factory=dict)
    _waiting: deque[tuple[Future[Outcome], partial[Outcome]]] = field(default_factory=deque)
    _running: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Matrix:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        for lane in list(self._running):
            lane.join()

    def begin(self, runs: Iterable[tuple[Hashable, Callable[[Path], Outcome]]]) -> None:
        """Have these run, each in a folder of its own, unless they do already."""
        for name, run in runs:
            if name not in self._outcomes:
                folder = self.folder / f"{len(self._outcomes):04}"
                self._outcomes[name] = Future()
                self._waiting.append((self._outcomes[name], partial(run, folder)))
        with self._lock:
            for _ in range(min(self.lanes - len(self._running), len(self._waiting))):
                lane = threading.Thread(target=self._lane, name="lane")
                self._running.append(lane)
                lane.start()

    def outcome(self, name: Hashable) -> Outcome:
        """Return how a run ended, once it has; raise what it raised."""
        return self._outcomes[name].result()

    def _lane(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running.remove(threading.current_thread())
                    return
                future, run = self._waiting.popleft()
            try:
                outcome, folder = run(), run.args[0]
                if outcome.held:
                    shutil.rmtree(folder, ignore_errors=True)  # tens of megabytes
                future.set_result(outcome)
            except BaseException as failed:  # noqa: BLE001  (raised where the outcome is asked for)
                future.set_exception(failed)
