"""One run over a line that fails, wherever there is one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from crash.engines import EMBEDDED, LARGE
from crash.proxy import Fault, Proxy, Trouble, Way
from crash.story import Outcome, Run

if TYPE_CHECKING:
    from pathlib import Path

    from crash.engines import Engines
    from crash.template import Template


class Link(StrEnum):
    """Which line fails."""

    CLIENTS = "clients and service"
    RELAY = "service and relay"
    DATABASE = "service and database"
    STORE = "service and store"


@dataclass(frozen=True)
class Weather:
    """One run's trouble. `segments`: of the document."""

    link: Link
    trouble: Trouble
    segments: int = 1

    @property
    def engines(self) -> Engines:
        """On which it is tried: a file has no line."""
        return LARGE if self.link in {Link.DATABASE, Link.STORE} else EMBEDDED

    def __str__(self) -> str:
        return f"{self.link}: {self.trouble}"


# Every second or third turn fails, six times: wherever that falls, in the dialogue of
# the sender first and of the reader then.
_CLIENTS: Final = tuple(
    Weather(Link.CLIENTS, Trouble(fault, way, first=2, every=every, times=6, offset=offset))
    for fault, way, offset in (
        (Fault.RESET, Way.UP, 20),
        (Fault.RESET, Way.DOWN, 0),
        (Fault.TRUNCATED, Way.DOWN, 60),
        (Fault.HALF_OPEN, Way.UP, 20),
        (Fault.HALF_OPEN, Way.DOWN, 0),
    )
    for every in (2, 3)
)
# In the middle of a part, on its way up and on its way down.
_MIDDLE: Final = tuple(
    Weather(Link.CLIENTS, Trouble(fault, way, first=first, offset=40_000), segments=3)
    for fault in (Fault.RESET, Fault.HALF_OPEN, Fault.TRUNCATED)
    for way, first in ((Way.UP, 11), (Way.DOWN, 21))
)
# One fault at one turn of the dialogue with the relay: greeting, EHLO, MAIL, RCPT, DATA,
# the message, QUIT.
_RELAY: Final = tuple(
    Weather(Link.RELAY, Trouble(fault, Way.DOWN, first=turn, offset=offset))
    for fault, offset in ((Fault.RESET, 0), (Fault.TRUNCATED, 2), (Fault.HALF_OPEN, 0))
    for turn in (1, 4, 9, 11)
)
# Each turn is a statement or a commit. Not half-open: that takes the system's own
# keepalive to notice (postgresql_server.KEEPALIVE), which a proxy answers.
_DATABASE: Final = tuple(
    Weather(Link.DATABASE, Trouble(fault, way, first=120, every=every, times=6, offset=offset))
    for fault, way, offset in (
        (Fault.RESET, Way.UP, 3),
        (Fault.RESET, Way.DOWN, 0),
        (Fault.TRUNCATED, Way.DOWN, 2),
    )
    for every in (23, 31)
)
# Once the service runs: without its store it does not start, and says so. Four turns
# begin an upload, four more put a part; a document of one segment takes three in all.
_STORE: Final = tuple(
    Weather(
        Link.STORE,
        Trouble(fault, way, first=first, every=every, times=times, offset=offset),
        segments=segments,
    )
    for fault, way, offset, first, every, times, segments in (
        (Fault.RESET, Way.UP, 20, 4, 2, 6, 3),
        # In the middle of a part.
        (Fault.RESET, Way.UP, 40_000, 6, 1, 6, 3),
        (Fault.RESET, Way.DOWN, 0, 4, 2, 6, 3),
        (Fault.TRUNCATED, Way.DOWN, 60, 4, 3, 6, 3),
        (Fault.HALF_OPEN, Way.DOWN, 0, 4, 3, 3, 3),
        (Fault.SLOW_DOWN, Way.UP, 0, 4, 2, 6, 3),
        # Longer than the client library tries by itself.
        (Fault.SLOW_DOWN, Way.UP, 0, 4, 1, 12, 3),
        (Fault.RESET, Way.UP, 40_000, 1, 1, 6, 1),
        (Fault.RESET, Way.DOWN, 0, 2, 2, 6, 1),
        (Fault.HALF_OPEN, Way.DOWN, 0, 2, 3, 3, 1),
    )
)
_LATE: Final = tuple(Weather(link, Trouble(Fault.LATENCY, seconds=0.02)) for link in Link)

WEATHER: Final = (*_CLIENTS, *_MIDDLE, *_RELAY, *_DATABASE, *_STORE, *_LATE)


def tell(template: Template, engines: Engines, folder: Path, *, weather: Weather) -> Outcome:
    """Run the whole story through it."""
    with ExitStack() as stack:
        later = weather.link is Link.STORE
        proxy = stack.enter_context(Proxy(0, trouble=None if later else weather.trouble))
        lines = {
            Link.CLIENTS: "line",
            Link.RELAY: "mail_line",
            Link.DATABASE: "database_line",
            Link.STORE: "store_line",
        }
        run = stack.enter_context(
            Run(
                template,
                engines,
                folder,
                segments=weather.segments,
                # Through the service, so that parts take the line that fails.
                direct=weather.link is not Link.STORE,
                **{lines[weather.link]: proxy},
            )
        )
        run.stray()
        run.node.start(run.quiet)
        if later:
            proxy.begin(weather.trouble)
        run.go_through(run.quiet)
        run.node.stop()
        return Outcome(
            broken=run.look(),
            struck=proxy.struck > 0,
            lives=run.node.lives,
            mails=len(run.mails.mails()),
        )
