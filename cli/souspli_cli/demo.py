"""``souspli demo``: the whole way of a document, on one machine, without configuration."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Final

import click

from souspli_cli.browser import open_page
from souspli_cli.demo_bridge import PATIENT as BRIDGE_PATIENT
from souspli_cli.demo_bridge import DemoBridge, Listening
from souspli_cli.demo_days import tell_days
from souspli_cli.demo_engines import Engines, EnginesKind, started
from souspli_cli.demo_folder import throw_away_folder
from souspli_cli.demo_world import PATIENT, PATIENT_ADDRESS, Invited, World
from souspli_cli.errors import WrongUsage
from souspli_cli.mailcatcher import CaughtMail
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb

# Seconds between two looks at the mailbox.
MAIL_PAUSE: Final = 0.1

# Of `--days`: all has happened by then.
MOST_DAYS: Final = 60


@verb("demo")
@click.option("--check", is_flag=True)
@click.option("--pdf", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--damage", is_flag=True)
@click.option("--pictures", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--no-browser", is_flag=True)
@click.option("--bridge", is_flag=True)
@click.option("--days", type=click.IntRange(min=1, max=MOST_DAYS), metavar="NUMBER")
@click.option(
    "--engines", type=click.Choice([kind.value for kind in EnginesKind]), default="embedded"
)
def demo(
    terminal: Terminal,
    *,
    check: bool,
    pdf: Path | None,
    damage: bool,
    pictures: Path | None,
    no_browser: bool,
    bridge: bool,
    days: int | None,
    engines: str,
) -> None:
    """Start it all and stay up until SIGTERM or Ctrl-C; or check it all and end."""
    if not check and (damage or pictures):
        raise WrongUsage("demo_needs_check")
    if days is not None and (check or pdf or bridge):
        raise WrongUsage("demo_days_alone")
    kind = EnginesKind(engines)
    if damage and kind is not EnginesKind.EMBEDDED:
        raise WrongUsage("demo_damages_a_folder")
    with (
        throw_away_folder() as folder,
        _ended_by_signals() as ended,
        started(kind, folder / "engines") as real,
    ):
        if check:
            from souspli_cli.demo_check import run_check  # noqa: PLC0415  (Playwright: 0.3 s)

            run_check(
                terminal, folder, real, pdf=pdf, damage=damage, pictures=pictures, bridge=bridge
            )
            return
        if days is not None:
            tell_days(terminal, folder, real, days=days)
            return
        _stay(terminal, folder, real, ended, pdf=pdf, no_browser=no_browser, bridge=bridge)


def _stay(
    terminal: Terminal,
    folder: Path,
    engines: Engines,
    ended: threading.Event,
    *,
    pdf: Path | None,
    no_browser: bool,
    bridge: bool,
) -> None:
    terminal.note("demo.starting")
    language = terminal.words.language.value
    mails: queue.SimpleQueue[CaughtMail] = queue.SimpleQueue()
    with (
        World(folder, heard=mails.put, language=language, settings=engines.settings) as world,
        DemoBridge(world) as laboratory,
    ):
        invited = world.start()
        engines.let_in(invited.page.rstrip("/"))
        report = pdf or world.make_report()
        world.send(report)
        told = _for_programs(world, invited) | {"sent": str(report)}
        _show(terminal, world, invited)
        if bridge:
            terminal.note("demo.bridge_starting")
            listening = laboratory.start(invited)
            _show_bridge(terminal, laboratory, listening)
            told["bridge"] = listening.for_programs(laboratory.profile)
        terminal.show("demo.until")
        terminal.give(told)
        if not (terminal.as_json or no_browser):
            open_page(invited.page)
        while not ended.wait(MAIL_PAUSE):
            while not mails.empty():
                _show_mail(terminal, mails.get())
        terminal.note("demo.ending")


def _show(terminal: Terminal, world: World, invited: Invited) -> None:
    year, month, day = PATIENT["birth_date"].split("-")
    terminal.show("demo.page", page=invited.page)
    terminal.show("demo.number", number=invited.read.letter_number)
    terminal.show("demo.code", code=invited.read.code)
    terminal.show("demo.person", name=PATIENT["birth_name"], born=f"{day}/{month}/{year}")
    terminal.show("demo.letter", path=str(invited.letter))
    terminal.show("demo.sender", profile=str(world.profile))


def _show_bridge(terminal: Terminal, laboratory: DemoBridge, bridge: Listening) -> None:
    year, month, day = BRIDGE_PATIENT["birth_date"].split("-")
    letter = bridge.patient.read
    terminal.show("demo.bridge_listens", listen=f"{bridge.host}:{bridge.port}")
    terminal.show("demo.bridge_number", number=letter.letter_number)
    terminal.show("demo.code", code=letter.code)
    born = f"{day}/{month}/{year}"
    terminal.show("demo.person", name=BRIDGE_PATIENT["birth_name"], born=born)
    terminal.show("demo.bridge_sender", profile=str(laboratory.profile))
    terminal.show("demo.bridge_line")
    terminal.show_line(f"  {bridge.swaks()}")


def _for_programs(world: World, invited: Invited) -> dict[str, object]:
    """What scripts and other clients need to drive the demo."""
    return {
        "service": invited.service,
        "page": invited.page,
        "profile": str(world.profile),
        "patient_email": PATIENT_ADDRESS,
        "letter_number": invited.read.letter_number.replace(" ", ""),
        "code": invited.read.code,
        "surname": PATIENT["birth_name"],
        "birth_date": PATIENT["birth_date"],
        "letter": str(invited.letter),
        "mail_folder": str(world.mail_folder),
        "data": str(world.data),
    }


def _show_mail(terminal: Terminal, mail: CaughtMail) -> None:
    """Show a mail as it was sent: the demo's patient has no other mailbox."""
    terminal.show("demo.mail", recipient=", ".join(mail.recipients), subject=mail.subject)
    for line in mail.text().splitlines():
        terminal.show_line(f"  │ {line}")


@contextlib.contextmanager
def _ended_by_signals() -> Generator[threading.Event]:
    """SIGTERM and Ctrl-C end the demo in order: service stopped, folder removed."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if ended.is_set() or number == signal.SIGINT:
            # In the middle of a step: give it up; what was started is stopped on the way.
            ended.set()
            raise KeyboardInterrupt
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    except KeyboardInterrupt:
        if not ended.is_set():
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
