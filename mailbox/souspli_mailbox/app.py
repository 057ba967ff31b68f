"""The service, put together: the one place where rows, store, jobs and routes meet."""

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from souspli_keys.address import Origin
from souspli_keys.operator import OperatorKey
from souspli_mailbox.access import admit
from souspli_mailbox.announcing import Announcer
from souspli_mailbox.bounce_listener import BounceListener
from souspli_mailbox.certificates import Certifier
from souspli_mailbox.clock_watch import ClockWatch, clocks_of
from souspli_mailbox.closing import Closer
from souspli_mailbox.database import open_database
from souspli_mailbox.drain import Drain
from souspli_mailbox.endpoints import Endpoint
from souspli_mailbox.errors import Refusal, SettingsError
from souspli_mailbox.jobs import Worker
from souspli_mailbox.measured import MeasuredRelay, measured_database, measured_store
from souspli_mailbox.metrics import Metrics
from souspli_mailbox.middlewares import (
    add_headers,
    answer_problems,
    count_requests,
    log_requests,
    refuse_other_sites,
)
from souspli_mailbox.nonce_quota import NonceQuota
from souspli_mailbox.notify import Relay, SmtpRelay
from souspli_mailbox.openapi import describe_service
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.page import WEBCLIENT, load_page, page_routes
from souspli_mailbox.prepared import prepare_types
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.pseudonyms import Pseudonyms
from souspli_mailbox.purging import Purger
from souspli_mailbox.readiness import Part, Readiness
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records.jobs import JobName, ensure_job
from souspli_mailbox.records.organisations import count_organisations
from souspli_mailbox.records.service_secrets import (
    SecretPurpose,
    secret_of_day,
    service_secret,
)
from souspli_mailbox.records.terms import in_words, see
from souspli_mailbox.reminding import Reminders
from souspli_mailbox.routes import (
    claim_gates,
    claims,
    closings,
    consents,
    contents,
    deliveries,
    deposits,
    enrolments,
    invitations,
    joining,
    organisations,
    purges,
    segments,
    sent,
    service,
    sign_in,
    terms,
    uploads,
    withdrawals,
)
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import (
    BLOBS,
    CERTIFIER,
    CLOCK,
    DATABASE,
    DESCRIPTION,
    DIRECT,
    DRAIN,
    METRICS,
    NONCE_QUOTA,
    PAGE,
    PSEUDONYMS,
    READINESS,
    SECRETS,
    SEGMENT_SLOTS,
    SETTINGS,
    STORE_CALLS,
    TERMS,
    TOMBSTONES,
    WORKER,
    Clock,
    ServiceSecrets,
)
from souspli_mailbox.store import open_blobs, open_ledger, reach_store
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.sweep import Sweeper
from souspli_mailbox.terms import load_terms
from souspli_mailbox.text_gateway import HttpTextGateway, TextGateway
from souspli_mailbox.tombstones import TombstoneKey, Tombstones
from souspli_mailbox.version import VERSION
from souspli_mailbox.withdrawing import Withdrawer
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.direct import DirectBlobs
from souspli_storage.errors import DatabaseBusyError

ENDPOINTS: Final[Sequence[Endpoint]] = (
    *service.ENDPOINTS,
    *organisations.ENDPOINTS,
    *enrolments.ENDPOINTS,
    *joining.ENDPOINTS,
    *sign_in.ENDPOINTS,
    *closings.ENDPOINTS,
    *invitations.ENDPOINTS,
    *purges.ENDPOINTS,
    *consents.ENDPOINTS,
    *terms.ENDPOINTS,
    *claims.ENDPOINTS,
    *claim_gates.ENDPOINTS,
    *deposits.ENDPOINTS,
    *segments.ENDPOINTS,
    *uploads.ENDPOINTS,
    *sent.ENDPOINTS,
    *deliveries.ENDPOINTS,
    *contents.ENDPOINTS,
    *withdrawals.ENDPOINTS,
)

_log: Final = structlog.get_logger()


def smtp_relay(settings: Settings) -> Relay:
    """Return the relay of the settings; SettingsError if its password can't be read."""
    return SmtpRelay(settings.mail, name=settings.origin)


def text_gateway(settings: Settings) -> TextGateway | None:
    """Return the gateway of the settings, if they have one; SettingsError as above."""
    return HttpTextGateway(settings.text) if settings.text.url else None


