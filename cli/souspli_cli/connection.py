"""A connection to the service, signed in as this device."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

from souspli_cli.profile import checked_origin
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.port_errors import PortError
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sending import Sending
from souspli_keys.login import UnlockerKind

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from souspli_cli.account import Account
    from souspli_cli.profile import Profile
    from souspli_cli.terminal import Terminal
    from souspli_exchange.sending import Progress
    from souspli_exchange.spool import Spool
    from souspli_mailbox.client import MailboxClient

_Result = TypeVar("_Result")

# After about 1, 2, 4 and 8 seconds: a service that restarts is back by then, and
# whoever waits at a terminal learns soon that the document is kept.
ATTEMPTS = 5

# The work is done by then; a service that hangs now must not hold its user.
SIGN_OUT_SECONDS = 5.0


def connect(profile: Profile) -> MailboxClient:
    """Give a client for the profile's service: an async context, not signed in."""
    from souspli_mailbox.client import MailboxClient  # noqa: PLC0415  (aiohttp costs 270 ms)

    return MailboxClient(profile.settings.service, origin=checked_origin(profile.settings.origin))


class Line:
    """A session with the service, for a command that also does work of its own.

    A plain context: between two `run` nothing waits for the service, so that Ctrl-C
    ends blocking work at once instead of after it. Entering raises `PortError`s.
    """

    def __init__(self, account: Account, terminal: Terminal) -> None:
        self._account = account
        self._terminal = terminal
        self._runner = asyncio.Runner()
        self.client = connect(account.profile)

    def __enter__(self) -> Line:
        try:
            self._runner.run(self._sign_in())
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # After a fault nobody should wait for one more answer.
            self._runner.run(self._leave(sign_out=error is None))
        finally:
            self._runner.close()

    async def _sign_in(self) -> None:
        await self.client.__aenter__()
        login_key = self._account.device.unlocker.login_key
        try:
            await self.client.sign_in(
                self._account.number,
                kind=UnlockerKind.DEVICE.value,
                login_public_key=login_key.public_key,
                sign=login_key.sign,
            )
        except BaseException:
            await self._leave(sign_out=False)
            raise

    async def _leave(self, *, sign_out: bool) -> None:
        if sign_out:
            # A session that can't be ended ends by itself.
            with contextlib.suppress(PortError, TimeoutError):
                async with asyncio.timeout(SIGN_OUT_SECONDS):
                    await self.client.sign_out()
        await self.client.__aexit__(None, None, None)

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do some work with the service; Ctrl-C cancels it and is raised here."""
        return run_to_end(self._runner, work)

    def sending(self, spool: Spool, progress: Progress | None = None) -> Sending:
        """Give what the exchange needs to send."""
        return Sending(
            sender=sending_member(self._account),
            directory=self.client,
            mailbox=self.client,
            spool=spool,
            retry=RetryPolicy(attempts=ATTEMPTS, sleep=self._wait),
            progress=progress or (lambda _step, _done, _total: None),
        )

    async def _wait(self, seconds: float) -> None:
        self._terminal.note("send.retrying", seconds=max(1, round(seconds)))
        await asyncio.sleep(seconds)


def run_to_end(runner: asyncio.Runner, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `work`; when a signal ends it, wherever it was raised, all of it has ended here."""
    tasks: list[asyncio.Task[Any] | None] = []

    async def noted() -> _Result:
        tasks.append(asyncio.current_task())
        return await work

    try:
        return runner.run(noted())
    except KeyboardInterrupt:
        # Raised in the middle of one of several tasks, it reaches us past the one that
        # waits for them: that one would go on with whatever runs next, and complain.
        for task in tasks:
            if task is not None and not task.done():
                runner.run(_end(task))
        raise


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # looked at: it is the one that is raised already


def sending_member(account: Account) -> SendingMember:
    """Give the account as the exchange's sender."""
    return SendingMember(
        identity=account.identity,
        organisation=account.organisation_statement,
        member=account.member_statement,
        origin=checked_origin(account.profile.settings.origin),
    )


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run the one coroutine of a command."""
    return asyncio.run(work)
