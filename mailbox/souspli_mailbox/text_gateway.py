"""Handing a text message to the operator's gateway, and what its answer means.

A gateway is a provider's machine that sends to telephones. Numbers of patients travel
here: https with a verified certificate, unless the gateway is on this machine. Neither
number nor text ever reaches a log or an error.
"""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp

from souspli_mailbox.errors import TextDelayedError, TextRefusedError
from souspli_mailbox.settings import TextSettings

# About this service or this moment, and not about the number: 401 and 403 are a token
# that has ended, which somebody will renew.
_NOT_NOW: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class TextGateway(Protocol):
    """Takes text messages, each handed over once a call, in bounded time; several at once."""

    async def send(self, *, to: str, text: str) -> None:
        """Return once the gateway has taken responsibility for the message.

        `to`: E.164. Raises TextRefusedError when it never will for this number, and
        TextDelayedError for everything else: then it may or may not have it.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; no message is on its way any more."""
        ...


class HttpTextGateway:
    """A gateway that is reached by HTTP, as the settings say: JSON, a bearer token."""

    def __init__(self, settings: TextSettings, *, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: whose certificates are believed, by default the machine's.

        Raises SettingsError when the token's file can't be read.
        """
        self._url = settings.url
        token = settings.token()
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout)
        self._trust = trust or ssl.create_default_context()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, *, to: str, text: str) -> None:
        """Post; read the status and nothing else of the answer."""
        try:
            async with self._open().post(
                self._url,
                json={"to": to, "text": text},
                headers=self._headers,
                # To another place the token must not go, nor the number.
                allow_redirects=False,
                ssl=self._trust,
            ) as answer:
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError):
            # Without its cause: aiohttp's texts hold the address that was asked.
            raise TextDelayedError("the gateway can't be reached safely") from None
        if 200 <= status < 300:
            return
        if 400 <= status < 500 and status not in _NOT_NOW:
            raise TextRefusedError("the gateway refused the message for good", status=status)
        raise TextDelayedError("the gateway refused the message for now", status=status)

    def _open(self) -> aiohttp.ClientSession:
        # In the loop that uses it, hence not in `__init__`.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Close the connections that are kept."""
        if self._session is not None:
            await self._session.close()
            self._session = None
