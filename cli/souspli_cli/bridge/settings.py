"""`bridge/bridge.toml`: where the bridge listens, its names, its bounds."""

from __future__ import annotations

import ssl
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from souspli_cli import files
from souspli_cli.bridge.host_port import host_and_port, is_loopback
from souspli_cli.bridge.letters.policy import Invitations
from souspli_cli.bridge.notices.settings import Metrics, Notices, check_metrics, check_notices
from souspli_cli.bridge.policy import Policy
from souspli_cli.bridge.routing import Domain
from souspli_cli.errors import Refused
from souspli_cli.intake.limits import DEFAULT_LIMITS
from souspli_exchange.manifest import MAX_TEXT_CHARACTERS
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError

if TYPE_CHECKING:
    from souspli_cli.profile import Profile

MIB: Final = 1024**2
MAX_FILE_BYTES: Final = 65_536
MOST_PROCESSES: Final = 64

# What a patient reads where a mail has no title of its own that may be shown: its subject
# may be anything, and is health data.
DEFAULT_TITLE: Final = "Résultats de laboratoire"


class Tls(StrEnum):
    """How connections are protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """On a loopback address only."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[limits]`: bounds of the bridge itself; of one mail, `intake.limits`."""

    mail_bytes: int = DEFAULT_LIMITS.mail_bytes
    connections: int = 50
    # Of the spool's disk, which mails leave to what sends them. 0: they take all of it.
    free_bytes: int = 64 * MIB
    # Of mails on their way: four of the largest at once, or hundreds of usual ones.
    memory_bytes: int = 12 * DEFAULT_LIMITS.mail_bytes
    # That read and seal mails; each takes 80 MB. 0: this process does it, in threads.
    processes: int = 2
    # That look into PDFs, started when one comes; each takes 50 MB. 0: nobody does.
    examiners: int = 2


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file's values."""

    listen: str = "127.0.0.1:2525"
    domain: str = "souspli.localhost"
    """What the bridge calls itself, and the domain of the routing mailbox."""
    mailbox: str = "patients"
    tls: Tls = Tls.STARTTLS
    tls_certificate: str | None = None
    tls_key: str | None = None
    title: str = DEFAULT_TITLE
    limits: Limits = Limits()
    notices: Notices = Notices()
    metrics: Metrics = Metrics()
    policy: Policy = Policy()
    invitations: Invitations = Invitations()

    @property
    def where(self) -> tuple[str, int]:
        """Host and port."""
        return host_and_port(self.listen)

    @property
    def names(self) -> Domain:
        """By which names the bridge is written to."""
        return Domain(self.domain, self.mailbox)

    def tls_context(self) -> ssl.SSLContext | None:
        """Load certificate and key; None where there is no TLS.

        Raises:
            Refused: They are missing or don't belong together.
        """
        if self.tls is Tls.NONE:
            return None
        if self.tls_certificate is None or self.tls_key is None:
            raise Refused("bridge_no_certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.tls_certificate, self.tls_key)
        except OSError:  # of which ssl.SSLError is one
            raise Refused("bridge_no_certificate") from None
        return context


@dataclass(frozen=True)
class Folder:
    """The bridge's folder in a profile."""

    path: Path

    @classmethod
    def of(cls, profile: Profile) -> Folder:
        """Give the profile's, made if need be."""
        folder = cls(profile.folder / "bridge")
        files.make_private_folder(folder.path)
        files.make_private_folder(folder.spool)
        files.make_private_folder(folder.letters)
        return folder

    @property
    def settings(self) -> Path:
        return self.path / "bridge.toml"

    @property
    def accounts(self) -> Path:
        return self.path / "accounts.toml"

    @property
    def routes(self) -> Path:
        return self.path / "routes.sealed"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def addresses(self) -> Path:
        return self.path / "addresses.sqlite"

    @property
    def letters(self) -> Path:
        """Letters that nobody has printed yet."""
        return self.path / "letters"

    @property
    def lock(self) -> Path:
        """Held by the one bridge that runs."""
        return self.path / "lock"


def read(path: Path, *, listen: str | None = None) -> Settings:
    """Give the settings; those of an empty file where there is none. `listen` is stronger.

    Raises:
        Refused: Not understood, with the name of what is not.
    """
    try:
        tree = tomllib.loads(_content(path).decode())
        settings = msgspec.convert(tree, Settings)
        if listen is not None:
            settings = msgspec.structs.replace(settings, listen=listen)
        return _checked(settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused("file_damaged", file=path.name) from None
    except msgspec.ValidationError as refused:
        raise Refused("bridge_settings", reason=str(refused)) from None


def _content(path: Path) -> bytes:
    try:
        return files.read(path, limit=MAX_FILE_BYTES)
    except FileNotFoundError:
        return b""


def _checked(settings: Settings) -> Settings:
    host, port = _where(settings)
    if settings.tls is Tls.NONE and not is_loopback(host):
        raise Refused("bridge_tls_needed", listen=settings.listen)
    if not 0 <= port <= 65_535:
        raise Refused("bridge_settings", reason="listen")
    try:
        mailbox = f"{settings.mailbox}@{settings.domain}"
        if normalise_address(mailbox) != mailbox or "+" in settings.mailbox:
            raise Refused("bridge_settings", reason="domain, mailbox")
    except AddressError:
        raise Refused("bridge_settings", reason="domain, mailbox") from None
    if not 0 < len(settings.title) <= MAX_TEXT_CHARACTERS:
        raise Refused("bridge_settings", reason="title")
    limits = settings.limits
    if not 0 < limits.mail_bytes <= limits.memory_bytes // 3 or not (
        limits.connections >= 1
        and limits.free_bytes >= 0
        and 0 <= limits.processes <= MOST_PROCESSES
        and 0 <= limits.examiners <= MOST_PROCESSES
    ):
        raise Refused("bridge_settings", reason="limits")
    check_notices(settings.notices)
    check_metrics(settings.metrics)
    return settings


def _where(settings: Settings) -> tuple[str, int]:
    try:
        return settings.where
    except ValueError:
        raise Refused("bridge_settings", reason="listen") from None
