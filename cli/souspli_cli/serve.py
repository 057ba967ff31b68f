"""``souspli serve``: runs the service on this machine."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import clock
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.profile import default_folder
from souspli_cli.storage_causes import storage_refused
from souspli_cli.supervisor import tell_ready
from souspli_cli.terminal import Terminal
from souspli_cli.verb import verb

if TYPE_CHECKING:
    from souspli_mailbox.settings import Settings


@verb("serve")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--listen", metavar="HOST:PORT")
@click.option("--workers", type=click.IntRange(1), metavar="N")
@click.option("--page", metavar="URL")
@click.option("--origin", metavar="NAME")
def serve(
    terminal: Terminal,
    *,
    data: Path | None,
    config: Path | None,
    listen: str | None,
    workers: int | None,
    page: str | None,
    origin: str | None,
) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; print where, and a first admission code."""
    from souspli_mailbox import entry  # noqa: PLC0415  (aiohttp and SQLAlchemy: 0.4 s)
    from souspli_mailbox.errors import SettingsError, WorkersFailedError  # noqa: PLC0415
    from souspli_storage.errors import StorageError  # noqa: PLC0415

    settings = load_settings(data, config, listen=listen, page=page, origin=origin, workers=workers)

    def ready(address: str) -> None:
        code = entry.admission_code(settings, now=clock.now()) if entry.is_empty(settings) else None
        terminal.show("serve.ready", address=address)
        terminal.show("serve.page", page=settings.page)
        if code is not None:
            terminal.show("serve.admission", code=code)
        tell_ready()
        terminal.give({"address": address, "page": settings.page, "admission_code": code})

    try:
        entry.serve(settings, ready=ready, clock=clock.handed_on())
    except SettingsError as wrong:
        raise Refused("service_settings", reason=str(wrong)) from None
    except StorageError as failed:
        raise storage_refused(settings, failed) from None
    except WorkersFailedError:
        raise Refused("workers_failed") from None
    except OSError:
        where = f"{settings.listen_host}:{settings.listen_port}"
        raise Refused("listen_failed", listen=where) from None


def load_settings(
    data: Path | None,
    config: Path | None,
    *,
    listen: str | None = None,
    page: str | None = None,
    origin: str | None = None,
    workers: int | None = None,
) -> Settings:
    """Give the service's settings: options over environment over file.

    Where listening is said to be on this machine and nothing is said about the page,
    the page is where we listen.
    """
    from souspli_mailbox import settings as service  # noqa: PLC0415  (as above)
    from souspli_mailbox.errors import SettingsError  # noqa: PLC0415
    from souspli_mailbox.logs import configure_logging  # noqa: PLC0415

    prefix = service.ENVIRONMENT_PREFIX
    said = dict(os.environ)
    options = {"DATA": str(data.absolute()) if data else None, "ORIGIN": origin, "PAGE": page}
    options["WORKERS"] = None if workers is None else str(workers)
    if listen is not None:
        host, port = _where(listen)
        options |= {"LISTEN_HOST": host, "LISTEN_PORT": str(port)}
        if page is None and f"{prefix}PAGE" not in said and _is_loopback(host):
            options["PAGE"] = (
                f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
            )
    said |= {f"{prefix}{name}": value for name, value in options.items() if value is not None}
    try:
        if config is None or "data" not in service.read_toml(config):
            said.setdefault(f"{prefix}DATA", str(default_folder().with_name("souspli-service")))
        settings = service.load(config, said)
    except SettingsError as wrong:
        raise Refused("service_settings", reason=str(wrong)) from None
    # Whatever parts of the service say goes to stderr: results alone are on stdout.
    configure_logging(settings.log_level)
    return settings


def _where(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise WrongUsage("listen_not_understood")
    # The page's address is needed before we listen, so a free port is found here.
    return host, int(port) or _free_port(host)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with closing(socket.socket(family)) as probe:
            probe.bind((host, 0))
            port: int = probe.getsockname()[1]
            return port
    except OSError:
        raise Refused("listen_failed", listen=host) from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
