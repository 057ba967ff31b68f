"""The log names nobody; lines of one account can be connected for a day, and no longer."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import structlog
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.process import started
from simulation.quick import claim, invite
from simulation.service import Service

from souspli_mailbox.pseudonyms import DAY_SECONDS, Pseudonyms
from souspli_mailbox.records.service_secrets import SecretPurpose, secret_of_day


async def lines_of(service: Service, *practices: Practice) -> list[dict[str, Any]]:
    """What the log says of one request of each."""
    with structlog.testing.capture_logs() as logged:
        for practice in practices:
            await practice.client.deposits()
    return [line for line in logged if line.get("route") == "/v1/deposits"]


async def test_lines_of_one_account_are_connected_and_of_two_are_not(service: Service) -> None:
    first = await Practice.found(service)
    second = await Practice.found(service, name="Cabinet des Roses")
    one, again, other = await lines_of(service, first, first, second)
    assert one["account"] == again["account"] != other["account"]
    assert one["organisation"] == again["organisation"] != other["organisation"]
    assert one["account"] != one["organisation"]
    said = json.dumps([one, again, other])
    assert first.founding.account.account_number not in said


async def test_the_next_day_has_other_pseudonyms_and_the_old_key_is_gone(
    service: Service,
) -> None:
    practice = await Practice.found(service)
    (one,) = await lines_of(service, practice)
    before = [row["value"] for row in service.rows("service_secrets")]
    service.clock.pass_seconds(DAY_SECONDS)
    await practice.sign_in()
    (next_day,) = await lines_of(service, practice)
    assert one["account"] != next_day["account"]
    after = [row["value"] for row in service.rows("service_secrets")]
    assert len(before) == len(after)
    assert len(set(before) - set(after)) == 1


async def test_a_patient_s_lines_have_an_account_and_no_organisation(service: Service) -> None:
    practice = await Practice.found(service)
    claimant = await claim(service, await invite(practice))
    client = await service.client()
    await claimant.sign_in(client)
    with structlog.testing.capture_logs() as logged:
        await client.deliveries()
    (line,) = [one for one in logged if one.get("route") == "/v1/deliveries"]
    assert "account" in line
    assert "organisation" not in line


def test_all_processes_have_the_same_key_of_a_day(rows: Any) -> None:
    def key(day: int) -> bytes:
        return rows.database.write_now(secret_of_day, purpose=SecretPurpose.LOG_PSEUDONYMS, day=day)

    first = key(20_000)
    assert key(20_000) == first
    second = key(20_001)
    assert second != first
    # A clock that is behind does not bring the old key back.
    assert key(20_000) == second


async def test_without_the_key_there_are_no_pseudonyms_and_no_harm() -> None:
    async def away(day: int) -> bytes:
        raise OSError

    pseudonyms = Pseudonyms(away)
    await pseudonyms.turn(0)
    assert pseudonyms.of("account", "A") is None


async def test_each_line_says_which_worker_wrote_it_and_the_level_is_kept(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "data", text='workers = 2\nlog_level = "info"\n') as process:
        practice = await process.practice()
        await asyncio.gather(*(practice.client.deposits() for _ in range(8)))
        await process.clients.aclose()
        process.running.send_signal(signal.SIGTERM)
        assert await process.running.wait() == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert {line["worker"] for line in requests} <= {0, 1}
    assert requests
    assert len({line["account"] for line in requests if line["route"] == "/v1/deposits"}) == 1
    (tmp_path / "log").write_text("")
    async with started(tmp_path / "data", text='log_level = "error"\n') as process:
        await (await process.client()).service()
        await process.clients.aclose()
    assert (tmp_path / "log").read_text() == ""


async def test_nothing_of_a_document_is_logged(service: Service) -> None:
    practice = await Practice.found(service)
    with structlog.testing.capture_logs() as logged:
        sealed = shapes.draw()
        await shapes.deposit(practice, shapes.addressed(await invite(practice)), sealed=sealed)
    said = json.dumps(logged, default=str)
    assert sealed.document_id not in said
    assert "lilas" not in said.lower()
