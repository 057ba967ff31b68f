"""Whatever a release has sealed or stored, today's code reads (tests/releases/README.md)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from releases.release import (
    FOLDER,
    NAMES,
    Release,
    claim_letter,
    count_rows,
    open_contents,
    sign_in_member,
    sign_in_patient,
)
from simulation.people import ONCE, MemorySpool, description
from simulation.service import Clock, Service, running

from souspli_exchange.outgoing import draft_of
from souspli_exchange.receipt import verify_receipt
from souspli_exchange.receive import (
    Receiving,
    all_deliveries,
    fetch_cover,
    open_into_folder,
    reseal_waiting,
    sign_receipt,
)
from souspli_exchange.sealed import open_cover
from souspli_exchange.send import send
from souspli_exchange.sending import Addressee, Sending
from souspli_exchange.sources import BytesSource
from souspli_keys.address import Address
from souspli_mailbox.schema import MIGRATIONS
from souspli_storage.sqlite import SqliteDatabase

# After what the facts tell, and before any letter has expired.
LATER_SECONDS = 3_600


@pytest.fixture(params=NAMES)
def release(request: pytest.FixtureRequest) -> Release:
    return Release(FOLDER / request.param)


@pytest.fixture
async def service(release: Release, tmp_path: Path) -> AsyncIterator[Service]:
    """Today's service on a copy of the release's data folder."""
    clock = Clock()
    clock.now = release.facts["now"] + LATER_SECONDS
    data = release.copy_data(tmp_path / "data")
    async with running(data, clock=clock, origin=release.origin) as started:
        yield started


def test_there_is_a_release_to_read() -> None:
    assert "0.1.0" in NAMES


def test_its_sealed_document_opens_for_the_patient(release: Release) -> None:
    cover = open_cover(
        release.sealed("cover.age"),
        reader=release.reader(release.document["read_as"]),
        document_id=release.document_id,
        organisation=release.envelope("organisation"),
        member=release.envelope("member"),
    )
    assert cover.manifest.document.title == release.document["title"]
    assert len(cover.grants) == 1
    assert open_contents(release, cover) == release.files


def test_its_sealed_document_opens_for_its_sender(release: Release) -> None:
    cover = release.member.open_own_cover(release.sealed("sender_cover.age"), release.document_id)
    assert draft_of(cover).document.title == release.document["title"]
    assert open_contents(release, cover) == release.files


def test_its_database_migrates_and_loses_no_row(release: Release, tmp_path: Path) -> None:
    data = release.copy_data(tmp_path / "data")
    before = count_rows(data / "mailbox.sqlite")
    assert {name: before[name] for name in ("organisations", "deliveries", "bindings")} == {
        "organisations": 1, "deliveries": 5, "bindings": 2,
    }  # fmt: skip
    with SqliteDatabase(data / "mailbox.sqlite") as database:
        database.upgrade(migrations=MIGRATIONS)
    after = count_rows(data / "mailbox.sqlite")
    assert {name: after[name] for name in before} == before
    with closing(sqlite3.connect(data / "mailbox.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def read_all(receiving: Receiving, folder: Path) -> list[dict[str, bytes]]:
    """Open every document of a patient, newest first."""
    folder.mkdir()  # noqa: ASYNC240  (a test's own folder)
    found: list[dict[str, bytes]] = []
    async for delivery in all_deliveries(receiving):
        fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
        opened = await open_into_folder(
            receiving, delivery.delivery_id, fetched.cover, folder / delivery.delivery_id
        )
        found.append({path.name: path.read_bytes() for path in opened.paths})
    return found


async def test_its_patients_sign_in_and_read_what_they_were_sent(
    service: Service, release: Release, tmp_path: Path
) -> None:
    for place, address in enumerate(release.facts["patients"]):
        receiving = await sign_in_patient(service, release, address)
        assert await read_all(receiving, tmp_path / str(place)) == [release.files]


async def test_its_unopened_document_is_opened_and_the_sender_sees_the_receipt(
    service: Service, release: Release, tmp_path: Path
) -> None:
    deliveries = release.document["deliveries"]
    (address,) = (
        address
        for address in release.facts["patients"]
        if deliveries[address]["state"] == "fetched"
    )
    receiving = await sign_in_patient(service, release, address)
    (delivery,) = [delivery async for delivery in all_deliveries(receiving)]
    fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
    opened = await open_into_folder(
        receiving, delivery.delivery_id, fetched.cover, tmp_path / "opened"
    )
    (identity, *_) = receiving.reader.identities
    receipt = sign_receipt(opened.verified, signer=identity, now=service.clock.now)
    assert await receiving.mailbox.post_receipt(delivery.delivery_id, receipt) == "opened"

    member = await sign_in_member(service, release)
    (deposit,) = (await member.deposits()).deposits
    states = {seen.delivery_id: seen for seen in deposit.deliveries}
    seen = states[deliveries[address]["delivery_id"]]
    assert seen.receipt is not None
    verify_receipt(
        seen.receipt,
        reader=identity.public,
        document_id=release.document_id,
        manifest_hash=fetched.cover.manifest_hash,
        origin=release.origin,
    )
    expected = {kept["delivery_id"]: kept["state"] for kept in deliveries.values()}
    expected[seen.delivery_id] = "opened"
    # The mail that the relay had put off was taken meanwhile: the job was kept.
    moved = {"stored": {"stored", "notified"}}
    for delivery_id, state in expected.items():
        assert states[delivery_id].state in moved.get(state, {state})


async def test_its_letters_are_claimed_and_new_documents_reach_their_accounts(
    service: Service, release: Release, tmp_path: Path
) -> None:
    """A letter on paper outlives an upgrade; so do the sender's own copies of it."""
    address, *_ = release.facts["letters"]
    letter, person, own_copy = release.letter(address)
    member = await sign_in_member(service, release)
    sending = Sending(
        sender=release.member, directory=member, mailbox=member, spool=MemorySpool(), retry=ONCE
    )
    await send(
        sending,
        [BytesSource("suite.txt", "text/plain", b"la suite")],
        description("La suite"),
        [Addressee(Address(address), own_copy)],
        now=service.clock.now,
    )
    patient = await claim_letter(service, release, letter, person, address=address)
    now = service.clock.now
    resealed = await reseal_waiting(patient.receiving, patient.identity, now=now)
    assert resealed.failures == ()
    read = await read_all(patient.receiving, tmp_path / "read")
    assert read == [{"suite.txt": b"la suite"}, release.files]
