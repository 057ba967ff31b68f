"""Reading changes nothing, and contents come by range (docs/specs/claim.md §4, RFC 9110 §14)."""

from __future__ import annotations

import hashlib

import aiohttp
import pytest
from simulation import sealed as shapes
from simulation.enrolling import Joiner, ask
from simulation.people import Practice
from simulation.quick import Claimant, claim, invite
from simulation.service import Service

from souspli_mailbox.app import ENDPOINTS
from souspli_mailbox.endpoints import Caller
from souspli_mailbox.records import deciding
from souspli_mailbox.schema import tables

RECURRING = {"sweep", "expire", "remind"}


def everything(service: Service) -> dict[str, str]:
    """Return a hash of each table; sessions without when they were last seen."""
    hashes = {}
    for table in tables.metadata.tables:
        rows = service.rows(table)
        if table == "jobs":
            # The service's own work goes on by itself.
            rows = [row for row in rows if row["job"] not in RECURRING]
        for row in rows:
            row.pop("last_seen_at", None)
        hashes[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashes


async def test_a_get_changes_nothing_ever(service: Service, practice: Practice) -> None:
    invited, pending = await invite(practice), await invite(practice)
    sealed = shapes.draw()
    done = await shapes.deposit(
        practice, shapes.addressed(invited), shapes.addressed(pending), sealed=sealed
    )
    patient = await claim(service, invited)
    await patient.client.collect(done.deliveries[0].delivery_id)
    await practice.client.withdraw(sealed.document_id, practice.withdrawal(sealed.document_id))
    joiner = await Joiner.open(service, await ask(practice))
    await joiner.answer()
    # Mails that were under way have arrived, and their states are written.
    while any(row["job"] not in RECURRING for row in service.rows("jobs")):
        await service.ask("GET", "/healthz")
    # The other one's letter is being purged.
    service.database.write_now(
        deciding.decide, invitation_ids=[pending.invitation_id], now=pending.not_after + 1
    )
    service.clock.pass_seconds(120)  # far enough for a session to be seen anew
    ids = {
        "invitation_id": pending.invitation_id,
        "delivery_id": done.deliveries[0].delivery_id,
        "document_id": sealed.document_id,
        "enrolment_id": joiner.opened.enrolment_id,
    }
    callers = {
        Caller.ANYBODY: [None],
        Caller.ACCOUNT: [practice.client, patient.client],
        Caller.MEMBER: [practice.client],
        Caller.PATIENT: [patient.client],
    }
    before = everything(service)
    asked = 0
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            continue
        for method in ("GET", "HEAD"):
            for caller in callers[endpoint.caller]:
                path = endpoint.path.format(**ids)
                answer = await service.ask(method, path, as_=caller)
                assert answer.status == 200, path
                asked += 1
    assert asked >= 24
    assert everything(service) == before
    # And the hashes do notice a change.
    await invite(practice)
    assert everything(service) != before


@pytest.fixture
async def delivered(service: Service, practice: Practice) -> tuple[Claimant, str, bytes]:
    """Return a patient, the path of contents of 2.1 MB, and the contents."""
    invited = await invite(practice)
    sealed = shapes.draw(32 * 65_536 + 1)
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    patient = await claim(service, invited)
    await patient.client.collect(done.deliveries[0].delivery_id)
    path = f"/v1/deliveries/{done.deliveries[0].delivery_id}/contents"
    return patient, path, sealed.contents


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, None),
        ("bytes=100-65999", 100, 66_000),
        ("bytes=1048570-1048590", 1_048_570, 1_048_591),
        ("bytes=2000000-99999999", 2_000_000, None),
        ("bytes=-1", -1, None),
        ("bytes=-999999999", 0, None),
    ],
)
async def test_one_range_is_answered_with_just_these_bytes(
    service: Service,
    delivered: tuple[Claimant, str, bytes],
    asked: str,
    start: int,
    stop: int | None,
) -> None:
    patient, path, contents = delivered
    answer = await service.ask("GET", path, as_=patient.client, headers={"Range": asked})
    begin, end, _ = slice(start, stop).indices(len(contents))
    assert answer.status == 206
    assert answer.body == contents[begin:end]
    assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(contents)}"
    assert answer.headers["Content-Length"] == str(end - begin)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
async def test_a_range_after_the_end_is_not_satisfiable(
    service: Service, delivered: tuple[Claimant, str, bytes], asked: str
) -> None:
    patient, path, _ = delivered
    answer = await service.ask("GET", path, as_=patient.client, headers={"Range": asked})
    assert answer.problem == "range-not-satisfiable"


@pytest.mark.parametrize(
    "asked", [None, "bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=", "bytes=a-b", "bytes=--1"]
)
async def test_anything_but_one_range_gets_all_of_it(
    service: Service, delivered: tuple[Claimant, str, bytes], asked: str | None
) -> None:
    patient, path, contents = delivered
    headers = {} if asked is None else {"Range": asked}
    answer = await service.ask("GET", path, as_=patient.client, headers=headers)
    assert (answer.status, answer.body) == (200, contents)
    assert answer.headers["Accept-Ranges"] == "bytes"


async def test_a_range_of_what_was_begun_before_needs_the_same_etag(
    service: Service, delivered: tuple[Claimant, str, bytes]
) -> None:
    patient, path, contents = delivered
    etag = (await service.ask("HEAD", path, as_=patient.client)).headers["ETag"]
    for condition, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
        answer = await service.ask(
            "GET",
            path,
            as_=patient.client,
            headers={"Range": "bytes=0-9", "If-Range": condition},
        )
        assert answer.status == status
        assert answer.body == (contents[:10] if status == 206 else contents)


async def test_head_tells_the_length_and_sends_nothing(
    service: Service, delivered: tuple[Claimant, str, bytes]
) -> None:
    patient, path, contents = delivered
    answer = await service.ask("HEAD", path, as_=patient.client)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(contents))


async def test_contents_that_end_early_are_cut_off_and_never_padded(
    service: Service, delivered: tuple[Claimant, str, bytes]
) -> None:
    patient, path, contents = delivered
    (part,) = [found for found in (service.documents / "objects").rglob("*") if found.is_file()]
    part.write_bytes(contents[:1_500_000])
    with pytest.raises(aiohttp.ClientPayloadError):
        await service.ask("GET", path, as_=patient.client)
