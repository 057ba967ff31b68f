"""Every setting of the service, with its unit and reason: the only reader of the environment.

A TOML file first, then environment variables on top of it: `SOUSPLI_MAILBOX_` and
the setting's path in capitals (`SOUSPLI_MAILBOX_ORIGIN`, `SOUSPLI_MAILBOX_MAIL_HOST`).
A list has commas there. A name that is not a setting is refused in both: a misspelt
limit is no limit.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_origin, get_type_hints

import msgspec
from msgspec import Meta
from msgspec.inspect import is_struct_type
from yarl import URL

from souspli_mailbox.database_address import DatabaseAddress, parse_database_address
from souspli_mailbox.errors import SettingsError
from souspli_mailbox.heartbeat import LEAST_HANG_SECONDS
from souspli_mailbox.return_paths import MOST_SENDER_LOCAL
from souspli_mailbox.store_settings import StoreSettings
from souspli_mailbox.this_machine import is_this_machine

ENVIRONMENT_PREFIX: Final = "SOUSPLI_MAILBOX_"

# A worker tells that it is ready by one byte. Machines with more cores run more nodes.
MOST_WORKERS: Final = 64
# 10,000 parts of 8 MiB.
S3_CONTENTS_BYTES: Final = 83_886_080_000

Port = Annotated[int, Meta(ge=0, le=65_535)]


class MailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The relay that takes our mails. Delivering them further is its work, not ours."""

    host: str = "127.0.0.1"
    """Name of the relay, which its certificate must bear."""
    port: Port = 25
    """25 for a relay of one's own, 587 for a provider's."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only for a relay on this machine: addresses of patients travel here."""
    user: str | None = None
    """Name to log in with; no login without it."""
    password_file: Path | None = None
    """The password, alone in a file: settings get copied into tickets, this doesn't."""
    sender: str | None = None
    """`From` of every mail; without it `no-reply@` and the origin."""
    timeout: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds for one step of the dialogue. RFC 5321 allows minutes; a job retries."""

    def password(self) -> str | None:
        """Return the relay's password; raise SettingsError if its file can't be read."""
        return _read_password(self.password_file, setting="mail.password_file")


class BounceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listener for mails that come back, so that the sender learns that none arrives.

    The relay is told to hand over here what comes for `sender` with `+` and anything.
    """

    listen_host: str = "127.0.0.1"
    """Where the relay finds it. No TLS here: on another machine than the relay's, a tunnel."""
    listen_port: Port = 0
    """25 is the relay's; 8472 is free on most machines. 0: no listener."""
    protocol: Literal["smtp", "lmtp"] = "smtp"
    """What the relay speaks to it; `lmtp` where it delivers to a mailbox, as Postfix may."""


class TextSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway that sends text messages to those whom no mail reaches."""

    url: str = ""
    """Takes `{"to": "+33…", "text": "…"}` by POST; https, but on this machine. Empty: none."""
    token_file: Path | None = None
    """The bearer token, alone in a file."""
    timeout: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds for one message; a job retries."""

    def token(self) -> str | None:
        """Return the gateway's token; raise SettingsError if its file can't be read."""
        return _read_password(self.token_file, setting="text.token_file")

    def __post_init__(self) -> None:
        """Refuse an address to which telephone numbers would go in the clear."""
        if not self.url:
            return
        try:
            url = URL(self.url)
        except ValueError:
            raise SettingsError("text.url is not an address") from None
        plain_http = url.scheme == "http" and is_this_machine(url.host or "")
        if not url.host or not (url.scheme == "https" or plain_http) or url.user is not None:
            raise SettingsError("text.url is https://… (http only on this machine), without user")


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where rows rest: by default in the data folder, in an SQLite file of this machine's."""

    url: str = ""
    """`postgresql://user@host:port/name`, or `postgresql://user@/name?host=/run/postgresql`.

    Without a password: that is what `password_file` is for. Empty: SQLite.
    """
    password_file: Path | None = None
    """The password, alone in a file. Not needed where the server trusts the socket's user."""
    tls_authorities: Path | None = None
    """Who signs the server's certificate, as PEM; without it whom this machine trusts.

    A server on another machine is always asked for TLS, under its own name: addresses
    of patients travel here.
    """
    pool_size: Annotated[int, Meta(ge=2, le=100)] = 8
    """Connections of one process, half of them for writing. A server has 100 by default."""

    def password(self) -> str | None:
        """Return the password; raise SettingsError if its file can't be read."""
        return _read_password(self.password_file, setting="database.password_file")

    @property
    def address(self) -> DatabaseAddress | None:
        """The server's address, or None for SQLite; SettingsError if `url` is none."""
        return parse_database_address(self.url) if self.url else None

    def __post_init__(self) -> None:
        """Refuse an address that is none."""
        _ = self.address


