"""What a member deposits is kept, and comes back (docs/specs/mailbox.md §1, §4)."""

from __future__ import annotations

from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.service import Service

from souspli_exchange.segments import SEGMENT_BYTES


async def test_a_deposit_of_several_segments_is_stored_byte_for_byte(
    practice: Practice, service: Service, invited: Invited
) -> None:
    sealed = shapes.draw(SEGMENT_BYTES + 65_536)
    assert len(sealed.segments) == 2
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    assert await patient.client.collect(delivery_id) == sealed.length
    read = await patient.client.read_contents(delivery_id, start=0, stop=sealed.length)
    assert read == sealed.contents


async def test_every_write_of_a_deposit_may_be_repeated(
    practice: Practice, service: Service, invited: Invited
) -> None:
    sealed = shapes.draw()
    cover, own = (
        shapes.addressed(invited),
        shapes.cover_for(practice.founding.identity.public),
    )
    results = []
    for _ in range(2):
        await shapes.upload(practice, sealed)
        results.append(
            await practice.client.complete_deposit(
                sealed.document_id, checksums=sealed.checksums, covers=[cover], sender_cover=own
            )
        )
    assert results[0] == results[1]
    assert len(service.rows("deliveries")) == len(service.rows("deposits")) == 1
    progress = await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=1
    )
    assert (progress.state, progress.received) == ("stored", {0})
    assert await practice.client.sender_cover(sealed.document_id) == own


async def test_each_recipient_gets_a_delivery_in_the_covers_order(practice: Practice) -> None:
    everybody = [await invite(practice) for _ in range(4)]
    done = await shapes.deposit(practice, *map(shapes.addressed, everybody))
    assert [delivery.invitation_id for delivery in done.deliveries] == [
        invited.invitation_id for invited in everybody
    ]


async def test_pages_follow_each_other_without_gap_or_repeat(
    practice: Practice, service: Service, invited: Invited, patient: Claimant
) -> None:
    sent = []
    for number in range(7):
        sealed = shapes.draw()
        await shapes.deposit(
            practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
        )
        sent.append(sealed.document_id)
        service.clock.pass_seconds(number % 2)  # some within the same second
    for list_page in (patient.client.deliveries, practice.client.deposits):
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = await list_page(after=cursor, limit=3)
            items = page.deliveries if hasattr(page, "deliveries") else page.deposits
            found += [item.document_id for item in items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(found) == len(sent)
        assert set(found) == set(sent)
