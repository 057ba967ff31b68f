"""One run over a line that fails: between clients and service, or service and relay."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from crash.proxy import Fault, Proxy, Trouble, Way
from crash.saboteur import shorten_patience
from crash.story import Outcome, Run

if TYPE_CHECKING:
    from pathlib import Path

    from crash.engines import Engines
    from crash.template import Template


class Link(StrEnum):
    """Which line fails."""

    CLIENTS = "clients and service"
    RELAY = "service and relay"


@dataclass(frozen=True)
class Weather:
    """One run's trouble. `segments`: of the document."""

    link: Link
    trouble: Trouble
    segments: int = 1

    def __str__(self) -> str:
        return f"{self.link}: {self.trouble}"


# Every second or third turn fails, six times: wherever that falls, in the dialogue of
# the sender first and of the reader then.
_CLIENTS = tuple(
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
_MIDDLE = tuple(
    Weather(
        Link.CLIENTS,
        Trouble(fault, way, first=first, every=1, times=1, offset=40_000),
        segments=3,
    )
    for fault in (Fault.RESET, Fault.HALF_OPEN, Fault.TRUNCATED)
    for way, first in ((Way.UP, 9), (Way.DOWN, 25))
)
# One fault at one turn of the dialogue with the relay: greeting, EHLO, MAIL, RCPT, DATA,
# the message, QUIT.
_RELAY = tuple(
    Weather(Link.RELAY, Trouble(fault, Way.DOWN, first=turn, offset=offset))
    for fault, offset in ((Fault.RESET, 0), (Fault.TRUNCATED, 2), (Fault.HALF_OPEN, 0))
    for turn in (1, 4, 9, 11)
)
_LATE = (
    Weather(Link.CLIENTS, Trouble(Fault.LATENCY)),
    Weather(Link.RELAY, Trouble(Fault.LATENCY)),
)

WEATHER = (*_CLIENTS, *_MIDDLE, *_RELAY, *_LATE)


def tell(template: Template, engines: Engines, folder: Path, *, weather: Weather) -> Outcome:
    """Run the whole story through it."""
    shorten_patience()
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(0, trouble=weather.trouble))
        run = stack.enter_context(
            Run(
                template,
                engines,
                folder,
                segments=weather.segments,
                line=proxy if weather.link is Link.CLIENTS else None,
                mail_line=proxy if weather.link is Link.RELAY else None,
            )
        )
        run.stray()
        run.node.start(run.quiet)
        run.go_through(run.quiet)
        run.node.stop()
        return Outcome(
            broken=run.look(),
            struck=proxy.struck > 0,
            lives=run.node.lives,
            mails=len(run.mails.mails()),
        )
