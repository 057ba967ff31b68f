"""What the service says about itself: to people who choose a client, and to monitors."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import web
from msgspec import UNSET

from souspli_exchange.segments import SEGMENT_BYTES
from souspli_mailbox.answers import answer
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.protocol.service import HealthAnswer, Limits, ServiceAnswer
from souspli_mailbox.protocol.values import MAX_COVER_BYTES
from souspli_mailbox.records.organisations import count_organisations
from souspli_mailbox.state import BLOBS, DATABASE, DESCRIPTION, SETTINGS
from souspli_mailbox.version import VERSION
from souspli_storage.errors import NoSuchObjectError

# No upload is ever given this key: keys are random.
NO_OBJECT: Final = "0" * 32


async def get_service(request: web.Request) -> web.Response:
    settings = request.app[SETTINGS]
    return answer(
        ServiceAnswer(
            origin=settings.origin,
            version=VERSION,
            page=settings.page,
            limits=Limits(
                contents_bytes=settings.limits.contents_bytes,
                cover_bytes=MAX_COVER_BYTES,
                segment_plain_bytes=SEGMENT_BYTES,
            ),
            store=settings.store.clients_address or UNSET,
        )
    )


async def get_description(request: web.Request) -> web.Response:
    return web.Response(body=request.app[DESCRIPTION], content_type="application/json")


async def get_health(_: web.Request) -> web.Response:
    """The process answers: restart it if it doesn't."""
    return answer(HealthAnswer(status="ok"))


async def get_readiness(request: web.Request) -> web.Response:
    """Database and store answer too: send nobody here if they don't."""
    await request.app[DATABASE].read(count_organisations)
    with suppress(NoSuchObjectError):
        await asyncio.to_thread(request.app[BLOBS].size, NO_OBJECT)
    return answer(HealthAnswer(status="ok"))


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/service",
        handler=get_service,
        summary="Name, version and limits of this service",
        caller=Caller.ANYBODY,
        gives={200: ServiceAnswer},
    ),
    Endpoint(
        method="GET",
        path="/healthz",
        handler=get_health,
        summary="The process answers",
        caller=Caller.ANYBODY,
        gives={200: HealthAnswer},
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        handler=get_readiness,
        summary="Database and store answer",
        caller=Caller.ANYBODY,
        gives={200: HealthAnswer},
    ),
)
