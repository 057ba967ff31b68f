"""``souspli purge``: letters that nobody answered, on the service's machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.serve import load_settings
from souspli_cli.storage_causes import storage_refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb

if TYPE_CHECKING:
    from souspli_mailbox.purge_now import Outlook


@verb("purge")
@click.option("--dry-run", is_flag=True)
@click.option("--now", "at_once", is_flag=True)
@click.option("--clock-is-right", is_flag=True)
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--origin", metavar="NAME")
def purge(
    terminal: Terminal,
    *,
    dry_run: bool,
    at_once: bool,
    clock_is_right: bool,
    data: Path | None,
    config: Path | None,
    origin: str | None,
) -> None:
    """Show what is due, or do it now; the service may be running, and does it by itself."""
    from souspli_mailbox import purge_now as work  # noqa: PLC0415  (0.4 s)
    from souspli_mailbox.errors import SettingsError  # noqa: PLC0415  (likewise)
    from souspli_storage.errors import StorageError  # noqa: PLC0415  (likewise)

    if dry_run == at_once or (clock_is_right and not at_once):
        raise WrongUsage("purge_options")
    settings = load_settings(data, config, origin=origin)
    try:
        if dry_run:
            _show(terminal, work.look_ahead(settings, clock=clock.handed_on()))
            return
        with terminal.progress("purge.working") as progress:
            # How many there will be in all is not known before they are decided.
            done = work.purge_now(
                settings,
                clock=clock.handed_on(),
                told=lambda ended: progress.update(ended, ended),
                clock_is_right=clock_is_right,
            )
    except SettingsError as wrong:
        raise Refused("service_settings", reason=str(wrong)) from None
    except StorageError as failed:
        raise storage_refused(settings, failed) from None
    terminal.show("purge.done", count=done.ended)
    terminal.give({"ended": done.ended, "resisting": done.resisting, "held_back": done.held_back})
    if done.held_back or done.resisting:
        end = (
            Refused("purge_clock", now=_moment(clock.now()))
            if done.held_back
            else Refused("purge_resists", count=done.resisting)
        )
        end.results_given = True
        raise end


def _show(terminal: Terminal, outlook: Outlook) -> None:
    if outlook.due:
        terminal.show("purge.due")
        head = (
            "purge.head_organisation",
            "purge.head_letters",
            "purge.head_documents",
            "purge.head_objects",
            "purge.head_size",
        )
        terminal.table(
            [terminal.words(key) for key in head],
            [
                [
                    one.organisation[:16],
                    str(one.letters),
                    str(one.deliveries),
                    str(one.objects),
                    terminal.size(one.sealed_bytes),
                ]
                for one in outlook.due
            ],
        )
    else:
        terminal.show("purge.nothing")
    under_way = outlook.under_way
    if under_way.letters and under_way.begun_at is not None:
        since = _moment(under_way.begun_at)
        terminal.show("purge.under_way", count=under_way.letters, since=since)
    if outlook.due:
        _show_clock(terminal, outlook)
    terminal.give(
        {
            "due": [
                {
                    "organisation": one.organisation,
                    "letters": one.letters,
                    "deliveries": one.deliveries,
                    "objects": one.objects,
                    "sealed_bytes": one.sealed_bytes,
                }
                for one in outlook.due
            ],
            "under_way": under_way.letters,
            "under_way_since": under_way.begun_at,
            "waits_seconds": outlook.clock.waits,
            "clock_ahead_seconds": outlook.clock.apart,
        }
    )


def _show_clock(terminal: Terminal, outlook: Outlook) -> None:
    """Say why what is due is not purged yet, if it is not."""
    clock = outlook.clock
    now = _moment(clock.now)
    if clock.apart:
        terminal.show("purge.clock_apart", now=now, minutes=abs(clock.apart) // 60)
    elif clock.waits:
        # Up, so that it is not said to be over before it is.
        terminal.show("purge.clock_waits", now=now, hours=-(-clock.waits // 3_600))


def _moment(seconds: int) -> str:
    return time.strftime("%d/%m/%Y %H:%M UTC", time.gmtime(seconds))
