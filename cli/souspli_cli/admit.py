"""``souspli admit``: an admission code for one practice, on the service's machine."""

from __future__ import annotations

from pathlib import Path

import click

from souspli_cli import clock
from souspli_cli.errors import Refused
from souspli_cli.serve import load_settings
from souspli_cli.storage_causes import storage_refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb


@verb("admit")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
def admit(terminal: Terminal, *, data: Path | None, config: Path | None) -> None:
    """Draw a code and print it; the service may be running."""
    from souspli_mailbox import entry  # noqa: PLC0415  (aiohttp and SQLAlchemy: 0.4 s)
    from souspli_mailbox.errors import SettingsError  # noqa: PLC0415
    from souspli_storage.errors import StorageError  # noqa: PLC0415

    settings = load_settings(data, config)
    if not settings.database.url and not settings.data.is_dir():
        # Opening it would make a new, empty service, and a code that admits nobody.
        raise Refused("service_data")
    try:
        code = entry.admission_code(settings, now=clock.now())
    except SettingsError as wrong:
        raise Refused("service_settings", reason=str(wrong)) from None
    except StorageError as failed:
        raise storage_refused(settings, failed) from None
    terminal.show("admit.code", code=code)
    terminal.note("admit.once")
    terminal.give({"admission_code": code, "valid_seconds": entry.ADMISSION_CODE_SECONDS})
