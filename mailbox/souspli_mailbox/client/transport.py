"""One attempt at one request: bounded in time and size, TLS verified, nothing followed.

Where to go is fixed when the transport is made. No answer can change it: redirects
are refused, cookies are not kept. Of the addresses in answers only those at the store
are used, within the limits of `client.store`.
"""

import contextlib
import ssl
from collections.abc import AsyncGenerator, Mapping
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
import msgspec
from yarl import URL

from souspli_exchange.port_errors import BrokenAnswerError, UnavailableError
from souspli_mailbox.client.body import Body
from souspli_mailbox.client.errors import error_of
from souspli_mailbox.errors import SettingsError

T = TypeVar("T")

# Seconds. Connecting is quick or not at all; between two reads a mobile network may
# pause; the whole has as long as the service waits for a segment (routes/segments).
CONNECT_SECONDS: Final = 15.0
READ_SECONDS: Final = 60.0
TOTAL_SECONDS: Final = 300.0

# Covers, vaults and pages of deliveries are far smaller.
MAX_ANSWER_BYTES: Final = 8_388_608
MAX_PROBLEM_BYTES: Final = 65_536


class Transport:
    """A pool of connections to one service, and the token of one session."""

    def __init__(self, page: str, *, verify_with: ssl.SSLContext | None = None) -> None:
        """Speak to the service at `page`; `verify_with` holds other roots than the system's.

        Raises SettingsError unless it is https, or http on this machine.
        """
        self._base = _base(page)
        self._ssl = verify_with
        self._session: aiohttp.ClientSession | None = None
        self._token: str | None = None

    async def __aenter__(self) -> Self:
        """Open the pool; connections follow when needed."""
        self._session = aiohttp.ClientSession(
            # True: the certificate is verified, with the system's roots.
            connector=aiohttp.TCPConnector(ssl=True if self._ssl is None else self._ssl),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS
            ),
            headers={"User-Agent": "souspli", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection and forget the token."""
        self._token = None
        if self._session is not None:
            await self._session.close()

    def use_token(self, token: str | None) -> None:
        """Send this session's token from now on."""
        self._token = token

    def __repr__(self) -> str:
        return "Transport(…)"

    async def ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        body: msgspec.Struct | None = None,
        query: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> T:
        """Send a struct and return the answer as `kind`; PortError for anything else."""
        sent = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = await self._send(
            method, path, sent, headers=headers, query=query, max_bytes=max_bytes
        )
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BrokenAnswerError("the answer is not one of the protocol") from None

    async def tell(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str]
    ) -> None:
        """Send bytes, expecting no answer but success."""
        await self._send(method, path, body, headers=headers, max_bytes=0)

    async def fetch(self, path: str, *, start: int, stop: int) -> bytes:
        """Return bytes start ≤ n < stop of what is at `path`, or fewer at its end."""
        wanted = {"Range": f"bytes={start}-{stop - 1}"}
        return await self._send(
            "GET", path, None, headers=wanted, max_bytes=stop - start, status=206
        )

    async def ask_elsewhere(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        *,
        headers: Mapping[str, str],
        max_bytes: int,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request to another host (`client.store` says to which); return what came.

        Without the token. Status, headers and body are the caller's to judge; a body
        that is longer than `max_bytes` is refused, if it is no error's.
        """
        async with self._request(method, url, body, headers=headers) as response:
            limit = MAX_PROBLEM_BYTES if response.status >= 300 else max_bytes
            return response.status, response.headers, await _limited(response, max_bytes=limit)

    def is_on_this_machine(self) -> bool:
        """Say whether the service is: only then may what it names be, without TLS."""
        return _is_this_machine(self._base)

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        headers: Mapping[str, str],
        max_bytes: int,
        query: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> bytes:
        token = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        url = self._base.join(URL(path)).with_query(query)
        async with self._request(method, url, body, headers={**headers, **token}) as response:
            return await _read(response, max_bytes=max_bytes, status=status)

    @contextlib.asynccontextmanager
    async def _request(
        self, method: str, url: URL, body: bytes | None, *, headers: Mapping[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        if self._session is None or self._session.closed:
            raise UnavailableError("the client is not open")
        try:
            async with self._session.request(
                method,
                url,
                data=None if body is None else Body(body),
                headers=headers,
                allow_redirects=False,
            ) as response:
                yield response
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            # Never temporary: somebody may stand between.
            raise BrokenAnswerError("the service's certificate can't be verified") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise UnavailableError("the service can't be reached") from None


async def _read(response: aiohttp.ClientResponse, *, max_bytes: int, status: int | None) -> bytes:
    if response.status >= 400:
        body = await _limited(response, max_bytes=MAX_PROBLEM_BYTES)
        raise error_of(response.status, body, retry_after=_retry_after(response))
    if response.status not in {200, 201, 202, 204, 206} or status not in {None, response.status}:
        raise BrokenAnswerError("the answer is not one of the protocol")
    return await _limited(response, max_bytes=max_bytes)


async def _limited(response: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        if len(body) + len(chunk) > max_bytes:
            raise BrokenAnswerError("the answer is longer than the protocol allows")
        body += chunk
    return bytes(body)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    # The other form, a date, is not one that the service writes.
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _base(page: str) -> URL:
    try:
        url = URL(page)
    except ValueError:
        raise SettingsError("the service's address is not an address") from None
    if not url.host or not (url.scheme == "https" or _is_this_machine(url)):
        raise SettingsError("the service's address begins with https://")
    return url.origin()


def is_acceptable(url: URL, *, on_this_machine: bool) -> bool:
    """Say whether sealed bytes may go there: over TLS, or without leaving this machine."""
    return url.scheme == "https" or (on_this_machine and _is_this_machine(url))


def _is_this_machine(url: URL) -> bool:
    if url.scheme != "http" or url.host is None:
        return False
    if url.host == "localhost" or url.host.endswith(".localhost"):
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return False