def make_app(
    settings: Settings,
    *,
    clock: Clock = time.time,
    webclient: Path = WEBCLIENT,
    open_blobs: Callable[[Settings], BlobStore] = open_blobs,
    open_relay: Callable[[Settings], Relay] = smtp_relay,
    open_gateway: Callable[[Settings], TextGateway | None] = text_gateway,
) -> web.Application:
    """Return the service, to be run by `entry.serve` or a test.

    Nothing is opened before it starts. Raises PageError if the browser client is to
    be served and is not there, or was built for another service.
    """
    prepare_types(ENDPOINTS)
    # 0: each handler reads its body itself, up to the limit of its kind.
    app = web.Application(
        middlewares=[log_requests, answer_problems, count_requests, refuse_other_sites],
        client_max_size=0,
    )
    app[SETTINGS] = settings
    app[CLOCK] = clock
    app[TERMS] = load_terms(settings.terms_folder)
    app[METRICS] = Metrics()
    app[PAGE] = load_page(settings, folder=webclient)
    app[DRAIN] = Drain(most=settings.limits.requests)
    app[NONCE_QUOTA] = NonceQuota()
    app[SEGMENT_SLOTS] = asyncio.Semaphore(settings.limits.segments_at_once)
    describe: Callable[[], bytes] = _description  # mypy infers no key from the cached one
    app[DESCRIPTION] = describe
    app.on_response_prepare.append(add_headers)
    app.add_routes([_route(endpoint) for endpoint in ENDPOINTS])
    app.router.add_get("/openapi.json", service.get_description)
    if (page := app[PAGE]) is not None:
        app.add_routes(page_routes(page))
    app.cleanup_ctx.append(_storage(open_blobs))
    app.cleanup_ctx.append(_jobs(open_relay, open_gateway))
    return app


@functools.cache
def _description() -> bytes:
    """Return the OpenAPI document: made for the first who asks, since few ever do."""
    return json.dumps(describe_service(ENDPOINTS, version=VERSION)).encode()


async def listen_for_bounces(app: web.Application) -> BounceListener | None:
    """Start the listener of an app that is set up; None where the settings have none.

    In one process of a node: it is one address. Raises OSError if it can't be had.
    """
    settings = app[SETTINGS].bounces
    if not settings.listen_port:
        return None
    listener = BounceListener(
        settings, database=app[DATABASE], key=app[SECRETS].return_paths, clock=app[CLOCK]
    )
    await listener.start()
    return listener


def _route(endpoint: Endpoint) -> web.RouteDef:
    async def serve(request: web.Request) -> web.StreamResponse:
        if not request.query.keys() <= endpoint.query or len(request.query) > len(
            set(request.query)
        ):
            raise Refusal(ProblemKind.BAD_REQUEST)
        await admit(request, endpoint)
        return await endpoint.handler(request)

    if endpoint.method == "GET":
        return web.get(endpoint.route, serve)
    return web.route(endpoint.method, endpoint.route, serve)


