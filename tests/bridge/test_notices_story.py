"""A running bridge tells its laboratory, its operator and Prometheus what was not sent."""

from __future__ import annotations

import asyncio
import time
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import aiohttp
import aiosmtplib
import msgspec
import pytest
from bridge.conftest import JEANNE
from bridge.plain_reader import mail
from bridge.world import MAILBOX, PATIENCE_SECONDS, SETTINGS
from prometheus_client.parser import text_string_to_metric_families
from simulation.relay import running_relay
from simulation.service import free_port

from souspli_cli.bridge import ledger
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.metrics import LABELS
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.notices.notifier import Notifier
from souspli_cli.bridge.notices.rows import Kind, NoticeState
from souspli_cli.bridge.notices.settings import Metrics, Notices
from souspli_cli.bridge.sending import pauses
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_exchange.port_errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bridge.world import Laboratory

HOUR = 3_600
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < limit
        await asyncio.sleep(0.05)


def told(laboratory: Laboratory) -> dict[tuple[Kind, NoticeState], int]:
    """What the ledger holds of notices."""
    with open_ledger(laboratory.folder.ledger) as database:
        return database.read_now(notice_rows.count)


async def scrape(port: int) -> Samples:
    """What Prometheus would get."""
    address = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name.removeprefix("souspli_bridge_"), tuple(sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_after_two_days_a_document_is_failed_and_goes_when_a_person_says_so(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notifier, "poll_seconds", 0.1)
    monkeypatch.setattr(pauses, "TRIES_FIRST_SECONDS", 0)
    monkeypatch.setattr(pauses, "LONGEST_AWAY_SECONDS", 0.2)
    sign_in, is_away, later = ServiceLine.sign_in, True, 0

    async def away(line: ServiceLine) -> None:
        if is_away:
            raise UnavailableError("away")
        await sign_in(line)

    monkeypatch.setattr(ServiceLine, "sign_in", away)
    laboratory.clock = lambda: time.time() + later
    laboratory.forward = lambda: time.monotonic() + later
    port = free_port()
    async with running_relay(tmp_path, offer="none") as relay:
        laboratory.settings = msgspec.structs.replace(
            SETTINGS,
            notices=Notices(relay=f"127.0.0.1:{relay.port}", tls="none"),
            metrics=Metrics(listen=f"127.0.0.1:{port}"),
        )
        taken = relay.handler.taken
        async with laboratory.bridge():
            await laboratory.send(mail(date="Fri, 15 Jan 2027 05:00:00 +0100"), JEANNE[0])
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                await laboratory.send(mail(), "inconnu@exemple.fr")
            await until(lambda: len(laboratory.rows()) == 1)
            assert taken == []
            later = 4 * HOUR
            await until(lambda: len(taken) == 1)
            later = 48 * HOUR
            await until(lambda: len(taken) == 2)
            (row,) = laboratory.rows()
            assert (row.state, row.reason) == (State.FAILED, "too_late")
            samples = await scrape(port)
            # The service is back, and nobody has said that it should go.
            is_away = False
            await laboratory.send(mail(), JEANNE[0])
            await laboratory.settled(2)
            with open_ledger(laboratory.folder.ledger) as database:
                assert database.write_now(ledger.try_again, None, now=int(laboratory.clock())) == 1
            rows = await laboratory.settled(2)
            assert [one.state for one in rows] == [State.DELIVERED] * 2
    reports = [message_from_bytes(content, policy=policy.default) for _, _, content, _ in taken]
    assert [one["X-Souspli-Error"] for one in reports] == ["service_away", "too_late"]
    assert {(sender, *to) for sender, to, _, _ in taken} == {("<>", "labo@labo.example")}

    def value(name: str, **labels: str) -> float:
        return samples[name, tuple(sorted(labels.items()))]

    assert value("answers_total", command="data", code="250") == 1
    assert value("answers_total", command="rcpt", code="550") == 1
    assert value("accept_seconds_count", code="250") == 1
    assert value("sign_ins_total", result="ok") == 2
    assert value("documents", state="failed") == 1
    assert value("oldest_waiting_seconds") == 0
    assert value("deliveries_total", outcome="away") > 0
    assert value("notices", kind="failed", state="sent") == 1
    assert value("spool_bytes") > 0
    assert value("disk_free_bytes") > 0
    assert value("service_reachable") == 1
    assert value("damaged_mails") == 0
    used = {name for _, labels in samples for name, _ in labels} - {"le"}
    assert used <= LABELS
    words = {value for _, labels in samples for _, value in labels}
    assert not [word for word in words if "@" in word or "sil" in word]


async def test_what_nobody_can_attribute_is_told_at_once_to_the_address_of_the_settings(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notifier, "poll_seconds", 0.1)
    async with running_relay(tmp_path, offer="none") as relay:
        notices = Notices(relay=f"127.0.0.1:{relay.port}", tls="none", to="astreinte@labo.example")
        laboratory.settings = msgspec.structs.replace(SETTINGS, notices=notices)
        async with laboratory.bridge():
            stranger = {"birth_name": "Zyxwv", "given_names": "Zoé", "birth_date": "1931-04-05"}
            await laboratory.send(mail(title="Glycémie", sex="F", **stranger), MAILBOX)
            await until(lambda: len(relay.handler.taken) == 1)
            async with laboratory.client() as client:
                # From nobody: a notice itself, as far as anybody knows.
                await client.sendmail("", [MAILBOX], mail(title="NFS"))
            await laboratory.settled(2)
            await until(lambda: (Kind.TO_CHECK, NoticeState.NOBODY) in told(laboratory))
    assert told(laboratory) == {
        (Kind.TO_CHECK, NoticeState.SENT): 1,
        (Kind.TO_CHECK, NoticeState.NOBODY): 1,
    }
    ((_, to, content, _),) = relay.handler.taken
    assert to == ["astreinte@labo.example"]
    report = message_from_bytes(content, policy=policy.default)
    assert report["X-Souspli-Error"] == "nobody"
    text = report.as_string() + "".join(
        part.get_content() for part in report.walk() if part.get_content_type() == "text/plain"
    )
    assert not [word for word in ("Zyxwv", "Zoé", "1931", "Glyc", "resultats") if word in text]
