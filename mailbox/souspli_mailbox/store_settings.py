"""Settings of the store in which sealed contents rest: a folder, or a bucket of any S3 store."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from souspli_mailbox.errors import SettingsError
from souspli_storage.regions import EU_REGIONS
from souspli_storage.s3_location import Credentials, S3Location

# As AWS has it; others allow more, which then fails in some tool.
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX: Final = re.compile(r"(?:[a-z0-9][a-z0-9._-]*/)*", re.ASCII)
# It becomes part of the page's policy, where a semicolon would begin a new rule.
_NETLOC: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?", re.ASCII)
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set up once: documents that lie in one store are not looked for in another."""

    kind: Literal["disk", "s3"] = "disk"
    """`disk`: a folder beside the database. `s3`: a bucket, and these are about it:"""
    endpoint: str | None = None
    """Address of the store; without it AWS's in this region. https, but on this machine."""
    region: str | None = None
    """The store's word for where it is. Part of every signature."""
    bucket: str | None = None
    """Made beforehand, for this service alone: docs/storage.md says how."""
    prefix: str = ""
    """In front of every name, with a slash at its end; for a bucket that is shared after all."""
    addressing: Literal["path", "virtual"] = "path"
    """Bucket in the path, or in front of the host: `virtual` where the store has names for it."""
    direct: bool = True
    """Clients put and read at the store itself. Off where they can't reach it: then all
    bytes go through the service."""
    client_endpoint: str | None = None
    """Address at which clients reach the store, if it is not `endpoint`."""
    access_key_file: Path | None = None
    """The access key's id, alone in a file; without it boto3 looks in its usual places."""
    secret_key_file: Path | None = None
    """The secret key, alone in a file: settings get copied into tickets, this doesn't."""
    allowed_regions: tuple[str, ...] = EU_REGIONS
    """Regions without a warning at the start; `*` stands for anything. By default those of
    AWS, OVHcloud and Scaleway in the European Union: a store of one's own adds its name."""

    @property
    def clients_address(self) -> str | None:
        """What addresses for clients begin with; None where clients don't go to the store."""
        if self.kind != "s3" or not self.direct:
            return None
        return self._location().address_for_clients

    def location(self) -> S3Location:
        """Return where the bucket is, with its credentials; SettingsError if unreadable."""
        key, secret = self.access_key_file, self.secret_key_file
        if key is None or secret is None:
            return self._location()
        return self._location(
            Credentials(
                _read(key, setting="access_key_file"), _read(secret, setting="secret_key_file")
            )
        )

    def _location(self, credentials: Credentials | None = None) -> S3Location:
        region = self.region or ""
        return S3Location(
            endpoint=self.endpoint or f"https://s3.{region}.amazonaws.com",
            region=region,
            bucket=self.bucket or "",
            prefix=self.prefix,
            addressing=self.addressing,
            client_endpoint=self.client_endpoint,
            credentials=credentials,
        )

    def __post_init__(self) -> None:
        """Refuse what would fail later, in the words of the setting."""
        if (self.access_key_file is None) != (self.secret_key_file is None):
            raise SettingsError("store: access_key_file and secret_key_file go together")
        if self.kind == "disk":
            return
        if self.bucket is None or not _BUCKET.fullmatch(self.bucket):
            raise SettingsError("store.bucket is the name of a bucket")
        if self.region is None or not _REGION.fullmatch(self.region):
            raise SettingsError("store.region is the store's name of its region")
        if not _PREFIX.fullmatch(self.prefix):
            raise SettingsError("store.prefix is empty or ends with a slash")
        for name in ("endpoint", "client_endpoint"):
            _check_endpoint(getattr(self, name), setting=name)


def _check_endpoint(endpoint: str | None, *, setting: str) -> None:
    if endpoint is None:
        return
    try:
        url = urlsplit(endpoint)
        plain = url.path in ("", "/") and not (url.query or url.fragment or url.username)
        secure = url.scheme == "https" or (url.scheme == "http" and _is_this_machine(url.hostname))
        if _NETLOC.fullmatch(url.netloc) and plain and secure and (url.port or 1) > 0:
            return
    except ValueError:
        pass
    raise SettingsError(f"store.{setting} is https://<host> (http only on this machine)")


def _is_this_machine(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _read(file: Path, *, setting: str) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"store.{setting} can't be read") from None
    if not text:
        raise SettingsError(f"store.{setting} is empty")
    return text
