"""What the sender makes of a claim (claim.md §5): accepted over the own copy, or a red stop."""

from contextlib import suppress

import pytest
from exchange.people import DAY, NOW, ORIGIN, Practice
from exchange.simulated_member import MemberConnection
from exchange.world import World, answer_of, letter_of

from souspli_exchange.binding import OwnCopy, verify_claim, verify_recipient
from souspli_exchange.claim import open_letter, sign_claim_binding
from souspli_exchange.errors import BindingRefusedError, InvitationRefusedError
from souspli_exchange.invitation import NewInvitation
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_keys.identity import Identity


def bind(
    practice: Practice, invitation: NewInvitation, identity: Identity, *, now: int = NOW
) -> BindingEnvelopes:
    opened = open_letter(
        letter_of(invitation), answer_of(practice, invitation), origin=ORIGIN, now=NOW
    )
    return sign_claim_binding(opened, identity, now=now)


def test_a_binding_over_the_own_copy_is_accepted(practice: Practice) -> None:
    invitation, identity = practice.invite(), Identity.generate()
    own = OwnCopy(invitation.record)
    binding = bind(practice, invitation, identity)
    verified = verify_claim(binding, own)
    assert verified.binding.identity == identity.public
    seen = OwnCopy(invitation.record, seen_binding=verified.binding_hash)
    assert verify_claim(binding, seen).binding_hash == verified.binding_hash


def test_anything_else_is_a_red_stop(practice: Practice) -> None:
    invitation, identity = practice.invite(), Identity.generate()
    own = OwnCopy(invitation.record)
    good = bind(practice, invitation, identity)
    other = bind(practice, invitation, Identity.generate())
    elsewhere = practice.invite()
    refused: list[tuple[str, BindingEnvelopes | None, OwnCopy]] = [
        ("no binding", None, own),
        ("superseded", good, OwnCopy(invitation.record, superseded=True)),
        ("another record", good, OwnCopy(elsewhere.record)),
        ("another binding before", good, OwnCopy(invitation.record, seen_binding="cd" * 32)),
        ("two payloads", BindingEnvelopes(good.by_claim, other.by_identity), own),
        ("claim's signature twice", BindingEnvelopes(good.by_claim, good.by_claim), own),
        ("identity's signature twice", BindingEnvelopes(good.by_identity, good.by_identity), own),
        ("swapped", BindingEnvelopes(good.by_identity, good.by_claim), own),
        ("too late", bind(practice, invitation, identity, now=NOW + 31 * DAY), own),
        ("too early", bind(practice, invitation, identity, now=NOW - DAY), own),
    ]
    accepted: list[str] = []
    for what, binding, copy in refused:
        with suppress(BindingRefusedError):
            verify_claim(binding, copy)
            accepted.append(what)
    assert not accepted


async def test_the_service_s_answer_must_be_about_the_invitation_asked_for(world: World) -> None:
    invitation, other = await world.invite(), world.practice.invite()
    view = await MemberConnection(world.service).invitation(invitation.invitation_id)
    with pytest.raises(InvitationRefusedError):
        verify_recipient(view, OwnCopy(other.record), now=NOW)
