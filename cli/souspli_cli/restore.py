"""``souspli restore``: the service's database from a backup, and what has to follow."""

from __future__ import annotations

from pathlib import Path

import click

from souspli_cli import clock
from souspli_cli.backup_work import bars, ends_in_words, refuse_missing
from souspli_cli.errors import WrongUsage
from souspli_cli.serve import load_settings
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb


@verb("restore")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--contents", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--database-restored", is_flag=True)
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--origin", metavar="NAME")
def restore(
    terminal: Terminal,
    *,
    folder: Path | None,
    contents: Path | None,
    database_restored: bool,
    data: Path | None,
    config: Path | None,
    origin: str | None,
) -> None:
    """Fill an empty database; the service must not be running."""
    if (folder is None) != database_restored or (database_restored and contents):
        raise WrongUsage("restore_options")
    from souspli_mailbox.backup.restore import after_restore, restore_backup  # noqa: PLC0415

    settings = load_settings(data, config, origin=origin)
    now = clock.now()
    with ends_in_words(), bars(terminal) as told:
        done = (
            after_restore(settings, now=now, told=told)
            if folder is None
            else restore_backup(settings, folder, contents=contents, now=now, told=told)
        )
    if done.rows:
        terminal.show("restore.rows", rows=done.rows)
    elif folder is not None:
        terminal.show("restore.again")
    terminal.show("restore.deleted", count=done.reapplied.deleted)
    terminal.show("restore.objects", count=done.objects, copied=done.copied)
    if done.reapplied.foreign:
        terminal.warn("restore.foreign", count=done.reapplied.foreign)
    if done.strange:
        terminal.warn("restore.strange", count=done.strange)
    terminal.note("restore.then")
    terminal.give(
        {
            "rows": done.rows,
            "tombstones": done.reapplied.read,
            "foreign_tombstones": done.reapplied.foreign,
            "deleted_again": done.reapplied.deleted,
            "objects": done.objects,
            "copied": done.copied,
            "strange_names": done.strange,
            "missing_documents": done.missing,
        }
    )
    refuse_missing(done.missing)
