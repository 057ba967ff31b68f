"""Breaks a program from outside: wraps its real adapters, then lets its real main run.

Production code has no hooks. What is wrapped are the classes behind the ports
(database, store, relay), the answers of the service, and the steps of `souspli send`.
A process is given one `Sabotage` before its main begins.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from crash.points import Act

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from crash.bugs import Bug
    from crash.points import Kind, Point

# A line that says nothing for so long is given up, instead of after a minute, or five
# for a whole part.
READ_SECONDS: Final = 3.0
TOTAL_SECONDS: Final = 10.0
# Longer than any test holds; beyond it a forgotten process ends.
HELD_SECONDS: Final = 120


@dataclass(frozen=True)
class Sabotage:
    """What is to happen in a process; it can be sent to one."""

    folder: Path
    """Where processes and harness leave each other notes."""
    point: Point | None = None
    bug: Bug | None = None

    @property
    def struck(self) -> Path:
        """Is there once the point was reached."""
        return self.folder / "struck"

    @property
    def go(self) -> Path:
        """Made by the harness, so that what is held goes on."""
        return self.folder / "go"

    @property
    def journal(self) -> Path:
        """What a client sealed and what it was told, a line each."""
        return self.folder / "journal"

    @property
    def clock(self) -> Path:
        """By how many seconds the service's clock is off; read at each look."""
        return self.folder / "clock"

    @property
    def spent(self) -> Sabotage:
        """The same folder and clock, and nothing that happens."""
        return replace(self, point=None, bug=None)

    @property
    def clock_is_off(self) -> int:
        """By so many seconds, now."""
        return int(self.clock.read_text()) if self.clock.exists() else 0

    def move_clock(self, seconds: int) -> None:
        """Have it jump, while the service runs."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(str(self.clock_is_off + seconds))
        beside.replace(self.clock)

    def now(self) -> float:
        """The clock of a service under sabotage."""
        return time.time() + self.clock_is_off

    def install_in_service(self) -> None:
        """Wrap what a service is made of."""
        from crash import in_service  # noqa: PLC0415  (a client loads nothing of it)

        in_service.install(self, Trap(self))
        if self.bug is not None:
            self.bug.install()

    def install_in_client(self) -> None:
        """Wrap the steps of `souspli send`, and write down what it seals and is told."""
        from crash import in_client  # noqa: PLC0415  (a service loads nothing of it)

        in_client.install(Trap(self), self.journal)


@dataclass
class Trap:
    """Waits for its point, and strikes once."""

    sabotage: Sabotage
    _seen: int = 0
    _armed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        point = self.sabotage.point
        self._armed = point is None or point.step.until is None

    def meets(self, kind: Kind, of: str) -> Act | None:
        """Say what is to happen at this step, now: None for every other one."""
        point = self.sabotage.point
        if point is None or (point.step.kind, point.step.of) != (kind, of):
            return None
        with self._lock:
            if not self._armed:
                return None
            self._seen += 1
            if self._seen != point.step.occurrence:
                return None
        if not point.act.kills:
            self.note()
        return point.act

    def committed(self, unit: str) -> None:
        """Begin to count, if this is what the step waits for."""
        point = self.sabotage.point
        if point is not None and point.step.until == unit:
            with self._lock:
                self._armed = True

    def note(self) -> None:
        """Tell the harness that the point was reached."""
        self.sabotage.struck.touch()

    def hold(self) -> None:
        """Wait here until the harness says go."""
        limit = time.monotonic() + HELD_SECONDS
        while not self.sabotage.go.exists():
            if time.monotonic() > limit:
                raise TimeoutError("nobody said go")
            time.sleep(0.02)

    def die(self) -> None:
        """End this process as `kill -9` does: nothing is tidied up."""
        self.note()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # not reached, and nothing must follow


def broken(
    trap: Trap, act: Act | None, call: Callable[[], Any], error: Callable[[], Exception]
) -> Any:
    """Make the call, with what is to happen around it."""
    if act is Act.KILL_BEFORE:
        trap.die()
    if act is Act.HELD_BEFORE:
        trap.hold()
    if act is Act.NOT_APPLIED:
        raise error()
    value = call()
    if act is Act.KILL_AFTER:
        trap.die()
    if act is Act.HELD_AFTER:
        trap.hold()
    if act is Act.APPLIED_BUT_FAILED:
        raise error()
    return value


async def broken_later(
    trap: Trap, act: Act | None, call: Callable[[], Awaitable[Any]], error: Callable[[], Exception]
) -> Any:
    """Do the same where the call is awaited."""
    if act is Act.KILL_BEFORE:
        trap.die()
    if act is Act.HELD_BEFORE:
        await asyncio.to_thread(trap.hold)
    if act is Act.NOT_APPLIED:
        raise error()
    value = await call()
    if act is Act.KILL_AFTER:
        trap.die()
    if act is Act.HELD_AFTER:
        await asyncio.to_thread(trap.hold)
    if act is Act.APPLIED_BUT_FAILED:
        raise error()
    return value
