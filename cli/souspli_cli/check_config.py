"""``souspli check-config``: what the service's settings say, and whether it would run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock
from souspli_cli.errors import Refused
from souspli_cli.serve import load_settings
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb

if TYPE_CHECKING:
    from souspli_mailbox.findings import Finding
    from souspli_mailbox.settings import Settings


@verb("check_config", name="check-config")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
def check_config(terminal: Terminal, *, data: Path | None, config: Path | None) -> None:
    """Say where each setting comes from and what was found; end with 1 on an error."""
    from souspli_mailbox.findings import Level  # noqa: PLC0415  (aiohttp and SQLAlchemy: 0.4 s)
    from souspli_mailbox.given import Source, given  # noqa: PLC0415

    settings = load_settings(data, config)
    told = given(
        settings,
        file=config,
        environment=os.environ,
        options=() if data is None else ("data",),
    )
    rows = [
        (one.name, one.value, terminal.words(f"check.from_{one.source.value}"))
        for one in told
        if one.source is not Source.DEFAULT
    ]
    terminal.show("check.settings", count=len(told) - len(rows))
    if rows:
        head = ("check.setting", "check.value", "check.source")
        terminal.table([terminal.words(key) for key in head], rows)
    terminal.show("check.findings")
    found = asyncio.run(_look(terminal, settings))
    failed = any(finding.level is Level.ERROR for finding in found)
    terminal.give(
        {
            "ok": not failed,
            "settings": [
                {"name": one.name, "value": one.value, "source": one.source.value} for one in told
            ],
            "findings": [
                {"name": one.topic.value.replace("_", "-"), "level": one.level.value, **one.values}
                for one in found
            ],
        }
    )
    if failed:
        refused = Refused("check_failed")
        refused.results_given = True
        raise refused
    terminal.show("check.fine")


async def _look(terminal: Terminal, settings: Settings) -> list[Finding]:
    from souspli_mailbox.check import check  # noqa: PLC0415  (as above)

    found: list[Finding] = []
    async for finding in check(settings, now=clock.seconds()):
        # As it is found: a database that does not answer takes its time.
        words = terminal.words(f"check.{finding.topic.value}", **finding.values)
        terminal.show(f"check.level_{finding.level.value}", text=words)
        found.append(finding)
    return found