def _storage(
    open_blobs: Callable[[Settings], BlobStore],
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def storage(app: web.Application) -> AsyncIterator[None]:
        """Open and migrate the database, open the store; close both at the end."""
        database = await asyncio.to_thread(open_database, app[SETTINGS])
        limits = app[SETTINGS].limits
        app[STORE_CALLS] = StoreCalls(at_once=limits.store_calls, seconds=limits.store_seconds)
        try:
            app[DATABASE] = measured_database(database, app[METRICS])
            await _see_terms(app)
            blobs = await asyncio.to_thread(open_blobs, app[SETTINGS])
            app[BLOBS] = measured_store(blobs, app[METRICS])
            app[DIRECT] = _direct(app[SETTINGS], blobs)
            app[SECRETS] = ServiceSecrets(
                decoys=await _secret(database, SecretPurpose.DECOY_NUMBERS),
                one_time_codes=await _secret(database, SecretPurpose.ONE_TIME_CODES),
                throttles=await _secret(database, SecretPurpose.THROTTLE_KEYS),
                return_paths=await _secret(database, SecretPurpose.RETURN_PATHS),
            )
            app[CERTIFIER] = Certifier(
                key=OperatorKey(await _secret(database, SecretPurpose.AUDIT)),
                origin=Origin(app[SETTINGS].origin),
                backups_kept_days=app[SETTINGS].backups_kept_days,
            )
            app[TOMBSTONES] = Tombstones(
                await asyncio.to_thread(open_ledger, app[SETTINGS]),
                TombstoneKey(await _secret(database, SecretPurpose.TOMBSTONES)),
            )
            await _delete_again(app)
            opened = app[DATABASE]
            app[PSEUDONYMS] = Pseudonyms(
                lambda day: opened.write(
                    secret_of_day, purpose=SecretPurpose.LOG_PSEUDONYMS, day=day
                )
            )
            yield
        finally:
            app[STORE_CALLS].close()
            await asyncio.to_thread(database.close)

    return storage


async def _see_terms(app: web.Application) -> None:
    """Note since when each version is known; SettingsError for one that comes too soon."""
    wrong = await app[DATABASE].write(
        see, versions=tuple(app[TERMS].versions), now=int(app[CLOCK]())
    )
    if wrong is not None:
        raise SettingsError(in_words(wrong))


async def _delete_again(app: web.Application) -> None:
    """Before anybody is answered: a database that was put back must not tell what was deleted."""
    database, tombstones = app[DATABASE], app[TOMBSTONES]
    done = await asyncio.to_thread(
        reapply_new, database, tombstones.ledger, key=tombstones.key, now=int(app[CLOCK]())
    )
    if done.read:
        _log.info("tombstones", read=done.read, deleted=done.deleted, foreign=done.foreign)
    if done.deleted:
        with contextlib.suppress(DatabaseBusyError):  # the next sweep tries again
            await database.forget_deleted()


def _direct(settings: Settings, blobs: BlobStore) -> DirectBlobs | None:
    """Return the store's side for clients, if it has one and they are to use it."""
    if settings.store.clients_address is None or not isinstance(blobs, DirectBlobs):
        return None
    return blobs


def _jobs(
    open_relay: Callable[[Settings], Relay],
    open_gateway: Callable[[Settings], TextGateway | None],
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def jobs(app: web.Application) -> AsyncIterator[None]:
        """Work through the job table until the end; jobs under way finish."""
        settings, database, clock = app[SETTINGS], app[DATABASE], app[CLOCK]
        metrics = app[METRICS]
        relay = MeasuredRelay(open_relay(settings), metrics)
        outbox = Outbox(
            database=database,
            relay=relay,
            clock=clock,
            sender=settings.mail_sender,
            page=settings.page,
            code_key=app[SECRETS].one_time_codes,
            return_path_key=app[SECRETS].return_paths,
        )
        gateway = open_gateway(settings)
        reminders = Reminders(
            database=database,
            outbox=outbox,
            gateway=gateway,
            clock=clock,
            host=settings.page_url.host or settings.origin,
        )
        announcer = Announcer(database=database, outbox=outbox, terms=app[TERMS], clock=clock)
        sweeper = Sweeper(
            database=database,
            blobs=app[BLOBS],
            tombstones=app[TOMBSTONES],
            clock=clock,
            observer=metrics.count_swept,
        )
        watch = ClockWatch(database, clocks_of(clock), observer=metrics.set_clock)
        purger = Purger(
            database=database,
            blobs=app[BLOBS],
            tombstones=app[TOMBSTONES],
            certify=app[CERTIFIER].purge,
            clock=clock,
            watch=watch,
        )
        withdrawer = Withdrawer(
            database=database,
            tombstones=app[TOMBSTONES],
            store=app[STORE_CALLS],
            clock=clock,
        )
        closer = Closer(
            database=database,
            tombstones=app[TOMBSTONES],
            store=app[STORE_CALLS],
            clock=clock,
        )
        handlers = {
            JobName.NOTIFY: outbox.notify,
            JobName.EMAIL_CODE: outbox.email_code,
            JobName.ACTIVATED: outbox.activated,
            JobName.SWEEP: sweeper.sweep,
            JobName.EXPIRE: purger.expire,
            JobName.PURGE_REPLACED: purger.purge_replaced,
            JobName.WITHDRAW: withdrawer.withdraw,
            JobName.CLOSE: closer.close,
            JobName.REMIND: reminders.remind,
            JobName.REMINDER: reminders.reminder,
            JobName.TEXT: reminders.text,
            JobName.ANNOUNCE_TERMS: announcer.announce,
            JobName.TERMS: announcer.tell,
        }
        app[WORKER] = worker = Worker(
            database=database, handlers=handlers, clock=clock, observer=metrics.observe_job
        )
        for recurring in (JobName.SWEEP, JobName.EXPIRE, JobName.REMIND):
            await database.write(ensure_job, name=recurring, now=int(clock()))
        app[READINESS] = readiness = Readiness(
            {
                Part.DATABASE: lambda: database.read(count_organisations),
                Part.STORE: lambda: app[STORE_CALLS](reach_store, app[BLOBS]),
                Part.RELAY: relay.probe,
            }
        )
        # From its first moment on: what a process has not seen itself it can't judge.
        await watch.look()
        running = asyncio.create_task(worker.run())
        watching = {
            asyncio.create_task(readiness.watch_relay()),
            asyncio.create_task(watch.keep_looking()),
        }
        yield
        for one in watching:
            one.cancel()
        await asyncio.wait(watching)
        await readiness.close()
        worker.stop()
        await running
        await relay.close()
        if gateway is not None:
            await gateway.close()
        sweeper.close()
        purger.close()

    return jobs


def _secret(database: Database, purpose: SecretPurpose) -> Awaitable[bytes]:
    return database.write(service_secret, purpose=purpose)
