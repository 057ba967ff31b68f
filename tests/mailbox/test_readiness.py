"""`/readyz` says what is away, part by part; `/healthz` says that the process lives."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from simulation.people import Practice
from simulation.quick import invite
from simulation.relay import running_relay
from simulation.sealed import addressed, deposit
from simulation.service import Postbox, running

from souspli_mailbox import readiness as readiness_module
from souspli_mailbox.errors import MailDelayedError
from souspli_mailbox.notify import SmtpRelay
from souspli_mailbox.readiness import Overall, Part, Readiness, State, overall
from souspli_mailbox.settings import MailSettings
from souspli_mailbox.state import DRAIN
from souspli_storage.memory import Fault, MemoryBlobs


class Away(Postbox):
    """A relay that nobody reaches."""

    async def send(self, *_: object, **__: object) -> None:
        raise MailDelayedError("away")

    async def probe(self) -> None:
        raise MailDelayedError("away")


async def test_everything_there_is_ready(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as service:
        said = await service.ask("GET", "/readyz")
        assert said.status == 200
        assert (said.json["status"], said.json["database"], said.json["store"]) == (
            "ok",
            "ok",
            "ok",
        )


async def test_without_the_relay_deposits_are_taken_and_the_answer_says_degraded(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "data", postbox=Away()) as service:
        said = await service.ask("GET", "/readyz")
        while said.json["relay"] == "unknown":
            said = await service.ask("GET", "/readyz")
        assert (said.status, said.json["status"], said.json["relay"]) == (200, "degraded", "away")
        practice = await Practice.found(service)
        done = await deposit(practice, addressed(await invite(practice)))
        assert len(done.deliveries) == 1


async def test_without_the_store_or_the_database_nobody_is_sent_here(tmp_path: Path) -> None:
    store = MemoryBlobs()
    store.fault = lambda operation: Fault.BEFORE if operation == "size" else None
    async with running(tmp_path / "data", blobs=store) as service:
        said = await service.ask("GET", "/readyz")
        assert (said.status, said.json["status"], said.json["store"]) == (
            503,
            "unavailable",
            "away",
        )
        assert said.json["database"] == "ok"
        assert int(said.headers["Retry-After"]) > 0
        service.database.close()
        await asyncio.sleep(readiness_module.REMEMBERED_SECONDS)
        said = await service.ask("GET", "/readyz")
        assert (said.status, said.json["database"]) == (503, "away")
        # Restarting the process would mend neither.
        assert (await service.ask("GET", "/healthz")).status == 200


async def test_while_the_service_stops_it_is_healthy_and_not_ready(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as service:
        await service.app[DRAIN].finish(timeout=1)
        said = await service.ask("GET", "/readyz")
        assert (said.status, said.json["status"]) == (503, "stopping")
        assert (await service.ask("GET", "/healthz")).status == 200
        assert (await service.ask("GET", "/v1/service")).problem == "unavailable"


async def test_a_part_that_hangs_is_away_in_time_and_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness_module, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(readiness_module, "REMEMBERED_SECONDS", 0.0)
    asked: list[Part] = []
    hung = asyncio.Event()

    async def hang() -> None:
        asked.append(Part.STORE)
        await hung.wait()

    async def fine() -> None:
        asked.append(Part.DATABASE)

    parts = Readiness({Part.DATABASE: fine, Part.STORE: hang, Part.RELAY: fine})
    for _ in range(3):
        said = await parts.answer(stopping=False)
        assert (said.status, said.database, said.store) == ("unavailable", "ok", "away")
    assert asked.count(Part.STORE) == 1
    hung.set()
    await asyncio.sleep(0)
    assert (await parts.answer(stopping=False)).store == "ok"
    await parts.close()


async def test_many_who_ask_at_once_cost_one_question() -> None:
    asked: list[None] = []

    async def fine() -> None:
        asked.append(None)

    parts = Readiness(dict.fromkeys(Part, fine))
    await asyncio.gather(*(parts.answer(stopping=False) for _ in range(100)))
    assert len(asked) == 2  # database and store


@pytest.mark.parametrize("stopping", [False, True])
@pytest.mark.parametrize("states", [*itertools.product(State, repeat=3)])
def test_the_whole_follows_from_the_parts(
    states: tuple[State, State, State], stopping: bool
) -> None:
    said = overall(dict(zip(Part, states, strict=True)), stopping=stopping)
    database, store, relay = states
    if stopping:
        assert said is Overall.STOPPING
    elif (database, store) != (State.OK, State.OK):
        assert said is Overall.UNAVAILABLE
    else:
        assert said is (Overall.DEGRADED if relay is State.AWAY else Overall.OK)


async def test_a_relay_is_probed_as_a_mail_would_reach_it(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        await relay.client().probe()
        assert relay.handler.greeted_as[-1] == "souspli.example"
        assert relay.handler.taken == []
        # Nobody vouches for its certificate.
        settings = MailSettings(host="127.0.0.1", port=relay.port, timeout=10)
        with pytest.raises(MailDelayedError):
            await SmtpRelay(settings, name="souspli.example").probe()
    with pytest.raises(MailDelayedError):
        await relay.client().probe()
