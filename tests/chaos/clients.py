"""The laboratory's software: some connections, each handing in one mail after the other.

What is not answered is handed in again, with the same bytes. Some hang up after the dot;
of these, some never come back. Every answer is written down.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chaos.mails import Mail

ANSWER_SECONDS: Final = 120.0
# Between two tries at a bridge that is not there.
PAUSE_SECONDS: Final = 0.1
# Of all mails, these parts: hang up after the dot; and of those, never come back.
DROPS: Final = 0.04
GIVES_UP: Final = 0.25
SENDER: Final = "labo@labo.example"


@dataclass
class Story:
    """What became of one mail, as its client saw it."""

    began: float
    """When it was first handed in, on a clock that goes forward."""
    answered: float | None = None
    """When it was first answered 250."""
    unseen: int = 0
    """Tries whose dot was sent, and whose answer was never seen."""
    answers: list[str] = field(default_factory=list)
    """Of the tries that were answered: codes, 250 with its queue id."""

    @property
    def queue_ids(self) -> set[str]:
        """All that it was told."""
        return {answer.rpartition(" ")[2] for answer in self.answers if answer[:3] == "250"}


class _GoneError(Exception):
    """The connection ended."""

    def __init__(self, *, unseen: bool) -> None:
        super().__init__()
        self.unseen = unseen


class Clients:
    """All of them."""

    def __init__(
        self, port: int, password: str, *, count: int, seed: int, room: Callable[[], bool]
    ) -> None:
        """`room` says whether a client may go on: acceptance runs ahead of delivery."""
        self.stories: dict[int, Story] = {}
        self._port = port
        self._password = password
        self._count = count
        self._draw = random.Random(f"clients {seed}")  # noqa: S311  (no secret)
        self._room = room

    async def hand_in(self, mails: Iterator[Mail]) -> None:
        """Hand in all; return when none is left."""

        async def run() -> None:
            connection = _Connection(self._port, self._password)
            for mail in mails:
                while not self._room():  # noqa: ASYNC110  (a folder, looked at)
                    await asyncio.sleep(0.05)
                await self._hand_in(connection, mail)
            connection.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(run())

    async def _hand_in(self, connection: _Connection, mail: Mail) -> None:
        story = self.stories[mail.number] = Story(began=time.monotonic())
        drops = self._draw.random() < DROPS
        comes_back = self._draw.random() >= GIVES_UP
        while True:
            try:
                answer = await connection.send(mail, hang_up=drops)
            except _GoneError as gone:
                story.unseen += gone.unseen
                if drops and gone.unseen and not comes_back:
                    return
                drops = drops and not gone.unseen
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            story.answers.append(answer)
            if answer[0] == "2":
                story.answered = story.answered or time.monotonic()
                return
            if answer[0] == "5":
                return
            await asyncio.sleep(PAUSE_SECONDS)


class _Connection:
    """One SMTP connection, opened again when it ends."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._secret = base64.b64encode(f"\0sil\0{password}".encode()).decode()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def send(self, mail: Mail, *, hang_up: bool) -> str:
        """Hand in a mail; give the answer to it. Raises _GoneError."""
        dotted = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._writer is None:
                    await self._open()
                await self._say(f"MAIL FROM:<{SENDER}>", "2")
                answer = await self._say(f"RCPT TO:<{mail.recipient}>", "25")
                if answer[0] == "5":
                    await self._say("RSET", "2")
                    return answer
                await self._say("DATA", "3")
                assert self._writer is not None
                self._writer.write(mail.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                dotted = True
                await self._writer.drain()
                if hang_up:
                    # Had the dot left this process? It may, or may not, have been read.
                    self.close()
                    raise _GoneError(unseen=True)
                return await self._hear()
        except (OSError, EOFError, TimeoutError):
            self.close()
            raise _GoneError(unseen=dotted) from None

    async def _open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._hear()
        await self._say("EHLO sil.labo.example", "2")
        await self._say(f"AUTH PLAIN {self._secret}", "2")

    async def _say(self, line: str, expected: str) -> str:
        assert self._writer is not None
        self._writer.write(line.encode() + b"\r\n")
        answer = await self._hear()
        assert answer[0] in expected, f"{line.partition(':')[0]}: {answer}"
        return answer

    async def _hear(self) -> str:
        assert self._reader is not None
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            if line[3:4] != b"-":
                return line.decode().rstrip()
