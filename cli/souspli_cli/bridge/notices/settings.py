"""`[notices]` and `[metrics]` of bridge.toml: whom to tell, when, and where figures are served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from souspli_cli import files
from souspli_cli.bridge.host_port import host_and_port, is_loopback
from souspli_cli.errors import Refused
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError

MINUTE: Final = 60
HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 24 * HOUR_MINUTES
# Beyond, nobody would call it a delay any more.
MOST_MINUTES: Final = 14 * DAY_MINUTES
_MAX_PASSWORD_BYTES: Final = 4_096

Minutes = Annotated[int, Meta(ge=1, le=MOST_MINUTES)]


class Notices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[notices]`: when the laboratory is told what was not sent, and by which relay."""

    relay: str = ""
    """`host:port` of the laboratory's own relay; none: nobody is told by mail."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """`none` for a relay on this machine only: addresses of patients travel here."""
    user: str | None = None
    password_file: str | None = None
    """The password, alone in a file: settings get copied into tickets, this doesn't."""
    to: str = ""
    """Who is told; else whoever sent the mail."""
    # What the specification of the product asks for.
    late_minutes: Minutes = 4 * HOUR_MINUTES
    urgent_late_minutes: Minutes = HOUR_MINUTES
    too_late_minutes: Minutes = 2 * DAY_MINUTES
    # Of what is still to be checked; 0: nobody is reminded.
    remind_minutes: Annotated[int, Meta(ge=0, le=MOST_MINUTES)] = DAY_MINUTES
    # A service that is away makes hundreds late at once.
    gather_minutes: Annotated[int, Meta(ge=0, le=DAY_MINUTES)] = 15

    @property
    def where(self) -> tuple[str, int] | None:
        """Host and port of the relay; None without one."""
        return host_and_port(self.relay) if self.relay else None

    def password(self) -> str | None:
        """Give the relay's password; raises Refused if its file can't be read."""
        if self.password_file is None:
            return None
        try:
            content = files.read(Path(self.password_file), limit=_MAX_PASSWORD_BYTES)
            return content.decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise Refused("bridge_settings", reason="notices.password_file") from None


class Metrics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[metrics]`: figures for Prometheus."""

    listen: str = ""
    """`host:port` on this machine, for Prometheus alone; none: not served."""

    @property
    def where(self) -> tuple[str, int] | None:
        """Host and port; None where they are not served."""
        return host_and_port(self.listen) if self.listen else None


def check_notices(notices: Notices) -> None:
    """Raise Refused, with the name of what makes no sense."""
    host, _ = _place(notices.relay, "notices.relay") if notices.relay else ("localhost", 25)
    if notices.tls == "none" and not is_loopback(host):
        raise Refused("bridge_settings", reason="notices.tls")
    if (notices.user is None) != (notices.password_file is None) or (
        # A password is never sent without TLS.
        notices.tls == "none" and notices.user is not None
    ):
        raise Refused("bridge_settings", reason="notices.user")
    try:
        if notices.to and normalise_address(notices.to) != notices.to:
            raise Refused("bridge_settings", reason="notices.to")
    except AddressError:
        raise Refused("bridge_settings", reason="notices.to") from None
    if not notices.urgent_late_minutes <= notices.late_minutes < notices.too_late_minutes:
        raise Refused("bridge_settings", reason="notices.late_minutes")
    # Hours that were written for minutes, or a mail every ten seconds.
    if 0 < notices.remind_minutes < HOUR_MINUTES:
        raise Refused("bridge_settings", reason="notices.remind_minutes")


def check_metrics(metrics: Metrics) -> None:
    """Raise Refused, with the name of what makes no sense."""
    if metrics.listen:
        host, _ = _place(metrics.listen, "metrics.listen")
        if not is_loopback(host):
            raise Refused("bridge_settings", reason="metrics.listen")


def _place(text: str, setting: str) -> tuple[str, int]:
    try:
        host, port = host_and_port(text)
    except ValueError:
        raise Refused("bridge_settings", reason=setting) from None
    if not host or not 0 <= port <= 65_535:
        raise Refused("bridge_settings", reason=setting)
    return host, port
