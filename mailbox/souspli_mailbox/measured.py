"""Database, store and relay, each with a stopwatch: nothing else about them changes.

Put around them in `app`, so that what is measured knows nothing of metrics. What the
wrappers don't know, they pass through: a port may grow without them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any, Final, cast

from sqlalchemy import Connection

from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.metrics import Metrics
from souspli_mailbox.notify import Relay
from souspli_mailbox.records.bounces import record_bounce, record_report
from souspli_mailbox.records.completion import complete_deposit
from souspli_mailbox.records.deliveries import keep_receipt, record_event
from souspli_mailbox.records.notifications import record_mailed
from souspli_mailbox.records.texts import record_texted
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# Words of the metrics for what the specification's table says in a sentence.
EVENTS: Final = {
    DeliveryEvent.MAILED: "mailed",
    DeliveryEvent.MAIL_REFUSED: "mail-refused",
    DeliveryEvent.COLLECTED: "collected",
    DeliveryEvent.RECEIPT: "receipt",
    DeliveryEvent.TEXTED: "texted",
}


def measured_database(database: Database, metrics: Metrics) -> Database:
    """Return the database, measured."""
    return cast(Database, _DatabaseWatch(database, metrics))


def measured_store(blobs: BlobStore, metrics: Metrics) -> BlobStore:
    """Return the store, measured: every call by its name, those to come included."""
    return cast(BlobStore, _StoreWatch(blobs, metrics))


class _Kind:
    """What is counted of one kind of units: looked up once, and not for each of them."""

    def __init__(self, metrics: Metrics, kind: str) -> None:
        self.under_way = metrics.database_under_way.labels(kind=kind)
        self.seconds = metrics.database.labels(kind=kind)
        self.reruns = metrics.database_reruns.labels(kind=kind)
        self._failures = metrics.database_failures
        self._name = kind

    def fail(self, failed: StorageError) -> None:
        self._failures.labels(kind=self._name, failure=type(failed).__name__).inc()


class _DatabaseWatch:
    """`read` and `write`: the units that requests and jobs wait for."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._reads = _Kind(metrics, "read")
        self._writes = _Kind(metrics, "write")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._watched(self._reads, self._database.read, unit, args, kwargs)

    async def write(self, unit: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = await self._watched(self._writes, self._database.write, unit, args, kwargs)
        # Here it is committed.
        self._count(unit, kwargs, result)
        return result

    async def _watched(
        self,
        kind: _Kind,
        call: Callable[..., Awaitable[Any]],
        unit: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        runs = 0

        # With the unit's attributes: some are marked for what they need.
        @functools.wraps(unit)
        def run(connection: Connection, *args: Any, **kwargs: Any) -> Any:
            nonlocal runs
            runs += 1
            return unit(connection, *args, **kwargs)

        began = time.monotonic()
        kind.under_way.inc()
        try:
            return await call(run, *args, **kwargs)
        except StorageError as failed:
            kind.fail(failed)
            raise
        finally:
            kind.under_way.dec()
            kind.seconds.observe(time.monotonic() - began)
            if runs > 1:
                kind.reruns.inc(runs - 1)

    def _count(self, unit: Callable[..., Any], kwargs: dict[str, Any], result: Any) -> None:
        """Count what the unit did to deposits and deliveries."""
        event = self._metrics.delivery_events.labels
        if unit is complete_deposit:
            self._metrics.deposits.inc()
            event(event="stored").inc(len(result))
        elif unit is record_event:
            event(event=EVENTS[kwargs["event"]]).inc()
        elif unit is record_report:
            event(event=EVENTS[DeliveryEvent.MAIL_REFUSED]).inc(result)
        elif unit is keep_receipt:
            event(event=EVENTS[DeliveryEvent.RECEIPT]).inc()
        elif isinstance(then := kwargs.get("then"), functools.partial):
            # What a job's end does to the delivery that it was about.
            if then.func is record_mailed:
                event(event=EVENTS[DeliveryEvent.MAILED]).inc()
            elif then.func is record_bounce:
                event(event=EVENTS[DeliveryEvent.MAIL_REFUSED]).inc()
            elif then.func is record_texted:
                event(event=EVENTS[DeliveryEvent.TEXTED]).inc()
            elif then.func is record_event:
                event(event=EVENTS[then.keywords["event"]]).inc()


class _StoreWatch:
    """Every call of a store."""

    def __init__(self, blobs: BlobStore, metrics: Metrics) -> None:
        self._blobs = blobs
        self._metrics = metrics

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._blobs, name)
        return self._watched(name, found) if callable(found) else found

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        metrics = self._metrics

        @functools.wraps(call)
        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.monotonic()
            metrics.store_under_way.inc()
            try:
                result = call(*args, **kwargs)
            except StorageError as failed:
                metrics.store_failures.labels(call=name, failure=type(failed).__name__).inc()
                raise
            finally:
                metrics.store_under_way.dec()
                metrics.store.labels(call=name).observe(time.monotonic() - began)
            if name == "put_part":
                metrics.segment_bytes.labels(direction="in").inc(len(args[2]))
            elif name == "read":
                metrics.segment_bytes.labels(direction="out").inc(len(result))
            return result

        return measured


class MeasuredRelay:
    """A relay whose answers are counted."""

    def __init__(self, relay: Relay, metrics: Metrics) -> None:
        self._relay = relay
        self._mails = metrics.mails

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:
        """Hand over and count."""
        outcome = "failed"
        try:
            await self._relay.send(message, return_path=return_path, to=to)
            outcome = "accepted"
        except MailRefusedError:
            outcome = "refused"
            raise
        except MailDelayedError:
            outcome = "delayed"
            raise
        finally:
            self._mails.labels(outcome=outcome).inc()

    async def probe(self) -> None:
        """Probe; a probe is no mail."""
        await self._relay.probe()

    async def close(self) -> None:
        """Close."""
        await self._relay.close()