def _read_password(file: Path | None, *, setting: str) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{setting} can't be read") from None


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate of the service's own. Without one, TLS is a reverse proxy's work."""

    certificate: Path | None = None
    """The certificate and those that lead to its authority, as PEM. Taken anew when it changes."""
    key: Path | None = None
    """Its private key, as PEM without a passphrase, readable by the service alone."""

    def __post_init__(self) -> None:
        """Refuse one without the other."""
        if (self.certificate is None) != (self.key is None):
            raise SettingsError("tls: certificate and key are given together")


class MetricsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures for Prometheus, on a port that is nobody else's."""

    listen_host: str = "127.0.0.1"
    """Where Prometheus asks. They name nobody, and are still not for everybody."""
    listen_port: Port = 0
    """Port of the first process; each further one has the next. 0: no metrics."""


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Upper bounds, each so that one client can't use up what all share."""

    contents_bytes: Annotated[int, Meta(ge=65_536)] = 2_415_919_104
    """Sealed contents of one document: 2 GiB of files and at most 12 % of padding.
    For larger documents see below."""
    organisation_bytes: Annotated[int, Meta(ge=0)] = 0
    """Sealed contents that one organisation may keep here, uploads under way included.

    0: no bound. How much room there is, and for how many, only the operator knows.
    """
    organisation_documents_a_day: Annotated[int, Meta(ge=0)] = 10_000
    """Documents that one organisation may begin to send in 24 hours; 0: no bound.

    A large laboratory sends a few thousand. What goes beyond is a program gone wild.
    """
    segments_at_once: Annotated[int, Meta(ge=1)] = 32
    """Segments in memory at a time, each 8 MiB: further ones wait their turn, or are sent away."""
    session_seconds: Annotated[int, Meta(ge=60)] = 43_200
    """A session ends after 12 hours: a working day."""
    browser_idle_seconds: Annotated[int, Meta(ge=60)] = 3_600
    """A browser's session ends after one idle hour: the family's computer."""
    claim_session_seconds: Annotated[int, Meta(ge=60)] = 3_600
    """A claim takes minutes; an hour leaves time to find one's glasses."""
    connections: Annotated[int, Meta(ge=1)] = 1_000
    """Connections of one process at a time; 1,024 descriptors are a usual limit of the system."""
    requests: Annotated[int, Meta(ge=1)] = 500
    """Requests that one process answers at a time, slow downloads included."""
    body_seconds: Annotated[float, Meta(gt=0)] = 30.0
    """A request's body may take this long, and longer as it arrives (`body_bytes_per_second`)."""
    body_bytes_per_second: Annotated[int, Meta(ge=1)] = 8_192
    """The slowest sender: a quarter of a bad ADSL line's. Who drips holds memory for nothing."""
    stall_seconds: Annotated[float, Meta(gt=0)] = 60.0
    """A reader of contents that takes no 64 KiB for this long is cut off; it resumes by range."""
    store_calls: Annotated[int, Meta(ge=1)] = 16
    """Calls to the store at a time and process, in threads of their own: further ones wait."""
    store_seconds: Annotated[float, Meta(gt=0)] = 60.0
    """For one call, its wait included; a segment of 8 MiB needs seconds. Then `unavailable`."""
    idle_seconds: Annotated[float, Meta(gt=0)] = 75.0
    """A connection without a whole request is closed: idle, or sending a header drop by drop."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them; `load` reads them, tests and the demo make them."""

    data: Path
    """Folder of database and documents. Made, for this user alone, if missing."""
    origin: str = "souspli.localhost"
    """The service's name (docs/specs/encoding.md §5). For ever: keys depend on it."""
    page: str = "http://127.0.0.1:8470/"
    """The page's address, as it stands in mails and letters. https, but on this machine."""
    listen_host: str = "127.0.0.1"
    """Where to listen. TLS is usually a reverse proxy's, so by default only this machine."""
    listen_port: Port = 8470
    """0 takes any free port."""
    workers: Annotated[int, Meta(ge=1, le=MOST_WORKERS)] = 1
    """Processes that serve. One for each core of a busy machine; each takes some 100 MiB."""
    hang_seconds: Annotated[float, Meta(ge=0)] = 30.0
    """A worker that shows no sign of life for this long is ended and replaced; 0: never.

    Longer than a busy machine makes anybody wait, shorter than a proxy's patience. One
    process alone (`workers = 1`) is for the service manager to watch.
    """
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """From which level on lines are written. Requests are `info`: `warning` logs failures only."""
    terms_folder: Path | None = None
    """The operator's own terms, a folder for each version (docs/specs/consent.md §7)."""
    serve_page: bool = True
    """Off where the page comes from a server of its own."""
    behind_proxy: bool = False
    """Take the client's address from the last entry of `X-Forwarded-For`.

    Only with a reverse proxy in front that sets it: anybody else could write it, and
    with it escape being throttled. Off behind a proxy, all people share the proxy's
    address, and one who mistypes makes everybody wait.
    """
    backups_kept_days: Annotated[int, Meta(ge=0, le=3_650)] = 30
    """How long you keep backups of database and store. Purge statements promise it.

    Until then a backup may hold, sealed, what was purged here. 0: there are none.
    """
    database: DatabaseSettings = DatabaseSettings()
    mail: MailSettings = MailSettings()
    bounces: BounceSettings = BounceSettings()
    text: TextSettings = TextSettings()
    tls: TlsSettings = TlsSettings()
    metrics: MetricsSettings = MetricsSettings()
    store: StoreSettings = StoreSettings()
    limits: LimitSettings = LimitSettings()

    @property
    def page_url(self) -> URL:
        """The page's address, parsed."""
        return URL(self.page)

    @property
    def page_origin(self) -> str:
        """What a browser sends as `Origin` from the page."""
        return str(self.page_url.origin())

    @property
    def mail_sender(self) -> str:
        """`From` of every mail."""
        return self.mail.sender or f"no-reply@{self.origin}"

    def __post_init__(self) -> None:
        """Refuse what would fail later, in the words of the setting."""
        if not _is_service_name(self.origin):
            raise SettingsError("origin is a lower-case DNS name without port")
        _check_page(self.page)
        if 0 < self.hang_seconds < LEAST_HANG_SECONDS:
            raise SettingsError(f"hang_seconds is 0 (never), or at least {LEAST_HANG_SECONDS:g}")
        if self.tls.certificate is not None and self.page_url.scheme != "https":
            raise SettingsError("page is https://… where tls.certificate is given")
        if len(self.mail_sender.rpartition("@")[0].encode()) > MOST_SENDER_LOCAL:
            raise SettingsError(f"mail.sender: at most {MOST_SENDER_LOCAL} bytes before its @")
        if self.mail.tls == "none" and self.mail.user is not None:
            raise SettingsError("mail.tls: a password is never sent without TLS")
        if self.store.kind == "s3" and self.limits.contents_bytes > S3_CONTENTS_BYTES:
            raise SettingsError("limits.contents_bytes: an S3 object has at most 10,000 parts")


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `file`, overridden by the environment (or what stands for it).

    Raises SettingsError if the file can't be read, or a setting is unknown, missing
    or wrong.
    """
    values: dict[str, Any] = {} if file is None else read_toml(file)
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith(ENVIRONMENT_PREFIX):
            _place(values, setting_of(name), text)
    try:
        # Not strict: environment variables are text, "8470" included.
        return msgspec.convert(values, Settings, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as refused:
        if isinstance(refused.__cause__, SettingsError):
            raise refused.__cause__ from None
        raise SettingsError(f"settings: {refused}") from None


def _to_path(kind: type, value: object) -> object:
    # msgspec has no paths of its own, and asks for every type that it does not know.
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError("not a path")


def read_toml(file: Path) -> dict[str, Any]:
    """Return what stands in the file; SettingsError if it can't be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failed:
        raise SettingsError(f"the settings file can't be read: {failed}") from failed


