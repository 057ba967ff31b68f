"""A process that deposits and collects over several connections, and tells how long each took.

`python -m benchmarks.driver LETTERS` reads one task a line (JSON) from its standard input
and answers each with one line. Nothing is sealed, signed or drawn while the time runs but
a document's id.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.http_line import BrokenLineError, Line
from benchmarks.letters import Letter


class ToDeposit(msgspec.Struct, frozen=True, tag="deposit"):
    """One document for one patient."""

    token: str
    """The sending member's."""
    invitation_id: str


class ToCollect(msgspec.Struct, frozen=True, tag="collect"):
    """One delivery, from the list to the signed receipt."""

    token: str
    """The patient's."""
    delivery_id: str
    receipt: bytes
    contents: bytes
    """SHA-256 of what it must be."""


class Task(msgspec.Struct, frozen=True):
    """What to do, each once, as fast as so many connections can."""

    ports: list[int]
    """Of the nodes: connections are opened to each in turn."""
    connections: int
    begin_at: float
    """On the machine's monotonic clock, so that all processes begin together."""
    items: list[ToDeposit | ToCollect]


class Made(msgspec.Struct, frozen=True):
    """A delivery that a deposit made."""

    item: int
    delivery_id: str
    document_id: str
    contents: bytes


class Report(msgspec.Struct, frozen=True):
    """What became of a task."""

    begin: float
    end: float
    seconds: list[float]
    """Of each that succeeded."""
    errors: dict[str, int]
    made: list[Made]


class WrongAnswerError(Exception):
    """The service did not do what it was asked."""


async def perform(task: Task, letters: Sequence[Letter]) -> Report:
    """Do the task; what fails is counted, and not tried again."""
    bodies = [_CompleteBody(letter) for letter in letters]
    waiting = iter(enumerate(task.items))
    seconds: list[float] = []
    errors: Counter[str] = Counter()
    made: list[Made] = []

    async def work(line: Line) -> None:
        for index, item in waiting:
            began = time.perf_counter()
            try:
                match item:
                    case ToDeposit():
                        body = bodies[index % len(bodies)]
                        made.append(await _deposit(line, item, body, index))
                    case ToCollect():
                        await _collect(line, item)
            except (WrongAnswerError, BrokenLineError) as failed:
                errors[str(failed)] += 1
            else:
                seconds.append(time.perf_counter() - began)

    async with contextlib.AsyncExitStack() as stack:
        lines = [
            await stack.enter_async_context(Line(task.ports[number % len(task.ports)]))
            for number in range(task.connections)
        ]
        await asyncio.sleep(max(0.0, task.begin_at - time.monotonic()))
        begin = time.monotonic()
        await asyncio.gather(*map(work, lines))
        end = time.monotonic()
    return Report(begin, end, seconds, dict(errors), made)


class _CompleteBody:
    """The completing request of a letter, but for the invitation: base64 is made once."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.checksum = base64.b64encode(letter.sha256).decode()
        body = msgspec.json.encode(
            {
                "checksums": [letter.sha256],
                "covers": [
                    {
                        "invitation_id": "\0",
                        "recipient_fingerprint": letter.recipient,
                        "cover": letter.cover,
                    }
                ],
                "sender_cover": letter.sender_cover,
            }
        )
        self._before, self._after = body.split(msgspec.json.encode("\0"))

    def to(self, invitation_id: str) -> bytes:
        return self._before + msgspec.json.encode(invitation_id) + self._after


async def _deposit(line: Line, item: ToDeposit, body: _CompleteBody, index: int) -> Made:
    """Open, put the one segment, complete: acknowledged is durable."""
    document_id = secrets.token_hex(16)
    path = f"/v1/deposits/{document_id}"
    opening = msgspec.json.encode(
        {
            "document_id": document_id,
            "sealed_length": len(body.letter.contents),
            "segments": 1,
        }
    )
    _expect(201, *await line.ask_json("POST", "/v1/deposits", token=item.token, body=opening))
    _expect(
        204,
        *await line.ask(
            "PUT",
            f"{path}/segments/0",
            token=item.token,
            body=body.letter.contents,
            more=f"X-Checksum-Sha256: {body.checksum}\r\n",
        ),
    )
    answer = _expect(
        201,
        *await line.ask_json(
            "POST", f"{path}/complete", token=item.token, body=body.to(item.invitation_id)
        ),
    )
    delivery_id = msgspec.json.decode(answer)["deliveries"][0]["delivery_id"]
    return Made(index, delivery_id, document_id, body.letter.sha256)


async def _collect(line: Line, item: ToCollect) -> None:
    """List, read the cover, collect, fetch all bytes, compare them, sign."""
    path = f"/v1/deliveries/{item.delivery_id}"
    listed = _expect(200, *await line.ask("GET", "/v1/deliveries", token=item.token))
    if item.delivery_id.encode() not in listed:
        raise WrongAnswerError("not listed")
    _expect(200, *await line.ask("GET", f"{path}/cover", token=item.token))
    _expect(200, *await line.ask_json("POST", f"{path}/collect", token=item.token, body=b"{}"))
    contents = _expect(200, *await line.ask("GET", f"{path}/contents", token=item.token))
    if hashlib.sha256(contents).digest() != item.contents:
        raise WrongAnswerError("other contents")
    _expect(
        200, *await line.ask_json("PUT", f"{path}/receipt", token=item.token, body=item.receipt)
    )


def _expect(status: int, got: int, body: bytes) -> bytes:
    if got != status:
        kind = msgspec.json.decode(body).get("type", "") if body[:1] == b"{" else ""
        raise WrongAnswerError(f"{got} {kind.rpartition(':')[2]}".strip())
    return body


def main() -> None:
    """Take tasks until the input ends."""
    letters = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=list[Letter])
    for line in sys.stdin.buffer:
        task = msgspec.json.decode(line, type=Task)
        sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(perform(task, letters))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
