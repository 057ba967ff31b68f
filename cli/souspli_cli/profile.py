"""The profile: a private folder with everything this device knows (docs/specs/profile.md).

``profile.toml`` holds nothing secret; what is secret stands in sealed files beside
it, and opens with the device's secret only.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from souspli_cli import files, keyfile
from souspli_cli.errors import Refused, WrongUsage
from souspli_keys.address import Origin, parse_origin
from souspli_keys.errors import AddressError

DEFAULT_ORIGIN = "souspli.localhost"
MAX_SETTINGS_BYTES = 65_536  # a few lines; whatever is longer is no profile.toml


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``profile.toml``: where the service is, and which account is ours there."""

    version: int
    service: str
    origin: str
    page: str
    """The page's address, as letters name it: never taken from an answer of the service."""
    account_number: str | None = None


@dataclass(frozen=True)
class Profile:
    """A profile's folder and settings; nothing secret is loaded."""

    folder: Path
    settings: Settings

    @property
    def settings_path(self) -> Path:
        return self.folder / "profile.toml"

    @property
    def device_key(self) -> Path:
        return self.folder / "device.key"

    @property
    def root(self) -> Path:
        return self.folder / "root.sealed"

    @property
    def request(self) -> Path:
        """What ``org create`` has asked for and not yet seen answered."""
        return self.folder / "request.sealed"

    @property
    def joining(self) -> Path:
        """What ``enrol`` has answered, until the certificate is here."""
        return self.folder / "joining.sealed"

    @property
    def vault(self) -> Path:
        return self.folder / "vault"

    @property
    def statements(self) -> Path:
        return self.folder / "statements.json"

    @property
    def book(self) -> Path:
        return self.folder / "book"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    @property
    def lock(self) -> Path:
        """Held while files of the profile are replaced."""
        return self.folder / "lock"

    @property
    def ready(self) -> bool:
        """Whether the profile has an account at the service."""
        return self.settings.account_number is not None

    def with_account(self, account_number: str) -> Profile:
        """Record durably that the service has the account."""
        profile = replace(
            self, settings=msgspec.structs.replace(self.settings, account_number=account_number)
        )
        files.write_atomically(profile.settings_path, _as_toml(profile.settings))
        return profile


def default_folder() -> Path:
    """Give the folder of the XDG base directory specification."""
    data = os.environ.get("XDG_DATA_HOME", "")
    # The specification: a relative path there is invalid and ignored.
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "souspli"


def create(
    folder: Path, *, service: str, origin: str, page: str | None = None, device_key: bytes
) -> Profile:
    """Make a profile in a folder that has none.

    The key file comes first and ``profile.toml`` last: a crash in between leaves a
    folder that is no profile yet, and that the next try completes.

    Raises:
        Refused: There is a profile already.
        OSError: The folder can't be written.
    """
    settings = Settings(
        version=1,
        service=checked_service(service),
        origin=checked_origin(origin),
        page=checked_service(page or service),
    )
    profile = Profile(folder, settings)
    files.make_private_folder(folder)
    with files.locked(profile.lock):
        if profile.settings_path.exists():
            raise Refused("profile_exists", folder=str(folder))
        files.make_private_folder(profile.book)
        files.make_private_folder(profile.outbox)
        files.write_atomically(profile.device_key, device_key)
        files.write_atomically(profile.settings_path, _as_toml(settings))
    return profile


def find(folder: Path | None) -> Profile:
    """Open the settings of the profile in a folder, or of the default one.

    Raises:
        Refused: There is none, others can read it, it is damaged or of another version.
    """
    folder = folder or default_folder()
    path = folder / "profile.toml"
    try:
        content = files.read(path, limit=MAX_SETTINGS_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise Refused("no_profile", folder=str(folder)) from None
    files.check_private(folder)
    try:
        tree = tomllib.loads(content.decode())
        if tree.get("version") != 1:
            raise Refused("file_version_unknown", file=path.name)
        settings = msgspec.convert(tree, Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError):
        raise Refused("file_damaged", file=path.name) from None
    checked_service(settings.service)  # the file may have been edited
    checked_service(settings.page)
    checked_origin(settings.origin)
    return Profile(folder, settings)


def exists(folder: Path | None) -> bool:
    """Whether the folder, or the default one, holds a profile."""
    return ((folder or default_folder()) / "profile.toml").exists()


def checked_service(url: str) -> str:
    """Give back the service's address, without a slash at its end.

    Plain http is taken for this very machine only: anywhere else it would show who
    is sent to, and hand the session to whoever listens.

    Raises:
        WrongUsage: Not an address of that kind.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongUsage("service_not_understood") from None
    extra = parts.query or parts.fragment or parts.username or parts.path not in {"", "/"}
    if parts.scheme not in {"http", "https"} or not host or extra:
        raise WrongUsage("service_not_understood")
    if parts.scheme == "http" and not _is_loopback(host):
        raise WrongUsage("service_not_https")
    return url.rstrip("/")


def checked_origin(origin: str) -> Origin:
    """Give back a service's name; ``WrongUsage`` where it is none (encoding.md §5)."""
    try:
        return parse_origin(origin)
    except AddressError:
        raise WrongUsage("origin_not_understood") from None


def read_device_key(profile: Profile) -> bytes:
    """Read the key file of a profile.

    Raises:
        Refused: It is gone, or others can read it.
    """
    try:
        return keyfile.read(profile.device_key)
    except FileNotFoundError:
        raise Refused("file_missing", file=profile.device_key.name) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 §6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _as_toml(settings: Settings) -> bytes:
    values = msgspec.to_builtins(settings)
    # JSON's spelling of these strings and integers is TOML's as well.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    return ("\n".join(lines) + "\n").encode()
