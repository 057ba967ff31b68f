"""The browser client, as the service serves it: read once, checked, answered from memory.

Built by `mailbox/web` into this package's `webclient/`. The service's origin is
baked into the page; a page for another service would derive other keys from the
same passwords, so the service does not start with one (docs/specs/encoding.md §5).
"""

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from souspli_mailbox.errors import PageError
from souspli_mailbox.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

WEBCLIENT: Final = Path(__file__).parent / "webclient"

# No `default` Trusted Types policy, no inline anything.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types souspli-worker",
    )
)

# The build puts a hash of the content into these files' names.
HASHED_PREFIX: Final = "assets/"
IMMUTABLE: Final = "public, max-age=31536000, immutable"

_NOT_FOUND: Final = """<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Page introuvable – Page not found</title>
<h1>Page introuvable</h1>
<p>Cette adresse n’existe pas. Pour ouvrir vos documents, allez à la
<a href="/">page d’accueil</a>.</p>
<h2 lang="en">Page not found</h2>
<p lang="en">This address does not exist. To open your documents, go to the
<a href="/">home page</a>.</p>
</html>
"""

# Not left to the machine's own table of types, which differs from one to the next.
_TYPES: Final = mimetypes.MimeTypes(filenames=())
_TYPES.add_type("text/javascript", ".js")
_TYPES.add_type("text/javascript", ".mjs")
_TYPES.add_type("application/wasm", ".wasm")
_TYPES.add_type("font/woff2", ".woff2")
_TYPES.add_type("image/svg+xml", ".svg")
_TYPES.add_type("application/json", ".webmanifest")


class BuiltFor(msgspec.Struct, frozen=True):
    """`origin.json`: what the page was built for."""

    origin: str
    hosts: list[str]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, with all that is said about it."""

    body: bytes
    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Page:
    """Every file of the page, by its path without the leading slash, and their policy."""

    assets: Mapping[str, Asset]
    policy: str = CONTENT_SECURITY_POLICY


def load_page(settings: Settings, *, folder: Path = WEBCLIENT) -> Page | None:
    """Return the built page, or None where it is not served from here.

    Raises PageError if it is not built, or was built for another origin, or does not
    run on the host of the page's address.
    """
    if not settings.serve_page:
        return None
    try:
        built_for = msgspec.json.decode((folder / "origin.json").read_bytes(), type=BuiltFor)
        (folder / "index.html").read_bytes()
    except (OSError, msgspec.DecodeError):
        raise PageError(
            "the browser client is not built: install the package again (or run "
            "`python hatch_build.py npm run build`), or set serve_page to false"
        ) from None
    if built_for.origin != settings.origin:
        raise PageError(
            f"the page was built for the origin {built_for.origin}, and the setting origin is "
            f"{settings.origin}: build the page for it, or correct the setting"
        )
    if settings.page_url.host not in built_for.hosts:
        raise PageError(
            f"the page runs on {', '.join(built_for.hosts)} only, and the setting page names "
            f"{settings.page_url.host}: build the page for it, or correct the setting"
        )
    return Page(
        assets={
            path.relative_to(folder).as_posix(): _read(path, folder)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
        policy=policy_with(settings.store.clients_address),
    )


def policy_with(store: str | None) -> str:
    """Return the page's policy, in which it may read from the store as well, if any.

    Only below the store's own path: on a host that many share, another bucket is
    somebody else's.
    """
    if store is None:
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", f"connect-src 'self' {store}")


def _read(path: Path, folder: Path) -> Asset:
    name = path.relative_to(folder).as_posix()
    return Asset(
        body=path.read_bytes(),
        content_type=_TYPES.guess_type(name)[0] or "application/octet-stream",
        cache_control=IMMUTABLE if name.startswith(HASHED_PREFIX) else "no-cache",
    )


def page_routes(page: Page) -> list[web.RouteDef]:
    """Return one route per file, and `/`, which answers itself.

    A redirect would carry the fragment, and the claim code in it, to another address.
    """
    index = page.assets["index.html"]
    return [web.get("/", _handler(index, page.policy))] + [
        web.get(f"/{name}", _handler(asset, page.policy)) for name, asset in page.assets.items()
    ]


def _handler(asset: Asset, policy: str) -> Handler:
    async def serve(_: web.Request) -> web.Response:
        response = web.Response(body=asset.body, content_type=asset.content_type)
        if asset.content_type.startswith("text/"):
            response.charset = "utf-8"
        response.headers["Cache-Control"] = asset.cache_control
        response.headers["Content-Security-Policy"] = policy
        return response

    return serve


def wants_page(request: web.Request) -> bool:
    """Say whether a person's browser asks for a page, rather than a program for an answer."""
    return not request.path.startswith("/v1/") and "text/html" in request.headers.get("Accept", "")


def page_not_found() -> web.Response:
    """Answer 404 in words for people."""
    response = web.Response(text=_NOT_FOUND, status=404, content_type="text/html", charset="utf-8")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
