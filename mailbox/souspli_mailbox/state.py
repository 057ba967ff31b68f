"""What the application holds, under typed keys: set in `app`, read everywhere else."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from souspli_mailbox.certificates import Certifier
from souspli_mailbox.drain import Drain
from souspli_mailbox.jobs import Worker
from souspli_mailbox.metrics import Metrics
from souspli_mailbox.nonce_quota import NonceQuota
from souspli_mailbox.page import Page
from souspli_mailbox.pseudonyms import Pseudonyms
from souspli_mailbox.readiness import Readiness
from souspli_mailbox.settings import Settings
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.terms import AllTerms
from souspli_mailbox.tombstones import Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.direct import DirectBlobs

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, repr=False)
class ServiceSecrets:
    """What the service alone knows. Each has one purpose; none opens a document."""

    decoys: bytes
    one_time_codes: bytes
    throttles: bytes
    return_paths: bytes

    def __repr__(self) -> str:
        return "ServiceSecrets(…)"


SETTINGS: Final = web.AppKey("settings", Settings)
CLOCK: Final = web.AppKey[Clock]("clock")
TERMS: Final = web.AppKey("terms", AllTerms)
PAGE: Final = web.AppKey[Page | None]("page")
DATABASE: Final = web.AppKey("database", Database)
BLOBS: Final = web.AppKey[BlobStore]("blobs")
TOMBSTONES: Final = web.AppKey("tombstones", Tombstones)
DIRECT: Final = web.AppKey[DirectBlobs | None]("direct")
"""The store as clients use it themselves; None where everything goes through the service."""
STORE_CALLS: Final = web.AppKey("store_calls", StoreCalls)
"""How requests call the store: never in the event loop's thread."""
SECRETS: Final = web.AppKey("secrets", ServiceSecrets)
CERTIFIER: Final = web.AppKey("certifier", Certifier)
"""Signs what the service says about itself."""

DRAIN: Final = web.AppKey("drain", Drain)
METRICS: Final = web.AppKey("metrics", Metrics)
PSEUDONYMS: Final = web.AppKey("pseudonyms", Pseudonyms)
READINESS: Final = web.AppKey("readiness", Readiness)
WORKER: Final = web.AppKey("worker", Worker)
NONCE_QUOTA: Final = web.AppKey("nonce_quota", NonceQuota)
SEGMENT_SLOTS: Final = web.AppKey("segment_slots", asyncio.Semaphore)
DESCRIPTION: Final = web.AppKey[Callable[[], bytes]]("description")
"""The OpenAPI document, made when it is asked for."""

REQUEST_ID: Final = web.RequestKey("request_id", str)


def now(request: web.Request) -> int:
    """Return the application's clock in whole seconds."""
    return int(request.app[CLOCK]())
