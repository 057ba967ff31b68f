"""Whether people can be sent here: database, store and relay, each by itself.

Database and store are asked when somebody wants to know, at most once a second however
many ask; the relay in the background, since it is somebody else's machine. An answer
that does not come in time is the answer "away".

**Without the relay the service is degraded, and ready.** A deposit is still taken
durably, and its mail is a job that waits for the relay, three days if need be
(`jobs.py`). Refusing senders because mail is slow would lose what is not lost; and
every node would leave at once, since all have the same relay. What can't be done is
signing up: the one-time code comes late. Hence the state of its own, to be alarmed by.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from souspli_mailbox.protocol.service import ReadinessAnswer

# Load balancers ask every few seconds, each of them; anybody may ask as well. More often
# than this says nothing new, and costs the store a call.
REMEMBERED_SECONDS: Final = 1.0

# Less than the second that Kubernetes and HAProxy wait by default, so that they hear
# which part is away rather than nothing.
CHECK_SECONDS: Final = 0.8

# A relay that is away for half a minute loses nothing and needs no alarm sooner.
RELAY_EVERY_SECONDS: Final = 30.0
RELAY_CHECK_SECONDS: Final = 5.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


class Part(StrEnum):
    """What the service needs to do its work."""

    DATABASE = "database"
    STORE = "store"
    RELAY = "relay"


class State(StrEnum):
    """Of a part, as it is said to anybody: no address, no cause."""

    OK = "ok"
    AWAY = "away"
    UNKNOWN = "unknown"
    """Not asked yet: the first seconds of a process."""


class Overall(StrEnum):
    """Of the process."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"
    STOPPING = "stopping"


READY: Final = frozenset({Overall.OK, Overall.DEGRADED})

Check = Callable[[], Awaitable[object]]
"""Returns if the part does its work, raises if it doesn't."""


@dataclass(slots=True)
class _Asked:
    """One part, its newest state, and the question that is still under way."""

    state: State = State.UNKNOWN
    at: float = float("-inf")
    running: asyncio.Task[object] | None = None


class Readiness:
    """Asks the parts; remembers what they said."""

    def __init__(self, checks: Mapping[Part, Check]) -> None:
        """`checks`: one for each part."""
        self._checks = dict(checks)
        self._asked = {part: _Asked() for part in Part}

    async def answer(self, *, stopping: bool) -> ReadinessAnswer:
        """Return the state of each part, and what follows for the process."""
        await asyncio.gather(self._refresh(Part.DATABASE), self._refresh(Part.STORE))
        states = self.states()
        return ReadinessAnswer(
            status=overall(states, stopping=stopping).value,
            database=states[Part.DATABASE].value,
            store=states[Part.STORE].value,
            relay=states[Part.RELAY].value,
        )

    def states(self) -> Mapping[Part, State]:
        """Return what is known now, asking nobody."""
        return {part: asked.state for part, asked in self._asked.items()}

    async def watch_relay(self) -> None:
        """Ask the relay every half minute, until cancelled."""
        while True:
            await self._ask(Part.RELAY, seconds=RELAY_CHECK_SECONDS)
            await asyncio.sleep(RELAY_EVERY_SECONDS)

    async def close(self) -> None:
        """Forget the questions that have no answer yet."""
        for asked in self._asked.values():
            if asked.running is not None:
                asked.running.cancel()
                await asyncio.wait({asked.running})

    async def _refresh(self, part: Part) -> None:
        if time.monotonic() - self._asked[part].at >= REMEMBERED_SECONDS:
            await self._ask(part, seconds=CHECK_SECONDS)

    async def _ask(self, part: Part, *, seconds: float) -> None:
        """Ask, or wait for whoever has asked already; a hanging part is asked once."""
        asked = self._asked[part]
        # One that ended after its time was up says how things were then.
        if asked.running is None or asked.running.done():
            asked.running = asyncio.ensure_future(self._check(part))
            asked.running.add_done_callback(_hear)
        running = asked.running
        # Not cancelled when the time is up: the thread behind it would hang on, and the
        # next question hang another one.
        done, _ = await asyncio.wait({running}, timeout=seconds)
        if not done:
            self._note(part, State.AWAY, failure="Timeout")
            return
        failed = None if running.cancelled() else running.exception()
        if running.cancelled() or failed is not None:
            self._note(part, State.AWAY, failure=type(failed).__name__)
        else:
            self._note(part, State.OK, failure=None)

    async def _check(self, part: Part) -> object:
        return await self._checks[part]()

    def _note(self, part: Part, state: State, *, failure: str | None) -> None:
        asked = self._asked[part]
        if asked.state is not state and (state is not State.OK or asked.state is State.AWAY):
            # Once for each change: what lasts must not fill the log.
            _log.warning("part-changed", part=part.value, state=state.value, failure=failure)
        asked.state, asked.at = state, time.monotonic()


def _hear(ended: asyncio.Task[object]) -> None:
    # Or asyncio would complain of a failure that came too late for anybody to ask.
    if not ended.cancelled():
        ended.exception()


def overall(states: Mapping[Part, State], *, stopping: bool) -> Overall:
    """Return what the parts' states mean together."""
    if stopping:
        return Overall.STOPPING
    if states[Part.DATABASE] is not State.OK or states[Part.STORE] is not State.OK:
        return Overall.UNAVAILABLE
    return Overall.DEGRADED if states[Part.RELAY] is State.AWAY else Overall.OK
