"""What a sender is told of a letter that ends, and their own contents again."""

from __future__ import annotations

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import claim, invite
from simulation.service import Service
from sqlalchemy import delete

from souspli_exchange.port_errors import NotFoundError, PortError
from souspli_mailbox.schema.tables import sender_covers


async def test_a_completed_deposit_says_until_when_each_letter_is_good(
    practice: Practice, service: Service
) -> None:
    waits, has_account = await invite(practice), await invite(practice)
    account = (await claim(service, has_account)).identity.public
    covers = (shapes.addressed(waits), shapes.addressed(has_account, account))
    done = await shapes.deposit(practice, *covers)
    assert [made.letter_ends_at for made in done.deliveries] == [waits.not_after, None]


async def test_one_s_own_contents_can_be_read_without_collecting_them(
    practice: Practice, service: Service
) -> None:
    sealed = shapes.draw()
    await shapes.deposit(practice, shapes.addressed(await invite(practice)), sealed=sealed)
    read = practice.client.own_contents
    assert await read(sealed.document_id, start=0, stop=sealed.length) == sealed.contents
    assert await read(sealed.document_id, start=7, stop=99) == sealed.contents[7:99]
    assert await read(sealed.document_id, start=7, stop=7) == b""
    (deposit,) = (await practice.client.deposits()).deposits
    assert deposit.deliveries[0].fetched_at is None
    service.database.write_now(lambda connection: connection.execute(delete(sender_covers)))
    with pytest.raises(NotFoundError):
        await read(sealed.document_id, start=0, stop=sealed.length)


async def test_nobody_else_reads_them_that_way(practice: Practice, service: Service) -> None:
    sealed, invited = shapes.draw(), await invite(practice)
    await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    colleague = (await practice.colleague()).client
    stranger = (await Practice.found(service, name="Cabinet des Roses")).client
    for client in (colleague, stranger):
        with pytest.raises(NotFoundError):
            await client.own_contents(sealed.document_id, start=0, stop=sealed.length)
    patient = (await claim(service, invited)).client
    with pytest.raises(PortError):
        await patient.own_contents(sealed.document_id, start=0, stop=sealed.length)


async def test_a_document_that_is_still_uploaded_has_no_contents_to_read(
    practice: Practice,
) -> None:
    sealed = shapes.draw()
    await shapes.upload(practice, sealed)
    with pytest.raises(NotFoundError):
        await practice.client.own_contents(sealed.document_id, start=0, stop=sealed.length)
