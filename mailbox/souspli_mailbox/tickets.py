"""Handing out sessions: a cookie to a browser, a token in the answer to a program."""

from aiohttp import web

from souspli_mailbox.protocol.values import ClientKind
from souspli_mailbox.sessions import CookieName, Token


def shown_token(token: Token, client: ClientKind) -> Token | None:
    """Return the token for the answer's body: a browser's script must never hold it."""
    return token if client == "program" else None


def set_cookie(
    response: web.Response, name: CookieName, token: Token, client: ClientKind
) -> web.Response:
    """Give a browser its cookie, which lasts until the browser is closed or the session ends.

    Secure also on http://127.0.0.1, which browsers count as trustworthy.
    """
    if client == "browser":
        response.set_cookie(
            name.value, token, path="/", secure=True, httponly=True, samesite="Strict"
        )
    return response


def drop_cookie(response: web.Response, name: CookieName) -> web.Response:
    """Have a browser forget a cookie."""
    response.del_cookie(name.value, path="/", secure=True, httponly=True, samesite="Strict")
    return response
