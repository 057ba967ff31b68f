"""``souspli demo --days 31``: a letter that nobody answers, from the invitation to the certificate.

The real programs, each with its clock so many days ahead (`later.py`): what is told is
what a practice would see on those days.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from souspli_cli.demo_world import PATIENT_ADDRESS, World
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from souspli_cli.demo_engines import Engines
    from souspli_cli.terminal import Terminal

DAY_SECONDS: Final = 86_400

# docs/specs/pending.md §2; a demo of fewer days tells fewer of them.
REMINDER_DAYS: Final = (3, 10, 20, 27)
END_DAY: Final = 30
# Of a document that nobody marked as pressing: not collected after 25 days.
LISTED_DAY: Final = 26

# Seconds of real time for a job to be noticed and done.
WAIT: Final = 30.0
PAUSE: Final = 0.2


class Calendar:
    """The days that have passed, as all programs of the demo read them from one file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ahead"
        self.go_to(0)

    def go_to(self, day: int) -> None:
        """Let the day begin, an hour later than the first one: mails a day apart are."""
        hours = DAY_SECONDS // 24 if day else 0
        part = self.file.with_suffix(".part")
        part.write_text(str(day * DAY_SECONDS + hours), encoding="ascii")
        part.replace(self.file)


def tell_days(terminal: Terminal, folder: Path, engines: Engines, *, days: int) -> None:
    """Tell the story of so many days; `Refused` if anything is not as it has to be."""
    calendar = Calendar(folder)
    language = terminal.words.language.value
    with World(folder, language=language, settings=engines.settings, ahead=calendar.file) as world:
        story = _Story(terminal, world, calendar)
        story.invited(engines)
        for day in range(1, days + 1):
            story.pass_day(day)
        terminal.give({"days": story.told})


class _Story:
    def __init__(self, terminal: Terminal, world: World, calendar: Calendar) -> None:
        self.told: list[dict[str, object]] = []
        self._terminal = terminal
        self._world = world
        self._calendar = calendar
        self._mails = 0

    def invited(self, engines: Engines) -> None:
        """Day 0: an invitation, a document, a mail."""
        self._day(0)
        invited = self._world.start()
        engines.let_in(invited.page.rstrip("/"))
        self._say("demo.days_invited", letter=str(invited.letter))
        self._world.send(self._world.make_report())
        self._mailed()
        self._show("sent")
        self._tell(0, "invited", mails=self._mails)

    def pass_day(self, day: int) -> None:
        """Let a day pass, and tell what happens on it if anything does."""
        if day in REMINDER_DAYS:
            self._day(day)
            self._mailed()
            self._tell(day, "reminded", mails=self._mails)
        elif day == LISTED_DAY:
            self._day(day)
            self._show("worklist")
            self._tell(day, "not-collected", items=self._world.run("worklist")["items"])
        elif day == END_DAY + 1:
            self._day(day)
            self._purged(day)

    def _purged(self, day: int) -> None:
        def ended() -> bool:
            outlook = self._world.operate("purge", "--dry-run")
            return not outlook["due"] and not outlook["under_way"]

        _until(ended)
        self._show("worklist")
        self._show("certificate")
        certificate = self._world.run("certificate")["certificates"]
        if len(certificate) != 1:
            raise Refused("demo_failed", step="certificate")
        if len(self._world.mails()) != self._mails:
            # Whoever is forgotten is not written to.
            raise Refused("demo_failed", step="purge")
        left = self._traces()
        if left:
            raise Refused("demo_failed", step="purge")
        self._say("demo.days_nothing_left", address=PATIENT_ADDRESS)
        self._tell(day, "purged", certificate=certificate[0])

    def _traces(self) -> list[str]:
        """Files of the service in which the patient's address still stands."""
        needle = PATIENT_ADDRESS.encode()
        return [
            path.name
            for path in self._world.data.rglob("*")
            if path.is_file() and needle in path.read_bytes()
        ]

    def _mailed(self) -> None:
        _until(lambda: len(self._world.mails()) > self._mails)
        for mail in self._world.mails()[self._mails :]:
            self._say("demo.days_mail", subject=mail.subject)
            if self._mails <= 1:
                # The first of each kind.
                self._lines(
                    "\n".join(
                        itertools.takewhile(lambda line: line != "--", mail.text().splitlines())
                    )
                )
            self._mails += 1

    def _show(self, verb: str) -> None:
        self._say("demo.days_typed", verb=verb)
        self._lines(self._world.words(verb))

    def _day(self, day: int) -> None:
        self._calendar.go_to(day)
        self._say("demo.days_day", day=day)

    def _say(self, key: str, **values: str | int) -> None:
        self._terminal.show(key, **values)

    def _lines(self, text: str) -> None:
        for line in text.rstrip("\n").splitlines():
            self._terminal.show_line(f"  │ {line.rstrip()}")

    def _tell(self, day: int, event: str, **more: Any) -> None:
        self.told.append({"day": day, "event": event, **more})


def _until(happens: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT
    while not happens():
        if time.monotonic() > limit:
            raise Refused("demo_no_mail")
        time.sleep(PAUSE)
