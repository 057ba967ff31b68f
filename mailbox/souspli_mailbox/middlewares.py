"""What happens around every request, from the outside in: log, headers, problems, origin.

None of them knows a route. What a request's path or query held never reaches the
log: the route's template does (`/v1/deliveries/{delivery_id}`).
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from souspli_mailbox.access import caller_names
from souspli_mailbox.answers import problem_answer
from souspli_mailbox.errors import Refusal
from souspli_mailbox.logs import describe
from souspli_mailbox.page import page_not_found, wants_page
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.sessions import CookieName
from souspli_mailbox.state import CLOCK, DRAIN, METRICS, PAGE, PSEUDONYMS, REQUEST_ID, SETTINGS
from souspli_mailbox.translations import refusal_for

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

# A time to the second, beside the same second in a proxy's log, would name the person.
LOGGED_TIME_SECONDS: Final = 60

YEAR_SECONDS: Final = 31_536_000

# aiohttp's own answers, as it raises them before or instead of a handler.
_KINDS_BY_STATUS: Final = {
    400: ProblemKind.BAD_REQUEST,
    401: ProblemKind.NOT_SIGNED_IN,
    403: ProblemKind.NOT_ALLOWED,
    404: ProblemKind.NOT_FOUND,
    405: ProblemKind.METHOD_NOT_ALLOWED,
    413: ProblemKind.TOO_LARGE,
    416: ProblemKind.RANGE_NOT_SATISFIABLE,
}


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write one line per request: method, template, status, duration, rounded moment, who.

    Who: by pseudonyms that are good for a day.
    """
    request[REQUEST_ID] = secrets.token_hex(8)
    # Of how long, never of when: monotonic, so not the application's clock.
    began = time.monotonic()
    status = 0
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        now = int(request.app[CLOCK]())
        await request.app[PSEUDONYMS].turn(now)
        seconds = time.monotonic() - began
        method = request.method if request.method in _LOGGED_METHODS else "other"
        route = route_template(request)
        request.app[METRICS].requests.labels(
            route=route, method=method, status=f"{status // 100}xx" if status else "gone"
        ).observe(seconds)
        log.info(
            "request",
            request_id=request[REQUEST_ID],
            method=method,
            route=route,
            # 0: the client went away before the answer had begun.
            status=status,
            milliseconds=round(seconds * 1000),
            at=now - now % LOGGED_TIME_SECONDS,
            **_pseudonyms(request),
        )


def _pseudonyms(request: web.Request) -> dict[str, str]:
    """Return who asked, in names that are good for today."""
    pseudonyms = request.app[PSEUDONYMS]
    named = {kind: pseudonyms.of(kind, name) for kind, name in caller_names(request).items()}
    return {kind: name for kind, name in named.items() if name is not None}


# A method is the client's own text; only known words are logged.
_LOGGED_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


def route_template(request: web.Request) -> str:
    """Return the matched route's template: never a path, which may hold an id."""
    resource = request.match_info.route.resource
    if resource is None:
        return "(none)"
    template = resource.canonical
    # One for all files of the page: which of them is nobody's concern.
    return "/assets/{file}" if template.startswith("/assets/") else template


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add to every answer, as it begins, what keeps browsers from doing harm with it."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("Cache-Control", "no-store")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    # aiohttp would name itself, its version and Python's.
    headers["Server"] = "souspli"
    if request.app[SETTINGS].page_url.scheme == "https":
        headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"
    if request.app[DRAIN].stopping:
        # The next request of this connection belongs to a process that stays.
        response.force_close()
        # aiohttp has written its headers already, and calls this hook after that.
        headers["Connection"] = "close"
    if (request_id := request.get(REQUEST_ID)) is not None:
        headers["X-Request-ID"] = request_id


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever was raised into problem details with constant words."""
    try:
        return await handler(request)
    except web.HTTPException as raised:
        if raised.status < 400:
            raise
        if raised.status == 404 and request.app[PAGE] is not None and wants_page(request):
            return page_not_found()
        answer = problem_answer(
            Refusal(_KINDS_BY_STATUS.get(raised.status, ProblemKind.BAD_REQUEST))
        )
        if "Allow" in raised.headers:
            answer.headers["Allow"] = raised.headers["Allow"]
        return answer
    except ConnectionError:
        raise  # the client went away: there is nobody to answer, and nothing failed
    except Exception as failed:  # noqa: BLE001  (constant words to the client)
        refusal = refusal_for(failed, now=int(request.app[CLOCK]()))
        request.app[METRICS].problems.labels(
            route=route_template(request), problem=refusal.kind.value.name
        ).inc()
        if refusal.kind.value.status >= 500:
            log.error(
                "request failed",
                request_id=request[REQUEST_ID],
                route=route_template(request),
                problem=refusal.kind.value.name,
                cause=describe(failed),
            )
        return problem_answer(refusal)


# Asked by machines that decide whether to go on sending people here, or to restart the
# process: a busy or stopping one has to answer them.
PROBES: Final = frozenset({"/healthz", "/readyz"})


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request on unless the service stops, and let the stop wait for it."""
    if route_template(request) in PROBES:
        return await handler(request)
    return await request.app[DRAIN].follow(request, handler)


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse writes that another site's page made the browser send.

    SameSite cookies already stop most of it. A browser says where a request comes
    from; one that says nothing in either header gets no write with a cookie.
    """
    if request.method not in SAFE_METHODS:
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        own = site == "same-origin" or (
            site is None and origin == request.app[SETTINGS].page_origin
        )
        said_nothing = site is None and origin is None
        has_cookie = any(name.value in request.cookies for name in CookieName)
        if not own and (has_cookie or not said_nothing):
            raise Refusal(ProblemKind.NOT_ALLOWED)
    return await handler(request)
