"""Every answer is one that /openapi.json describes, whatever is asked; none is a 500.

schemathesis draws requests from the description, right and wrong ones, and holds the
answers of a real service against it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from simulation.databases import ENGINES
from simulation.people import Practice
from simulation.quick import Claimant, claim, invite
from simulation.sealed import addressed, deposit
from simulation.service import Service, running
from sqlalchemy import delete

from souspli_mailbox.app import ENDPOINTS
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.openapi import describe_service
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import DatabaseSettings

T = TypeVar("T")

# Per endpoint, for right requests and for wrong ones: with some thirty endpoints a
# minute is not to be exceeded.
EXAMPLES = 8

load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    )
]
DESCRIPTION = describe_service(ENDPOINTS, version="test")
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)


@dataclass
class World:
    """A service with a practice, a patient and a document, in a thread of its own."""

    loop: asyncio.AbstractEventLoop
    service: Service
    practice: Practice
    patient: Claimant

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=30)

    def token_for(self, caller: Caller) -> str | None:
        """Open a session of this kind: endpoints that end theirs spoil no other's."""
        if caller is Caller.ANYBODY:
            return None
        return self.run(self._token_for(caller))

    async def _token_for(self, caller: Caller) -> str | None:
        if caller is Caller.CLAIM:
            claimant = await Claimant.arrive(self.service, await invite(self.practice))
            await claimant.prove()
            return claimant.client._transport._token
        if caller is Caller.PATIENT:
            await self.patient.sign_in(self.patient.client)
            return self.patient.client._transport._token
        await self.practice.sign_in()
        return self.practice.client._transport._token

    def forget_throttles(self) -> None:
        """Let the next example be answered for what it asks."""
        self.service.database.write_now(
            lambda connection: connection.execute(delete(tables.throttles))
        )


@pytest.fixture(scope="module", params=ENGINES)
def database(
    request: pytest.FixtureRequest,
) -> Iterator[DatabaseSettings]:
    if request.param == "sqlite":
        yield DatabaseSettings()
        return
    with request.getfixturevalue("postgresql").migrated() as settings:
        yield settings


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, database: DatabaseSettings) -> Iterator[World]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    folder: Path = tmp_path_factory.mktemp("openapi")
    started = running(folder / "data", database=database)

    async def begin() -> World:
        service = await started.__aenter__()
        practice = await Practice.found(service)
        invited = await invite(practice)
        await deposit(practice, addressed(invited))
        return World(loop, service, practice, await claim(service, invited))

    def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(work(), loop).result(timeout=60)

    try:
        yield run(begin)
        run(lambda: started.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def cases() -> Iterator[Any]:
    for endpoint in ENDPOINTS:
        name = f"{endpoint.method} {endpoint.path}"
        yield pytest.param(endpoint, GenerationMode.POSITIVE, id=f"{name} right")
        # Where nothing is sent, nothing can be wrong.
        if endpoint.takes is not None or endpoint.path_parameters or endpoint.query:
            yield pytest.param(endpoint, GenerationMode.NEGATIVE, id=f"{name} wrong")


@pytest.mark.parametrize(("endpoint", "mode"), list(cases()))
def test_every_answer_is_one_that_is_described(
    world: World, endpoint: Endpoint, mode: GenerationMode
) -> None:
    operation = SCHEMA[endpoint.path][endpoint.method]
    token = world.token_for(endpoint.caller)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=world.service.page.rstrip("/"), headers=headers, timeout=30)
        case.validate_response(response, checks=CHECKED)
        world.forget_throttles()

    ask()


def test_the_description_is_served(world: World) -> None:
    answer = world.run(world.service.ask("GET", "/openapi.json"))
    assert answer.status == 200
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["paths"] == DESCRIPTION["paths"]


def test_every_schema_in_the_description_is_one() -> None:
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_request_of_the_specification_has_an_endpoint() -> None:
    text = (Path(__file__).parents[2] / "docs" / "specs" / "mailbox.md").read_text("utf-8")
    specified = set()
    for line in text.splitlines():
        for quoted in line.removeprefix("- ").split("`")[1:2] if line.startswith("- `") else []:
            method, _, path = quoted.partition(" ")
            if method in {"GET", "POST", "PUT"}:
                specified.add((method, path.partition("?")[0].replace("{n}", "{segment}")))
    served = {(one.method, one.path) for one in ENDPOINTS} | {("GET", "/openapi.json")}
    assert specified - {("GET", "/openapi.json")} <= served
    assert served - specified <= {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json")}
