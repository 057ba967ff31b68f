"""Which reader a bridge reads mails with: intake's, within the settings' bounds."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from souspli_cli.intake.limits import Limits

if TYPE_CHECKING:
    from souspli_cli.bridge.settings import Settings
    from souspli_cli.bridge.submission import Reader


def mail_reader(settings: Settings) -> Reader:
    """Give `intake.read.read_mail` with its limits."""
    # By name: its parsers (lxml, libmagic) are loaded by the bridge that runs, and by no
    # other verb.
    intake = import_module("souspli_cli.intake.read")
    return partial(intake.read_mail, limits=Limits(mail_bytes=settings.limits.mail_bytes))
