"""Everything about the settings that can be found out before somebody depends on it.

Nothing is changed: no folder is made, no schema migrated, no mail sent.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import resource
import ssl
import stat
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from souspli_mailbox.app import smtp_relay
from souspli_mailbox.database import connect_database, has_database
from souspli_mailbox.errors import MailDelayedError, PageError, SettingsError
from souspli_mailbox.findings import Finding, Topic
from souspli_mailbox.page import WEBCLIENT, load_page
from souspli_mailbox.records.terms import in_words, judge
from souspli_mailbox.store import DOCUMENTS_FOLDER, open_blobs, reach_store
from souspli_mailbox.terms import load_terms
from souspli_mailbox.tls import ServerTls, is_for, read_certificate
from souspli_storage.errors import StorageError
from souspli_storage.regions import is_allowed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy import Connection

    from souspli_mailbox.settings import Settings

# How long a part may take to answer; then it is away for people as well.
ANSWER_SECONDS: Final = 15.0

# A document is 2 GiB, its upload and its object may stand beside each other.
LEAST_FREE_BYTES: Final = 8 * 2**30
# Where documents may be larger: those two, and another one that begins.
LEAST_FREE_DOCUMENTS: Final = 3

# Whoever renews automatically does so a month before the end: something has failed.
SOON_DAYS: Final = 21

# What a process needs beside its connections: database, store, relay, page, log.
OTHER_DESCRIPTORS: Final = 200

# Each worker wants a core; twice as many only take turns.
WORKERS_FOR_EACH_CORE: Final = 2


def _found(topic: Topic, **values: str | int) -> Finding:
    return Finding(topic, values)


async def check(settings: Settings, *, now: float) -> AsyncIterator[Finding]:
    """Yield what was found, as it is found. `now`: the machine's clock, Unix seconds."""
    for look in (
        _clock(now),
        _addresses(settings),
        _tls(settings, now),
        _page(settings),
        _secrets(settings),
        _machine(settings),
    ):
        for finding in look:
            yield finding
    region = settings.store.region
    if region is not None and not is_allowed(region, allowed=settings.store.allowed_regions):
        yield _found(Topic.REGION_ELSEWHERE, region=region)
    yield await _database(settings)
    yield await asyncio.to_thread(_terms, settings, now)
    yield await _store(settings)
    yield await _relay(settings)


def _clock(now: float) -> Iterator[Finding]:
    """Signatures, certificates and the 30 days all depend on it."""
    # This program was not installed in the future. A day for time zones gone wrong.
    installed = Path(__file__).stat().st_mtime - 86_400
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).isoformat(timespec="minutes")
    yield _found(Topic.CLOCK_RIGHT if now >= installed else Topic.CLOCK_WRONG, moment=moment)


def _addresses(settings: Settings) -> Iterator[Finding]:
    page = settings.page_url
    # Whoever has a certificate of their own may listen to all the world.
    own_tls = settings.tls.certificate is not None
    loopback = _is_loopback(settings.listen_host)
    if page.scheme != "https":
        yield _found(Topic.PAGE_HTTP, page=settings.page)
    host = page.host or ""
    if host != settings.origin and not host.endswith(f".{settings.origin}"):
        yield _found(Topic.ORIGIN_ELSEWHERE, origin=settings.origin, host=host)
    if not loopback and not settings.behind_proxy and not own_tls:
        yield _found(Topic.LISTENS_OPENLY, host=settings.listen_host)
    if not loopback and settings.behind_proxy:
        yield _found(Topic.FORWARDED_BY_ANYBODY, host=settings.listen_host)
    if loopback and not settings.behind_proxy and not own_tls and page.scheme == "https":
        yield _found(Topic.PROXY_NOT_TOLD)
    if settings.metrics.listen_port and not _is_loopback(settings.metrics.listen_host):
        yield _found(Topic.METRICS_OPENLY, host=settings.metrics.listen_host)


