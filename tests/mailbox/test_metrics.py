"""Metrics count what happened, from every worker, and can't say to whom."""

from __future__ import annotations

import base64
import contextlib
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.process import started
from simulation.quick import invite
from simulation.service import Service, free_port, running

from souspli_mailbox.metrics import LABELS, Metrics
from souspli_mailbox.metrics_server import serve_metrics
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.settings import MetricsSettings
from souspli_storage.memory import Fault, MemoryBlobs

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scrape(port: int) -> Samples:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"souspli_{name}", tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
async def measured(tmp_path: Path) -> AsyncIterator[Service]:
    """A service with its metrics' port."""
    metrics = MetricsSettings(listen_port=free_port())
    async with running(tmp_path / "data", metrics=metrics) as service:
        runner = await serve_metrics(service.app, worker=0)
        yield service
        await runner.cleanup()


async def test_what_happens_is_counted(measured: Service) -> None:
    practice = await Practice.found(measured)
    sealed = shapes.draw()
    done = await shapes.deposit(practice, shapes.addressed(await invite(practice)), sealed=sealed)
    assert len(done.deliveries) == 1
    await measured.ask("POST", "/v1/deposits", {})
    samples = await scrape(measured.settings.metrics.listen_port)
    while not value(samples, "job_seconds_count", job="notify", outcome="done"):
        samples = await scrape(measured.settings.metrics.listen_port)
    assert value(samples, "deposits_completed_total") == 1
    assert value(samples, "delivery_events_total", event="stored") == 1
    assert value(samples, "delivery_events_total", event="mailed") == 1
    assert value(samples, "mails_total", outcome="accepted") == 1
    assert value(samples, "segment_bytes_total", direction="in") == sealed.length
    assert value(samples, "problems_total", route="/v1/deposits", problem="not-signed-in") == 1
    assert (
        value(samples, "request_seconds_count", route="/v1/deposits", method="POST", status="4xx")
        == 1
    )
    assert value(samples, "store_call_seconds_count", call="put_part") == 1
    assert value(samples, "database_unit_seconds_count", kind="write") > 0
    assert value(samples, "jobs_waiting", job="sweep") == 1
    assert value(samples, "jobs_dead", job="notify") == 0
    assert value(samples, "part_up", part="relay") == 1
    assert value(samples, "process_resident_memory_bytes") > 0


async def test_a_job_that_is_due_and_not_done_shows_its_age(measured: Service) -> None:
    measured.database.write_now(
        lambda connection: enqueue(
            connection, name=JobName.ACTIVATED, ids={}, now=measured.clock.now - 500
        )
    )
    samples = await scrape(measured.settings.metrics.listen_port)
    while not value(samples, "job_seconds_count", job="activated", outcome="failed"):
        assert value(samples, "oldest_due_job_seconds") in {0, 500}
        samples = await scrape(measured.settings.metrics.listen_port)
    assert value(samples, "jobs_waiting", job="activated") == 1


async def test_a_store_that_fails_is_counted_by_call_and_type(tmp_path: Path) -> None:
    store = MemoryBlobs()
    store.fault = lambda operation: Fault.BEFORE if operation == "put_part" else None
    metrics = MetricsSettings(listen_port=free_port())
    async with running(tmp_path / "data", metrics=metrics, blobs=store) as service:
        runner = await serve_metrics(service.app, worker=0)
        practice = await Practice.found(service)
        sealed = shapes.draw()
        await practice.client.open_deposit(
            sealed.document_id, sealed_length=sealed.length, segments=1
        )
        await service.ask(
            "PUT",
            f"/v1/deposits/{sealed.document_id}/segments/0",
            as_=practice.client,
            data=sealed.segments[0],
            headers={"X-Checksum-Sha256": base64.b64encode(sealed.checksums[0]).decode()},
        )
        samples = await scrape(metrics.listen_port)
        failure = {"call": "put_part", "failure": "StoreUnavailableError"}
        assert value(samples, "store_failures_total", **failure) == 1
        await runner.cleanup()


async def test_no_label_can_name_anybody(measured: Service) -> None:
    practice = await Practice.found(measured)
    await shapes.deposit(practice, shapes.addressed(await invite(practice)))
    # Whatever a client writes where words are ours.
    await measured.ask("BREW", "/v1/planted-value")
    await measured.ask("GET", "/v1/deliveries/" + "ab" * 16)
    await measured.ask("GET", "/openapi.json?planted=value")
    samples = await scrape(measured.settings.metrics.listen_port)
    assert len(samples) > 100
    for name, labels in samples:
        assert name.startswith("souspli_")
        for label, text in labels:
            assert label in LABELS | {"le"}
            assert re.fullmatch(r"[A-Za-z0-9/_{}.()+-]{1,60}", text), text
            assert not re.search(r"[0-9a-f]{8}|planted|BREW|127\.0", text), text


def test_every_metric_s_labels_are_on_the_list() -> None:
    used = {
        label for metric in vars(Metrics()).values() for label in getattr(metric, "_labelnames", ())
    }
    assert used == LABELS


async def test_each_worker_answers_for_itself_and_their_sum_is_everything(tmp_path: Path) -> None:
    port = next(found for found in iter(free_port, None) if found < 65_000)
    text = f"workers = 2\n[metrics]\nlisten_port = {port}\n"
    async with started(tmp_path / "data", text=text) as process:
        asked = 20
        for _ in range(asked):
            async with aiohttp.ClientSession() as session:
                await (await session.get(process.settings.page + "v1/service")).read()
        label = {"route": "/v1/service", "method": "GET", "status": "2xx"}
        counts = [
            value(await scrape(port + number), "request_seconds_count", **label)
            for number in range(2)
        ]
        assert sum(counts) == asked
        process.running.send_signal(signal.SIGTERM)
        assert await process.running.wait() == 0


async def test_without_the_setting_no_port_is_opened(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as process:
        assert listening_sockets(process.running.pid) == 1


def listening_sockets(pid: int) -> int:
    inodes: set[str] = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed while we look
            inodes.add(link.readlink().name)
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return len([row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes])
