"""Checks names and passwords of source systems, without blocking the loop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Protocol

from souspli_cli.bridge.errors import TooManyTriesError
from souspli_cli.bridge.smtp import accounts
from souspli_cli.bridge.smtp.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path


class SignedInAccount(Protocol):
    """What a session needs of an account."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def may_send_from(self, address: str) -> bool:
        """Say whether MAIL FROM may be this."""
        ...


class SigningIn:
    """The accounts of one file, read again when it changes."""

    def __init__(self, path: Path, executor: Executor, *, clock: Callable[[], float]) -> None:
        """`clock` goes forward only."""
        self._path = path
        self._executor = executor
        self._clock = clock
        self._throttle = Throttle()
        self._stamp: tuple[int, int] | None = None
        self._accounts: dict[str, accounts.Account] = {}
        # Software that opens a connection for each mail signs in each time: what was
        # right a moment ago is known by a digest under a key that dies with the process.
        self._key = os.urandom(32)
        self._right: dict[str, bytes] = {}
        self._nobody = accounts.hash_password(accounts.new_password())

    async def sign_in(self, peer: str, name: str, password: bytes) -> accounts.Account | None:
        """Give the account, or None; raises TooManyTriesError."""
        if self._throttle.must_wait(peer, name, now=self._clock()):
            raise TooManyTriesError
        account = self._current().get(name)
        if not await self._is_right(account, password):
            self._throttle.failed(peer, name, now=self._clock())
            return None
        self._throttle.succeeded(peer, name)
        return account

    async def _is_right(self, account: accounts.Account | None, password: bytes) -> bool:
        # Of nobody too, so that both take as long.
        hashed = self._nobody if account is None else account.hash
        digest = hmac.digest(self._key, hashed.encode() + b"\0" + password, hashlib.sha256)
        if account is not None and hmac.compare_digest(self._right.get(hashed, b""), digest):
            return True
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._executor, accounts.matches, hashed, password)
        if account is None or not right:
            return False
        self._right[hashed] = digest
        return True

    def _current(self) -> dict[str, accounts.Account]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._accounts, self._stamp = accounts.read(self._path), stamp
            self._right.clear()
        return self._accounts
