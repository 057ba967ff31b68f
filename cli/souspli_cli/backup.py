"""``souspli backup``: a backup of the service in a folder, or a look at one."""

from __future__ import annotations

import time
from pathlib import Path

import click

from souspli_cli import clock
from souspli_cli.backup_work import bars, ends_in_words, refuse_missing
from souspli_cli.errors import WrongUsage
from souspli_cli.serve import load_settings
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb


@verb("backup")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--with-contents", is_flag=True)
@click.option("--contents", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--verify", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--origin", metavar="NAME")
def backup(
    terminal: Terminal,
    *,
    out: Path | None,
    with_contents: bool,
    contents: Path | None,
    verify: Path | None,
    data: Path | None,
    config: Path | None,
    origin: str | None,
) -> None:
    """Make a backup; the service may be running. Or check one, with --verify."""
    if (out is None) == (verify is None) or (with_contents and (verify or contents)):
        raise WrongUsage("backup_options")
    if verify is not None:
        _verify(terminal, verify, contents)
    elif out is not None:
        from souspli_mailbox.backup.make import make_backup  # noqa: PLC0415  (0.4 s)

        settings = load_settings(data, config, origin=origin)
        with ends_in_words(), bars(terminal) as told:
            made = make_backup(
                settings,
                out.absolute(),
                with_contents=with_contents,
                contents=contents,
                now=clock.now(),
                told=told,
            )
        terminal.show("backup.made", folder=str(out), rows=made.rows, objects=made.objects)
        if with_contents or contents is not None:
            terminal.show("backup.copied", count=made.copied)
        terminal.note("backup.secret")
        terminal.give(
            {
                "folder": str(out),
                "rows": made.rows,
                "objects": made.objects,
                "copied": made.copied,
                "tombstones": made.tombstones,
                "missing_documents": made.missing,
            }
        )
        refuse_missing(made.missing)


def _verify(terminal: Terminal, folder: Path, contents: Path | None) -> None:
    from souspli_mailbox.backup.check import check_backup  # noqa: PLC0415  (0.4 s)

    with ends_in_words(), bars(terminal) as told:
        checked = check_backup(folder, contents=contents, told=told)
    manifest = checked.manifest
    date = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(manifest.made_at))
    terminal.show("backup.whole", date=date, origin=manifest.origin, version=manifest.service)
    terminal.show("backup.holds", rows=checked.rows, objects=checked.objects)
    if not checked.contents:
        terminal.show("backup.without_contents")
    terminal.give(
        {
            "folder": str(folder),
            "origin": manifest.origin,
            "made_at": manifest.made_at,
            "service": manifest.service,
            "schema": manifest.schema,
            "rows": checked.rows,
            "objects": checked.objects,
            "contents": checked.contents,
            "missing_documents": checked.missing,
        }
    )
    refuse_missing(checked.missing)