def setting_of(variable: str) -> tuple[str, ...]:
    """Return the setting that an environment variable means, with the table it stands in."""
    name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
    for table, kind in get_type_hints(Settings).items():
        if name.startswith(f"{table}_") and is_struct_type(kind):
            return (table, name.removeprefix(f"{table}_"))
    return (name,)


def _place(values: dict[str, Any], setting: tuple[str, ...], text: str) -> None:
    """Put a variable into its table, so that one conversion checks both sources."""
    *tables, name = setting
    for table in tables:
        values[table] = values = {**values.get(table, {})}
    values[name] = text
    if _is_list(setting):
        values[name] = [part.strip() for part in text.split(",") if part.strip()]


def _is_list(setting: tuple[str, ...]) -> bool:
    kind: Any = Settings
    for name in setting:
        kind = get_type_hints(kind).get(name) if is_struct_type(kind) else None
    return get_origin(kind) is tuple


def _is_service_name(origin: str) -> bool:
    labels = origin.split(".")
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    return len(origin) <= 253 and all(
        1 <= len(label) <= 63
        and set(label) <= allowed
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )


def _check_page(page: str) -> None:
    try:
        url = URL(page)
    except ValueError:
        raise SettingsError("page is not an address") from None
    plain = url.path in ("", "/") and not (url.raw_query_string or url.raw_fragment or url.user)
    plain_http = url.scheme == "http" and is_this_machine(url.host or "")
    if not (url.host and plain and (url.scheme == "https" or plain_http)):
        raise SettingsError("page is https://<host>/ (http only on this machine), and no more")
