"""What the service says about itself: to people who choose a client, and to monitors."""

from typing import Final

from aiohttp import web
from msgspec import UNSET

from souspli_exchange.segments import SEGMENT_BYTES
from souspli_mailbox.answers import DEFAULT_RETRY_SECONDS, answer
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.protocol.service import (
    AuditKey,
    HealthAnswer,
    Limits,
    ReadinessAnswer,
    ServiceAnswer,
)
from souspli_mailbox.protocol.values import MAX_COVER_BYTES
from souspli_mailbox.readiness import READY
from souspli_mailbox.state import CERTIFIER, DESCRIPTION, DRAIN, READINESS, SETTINGS
from souspli_mailbox.version import VERSION


async def get_service(request: web.Request) -> web.Response:
    settings, audit_key = request.app[SETTINGS], request.app[CERTIFIER].key.public
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
            audit_key=AuditKey(ed25519=audit_key.ed25519, ml_dsa_65=audit_key.ml_dsa_65),
            store=settings.store.clients_address or UNSET,
        )
    )


async def get_description(request: web.Request) -> web.Response:
    return web.Response(body=request.app[DESCRIPTION](), content_type="application/json")


async def get_health(_: web.Request) -> web.Response:
    """The process answers: restart it if it doesn't."""
    return answer(HealthAnswer(status="ok"))


async def get_readiness(request: web.Request) -> web.Response:
    """Send nobody here unless the answer is 200; `status` says how well it goes."""
    said = await request.app[READINESS].answer(stopping=request.app[DRAIN].stopping)
    if said.status in READY:
        return answer(said)
    response = answer(said, status=503)
    response.headers["Retry-After"] = str(DEFAULT_RETRY_SECONDS)
    return response


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
        summary="Database, store and mail relay, each by itself",
        caller=Caller.ANYBODY,
        gives={200: ReadinessAnswer, 503: ReadinessAnswer},
    ),
)
