"""What waits for a letter moves: to the letter that replaces it, to the account that claims."""

import pytest
from exchange.faults import Fault
from exchange.people import NOW
from exchange.simulated_member import MemberConnection
from exchange.world import AT_ONCE, REPORT, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import ExchangeUsageError
from souspli_exchange.port_errors import InvitationSupersededError
from souspli_exchange.receive import reseal_waiting
from souspli_exchange.reissue import rekey_waiting


async def test_a_re_issue_moves_what_waits_to_the_new_letter(world: World) -> None:
    first = await world.invite()
    sent = [await world.send(first) for _ in range(3)]
    own = world.own_copies[first.invitation_id]
    second = await world.invite(supersedes=own)
    moved = await rekey_waiting(
        world.practice.sender,
        MemberConnection(world.service),
        superseded=own,
        successor=OwnCopy(second.record),
        now=NOW,
        retry=AT_ONCE,
    )
    assert not moved.failures
    own_covers = {
        (
            s.covers[0].delivery_id,
            s.document_id,
            world.practice.sender.open_own_cover(
                world.service.deposits[s.document_id].sender_cover, s.document_id
            ).manifest_hash,
        )
        for s in sent
    }
    assert {(m.delivery_id, m.document_id, m.manifest_hash) for m in moved.moved} == own_covers
    assert not {m.manifest_hash for m in moved.moved} & {s.covers[0].manifest_hash for s in sent}
    with pytest.raises(InvitationSupersededError):
        await world.claim(first)
    patient = await world.claim(second)
    resealed = await reseal_waiting(patient.receiving(), patient.account.vault.identity, now=NOW)
    assert len(resealed.deliveries) == 3
    assert await patient.read_all() == [{REPORT.name: REPORT.content}] * 3


async def test_moving_may_be_interrupted_anywhere_and_taken_up_again(world: World) -> None:
    first = await world.invite()
    await world.send(first)
    own = world.own_copies[first.invitation_id]
    second = OwnCopy((await world.invite(supersedes=own)).record)
    for call in range(4):
        for fault in Fault:
            sending = world.sending({call: fault})
            await rekey_waiting(
                world.practice.sender,
                sending.mailbox,
                superseded=own,
                successor=second,
                now=NOW,
                retry=AT_ONCE,
            )
    assert [d.invitation_id for d in world.service.deliveries] == [second.invitation_id]


async def test_what_waits_for_a_letter_before_the_last_moves_too(world: World) -> None:
    """Whoever was to move it when that one was replaced was interrupted."""
    first = await world.invite()
    await world.send(first)
    second = await world.invite(supersedes=OwnCopy(first.record))
    await world.send(second)
    third = await world.invite(supersedes=OwnCopy(second.record))
    moved = await rekey_waiting(
        world.practice.sender,
        MemberConnection(world.service),
        superseded=OwnCopy(second.record),
        successor=OwnCopy(third.record),
        earlier=[OwnCopy(first.record)],
        now=NOW,
        retry=AT_ONCE,
    )
    assert (len(moved.moved), moved.failures) == (2, ())
    assert {d.invitation_id for d in world.service.deliveries} == {third.invitation_id}


@pytest.mark.parametrize("stranger", [0, 1, 2])
async def test_an_invitation_of_another_line_moves_nothing(world: World, stranger: int) -> None:
    """Be it the new one, the one it is to replace, or one before."""
    first = OwnCopy((await world.invite()).record)
    second = OwnCopy((await world.invite(supersedes=first)).record)
    line = [OwnCopy((await world.invite(supersedes=second)).record), second, first]
    line[stranger] = OwnCopy(world.practice.invite().record)
    with pytest.raises(ExchangeUsageError):
        await rekey_waiting(
            world.practice.sender,
            MemberConnection(world.service),
            superseded=line[1],
            successor=line[0],
            earlier=line[2:],
            now=NOW,
        )


async def test_waiting_covers_survive_a_fault_at_any_call_of_the_re_sealing(
    world: World,
) -> None:
    for call in range(4):
        for fault in Fault:
            fresh = World(world.practice)
            invitation = await fresh.invite()
            await fresh.send(invitation)
            patient = await fresh.claim(invitation)
            resealed = await reseal_waiting(
                patient.receiving({call: fault}), patient.account.vault.identity, now=NOW
            )
            assert not resealed.failures
            again = await reseal_waiting(
                patient.receiving(), patient.account.vault.identity, now=NOW
            )
            assert not again.deliveries
            assert await patient.read_all() == [{REPORT.name: REPORT.content}]