def _tls(settings: Settings, now: float) -> Iterator[Finding]:
    """Our own certificate: does it load, for how long, for which name."""
    if settings.tls.certificate is None:
        return
    try:
        # Loaded as the service will, so that the key is looked at as well.
        ServerTls(settings.tls)
        certificate = read_certificate(settings.tls)
    except SettingsError as wrong:
        yield _found(Topic.TLS_WRONG, reason=str(wrong))
        return
    host = settings.page_url.host or ""
    if not is_for(certificate, host):
        yield _found(Topic.TLS_OTHER_NAME, host=host)
    days = int((certificate.not_valid_after_utc.timestamp() - now) // 86_400)
    yield _found(Topic.TLS_SOON if days < SOON_DAYS else Topic.TLS_RIGHT, days=days)


def _page(settings: Settings) -> Iterator[Finding]:
    try:
        load_page(settings, folder=WEBCLIENT)
    except PageError as wrong:
        yield _found(Topic.PAGE_WRONG, reason=str(wrong))
    else:
        yield _found(
            Topic.PAGE_SERVED if settings.serve_page else Topic.PAGE_ELSEWHERE, page=settings.page
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Files that hold a secret are their owner's alone."""
    for setting, file in {
        "mail.password_file": settings.mail.password_file,
        "database.password_file": settings.database.password_file,
        "store.secret_key_file": settings.store.secret_key_file,
    }.items():
        if file is not None:
            yield from _private_file(file, setting=setting)
    if settings.mail.tls == "none":
        local = _is_loopback(settings.mail.host)
        yield _found(
            Topic.MAIL_WITHOUT_TLS if local else Topic.MAIL_WITHOUT_TLS_AFAR,
            host=settings.mail.host,
        )


def _private_file(file: Path, *, setting: str) -> Iterator[Finding]:
    try:
        mode = file.stat().st_mode
        with file.open("rb"):
            pass
    except OSError:
        yield _found(Topic.FILE_UNREADABLE, setting=setting)
        return
    # A group may be the service's own; others are never.
    yield _found(Topic.FILE_OPEN if mode & stat.S_IRWXO else Topic.FILE_PRIVATE, setting=setting)


def _machine(settings: Settings) -> Iterator[Finding]:
    """Folder, room, descriptors, cores."""
    folder = settings.data
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        yield _found(Topic.DATA_MISSING, folder=str(folder))
    except OSError:
        yield _found(Topic.DATA_UNUSABLE, folder=str(folder))
    else:
        if not stat.S_ISDIR(mode) or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield _found(Topic.DATA_UNUSABLE, folder=str(folder))
        else:
            private = not mode & (stat.S_IRWXG | stat.S_IRWXO)
            yield _found(Topic.DATA_PRIVATE if private else Topic.DATA_OPEN, folder=str(folder))
            room = os.statvfs(folder)
            free = room.f_bavail * room.f_frsize
            documents = LEAST_FREE_DOCUMENTS * settings.limits.contents_bytes
            enough = free >= max(LEAST_FREE_BYTES, documents)
            yield _found(
                Topic.DATA_ROOM if enough else Topic.DATA_LITTLE_ROOM, gigabytes=free // 2**30
            )
    wanted = settings.limits.connections + OTHER_DESCRIPTORS
    # The service raises the soft limit to what it may.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wanted:
        yield _found(Topic.DESCRIPTORS_FEW, limit=hard, wanted=wanted)
    cores = os.cpu_count() or 1
    if settings.workers > cores * WORKERS_FOR_EACH_CORE:
        yield _found(Topic.WORKERS_MANY, workers=settings.workers, cores=cores)


async def _database(settings: Settings) -> Finding:
    """Connect and ask; the schema stays as it is."""

    def ask() -> None:
        with connect_database(settings) as database:
            database.read_now(_ping)

    # Asking would make it.
    if not has_database(settings):
        return _found(Topic.DATABASE_NEW)
    return await _asked(ask, Topic.DATABASE_ANSWERS, Topic.DATABASE_AWAY)


def _terms(settings: Settings, now: float) -> Finding:
    """Do they load, and were those that come announced in time; nothing is noted."""
    try:
        terms = load_terms(settings.terms_folder)
    except SettingsError as refused:
        return _found(Topic.TERMS_WRONG, reason=str(refused))
    try:
        if has_database(settings):
            with connect_database(settings) as database:
                wrong = database.read_now(judge, versions=tuple(terms.versions), now=int(now))
            if wrong is not None:
                return _found(Topic.TERMS_WRONG, reason=in_words(wrong))
    except (StorageError, SettingsError, OSError, SQLAlchemyError):
        pass  # away, or a schema from before: said by `_database`, and asked again at the start
    return _found(Topic.TERMS_RIGHT, version=terms.in_force(int(now)).version)


def _ping(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


async def _store(settings: Settings) -> Finding:
    """Open it, and ask for an object that nobody has."""
    # Asking would make it.
    if settings.store.kind == "disk" and not (settings.data / DOCUMENTS_FOLDER).exists():
        return _found(Topic.STORE_NEW)
    return await _asked(
        lambda: reach_store(open_blobs(settings)), Topic.STORE_ANSWERS, Topic.STORE_AWAY
    )


async def _asked(ask: Callable[[], None], answers: Topic, away: Topic) -> Finding:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await asyncio.to_thread(ask)
    except (StorageError, SettingsError, OSError) as failed:
        return _found(away, failure=type(failed).__name__)
    return _found(answers)


async def _relay(settings: Settings) -> Finding:
    """Connect and greet as for a mail, verified TLS and login included."""
    where = f"{settings.mail.host}:{settings.mail.port}"
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await smtp_relay(settings).probe()
    except (MailDelayedError, SettingsError, TimeoutError) as failed:
        cause = failed.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError) or isinstance(
            getattr(cause, "__cause__", None), ssl.SSLCertVerificationError
        ):
            return _found(Topic.RELAY_CERTIFICATE, relay=where)
        return _found(Topic.RELAY_AWAY, relay=where, failure=type(cause or failed).__name__)
    return _found(Topic.RELAY_ANSWERS, relay=where)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
