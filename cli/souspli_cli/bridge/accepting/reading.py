"""Which reader a bridge reads mails with: intake's, within the settings' bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from souspli_cli.intake.limits import Limits
from souspli_cli.intake.read import read_mail

if TYPE_CHECKING:
    from souspli_cli.bridge.accepting.submission import Reader
    from souspli_cli.bridge.settings import Settings


def mail_reader(settings: Settings) -> Reader:
    """Give `read_mail` with its limits."""
    return partial(read_mail, limits=Limits(mail_bytes=settings.limits.mail_bytes))
