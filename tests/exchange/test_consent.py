"""Before anything is sealed: what was said for the patient, verified, and not unseen."""

from dataclasses import replace

import pytest
from exchange.people import NOW, ORIGIN
from exchange.world import World

from souspli_exchange.consent import (
    Closed,
    VerifiedWords,
    Words,
    sign_consent,
    verify_words,
)
from souspli_exchange.errors import WordRefusedError
from souspli_exchange.invitation import NewInvitation
from souspli_exchange.port_errors import BackToPaperError
from souspli_exchange.ports.directory import ClosedView
from souspli_exchange.ports.statements import NotedConsent
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.statements import Choice, Closing, How, Line, Way, sign_statement

TEXT = ("2026-12", "ab" * 32)


def noted(world: World, invitation: NewInvitation, way: Way, *, now: int = NOW) -> Envelope:
    return sign_consent(
        world.practice.sender,
        subject=invitation.invitation_id,
        before=None,
        way=way,
        how=How.ORAL,
        given_at=now,
        text=TEXT,
        now=now,
    )


def chosen(world: World, way: Way, signer: Identity) -> Envelope:
    organisation = world.practice.sender.statement.organisation
    line = Line.first(origin=ORIGIN, issued_at=NOW + 10)
    return sign_statement(Choice(line=line, organisation=organisation, way=way), signer)


async def test_nothing_is_sealed_for_who_is_on_paper(world: World) -> None:
    invitation = await world.invite()
    stored = world.service.find(invitation.invitation_id)
    stored.consent = NotedConsent(noted(world, invitation, Way.PAPER), world.service.member)
    with pytest.raises(BackToPaperError) as paper:
        await world.send(invitation)
    assert (paper.value.since, paper.value.by_patient) == (NOW, False)
    assert not world.spool.segments


async def test_a_patient_s_choice_counts_if_the_account_signed_it(world: World) -> None:
    invitation = await world.invite()
    patient = await world.claim(invitation)
    stored = world.service.find(invitation.invitation_id)
    stored.choice = chosen(world, Way.PAPER, Identity.generate())
    with pytest.raises(WordRefusedError):
        await world.send(invitation)
    stored.choice = chosen(world, Way.PAPER, patient.account.vault.identity)
    with pytest.raises(BackToPaperError) as paper:
        await world.send(invitation)
    assert paper.value.by_patient
    assert not world.spool.segments


async def test_a_consent_that_is_not_the_practice_s_for_this_patient_stops_the_sending(
    world: World,
) -> None:
    invitation, other = await world.invite(), world.practice.invite()
    stored = world.service.find(invitation.invitation_id)
    stored.consent = NotedConsent(noted(world, other, Way.ELECTRONIC), world.service.member)
    with pytest.raises(WordRefusedError):
        await world.send(invitation)
    assert not world.spool.segments


async def test_nobody_chooses_for_an_account_that_does_not_exist(world: World) -> None:
    invitation = await world.invite()
    stored = world.service.find(invitation.invitation_id)
    stored.choice = chosen(world, Way.ELECTRONIC, Identity.generate())
    with pytest.raises(WordRefusedError):
        await world.send(invitation)


async def test_what_was_seen_once_is_not_unseen(world: World) -> None:
    """A service that shows an older word, or none, changes nothing."""
    invitation = await world.invite()
    own = world.own_copies[invitation.invitation_id]
    sender, member = world.practice.sender, world.service.member
    view = world.service.find(invitation.invitation_id).view
    first = NotedConsent(noted(world, invitation, Way.ELECTRONIC), member)
    heard = verify_words(replace(view, consent=first), own, sender=sender, identity=None)
    second = sign_consent(
        sender,
        subject=invitation.invitation_id,
        before=heard,
        way=Way.PAPER,
        how=How.ORAL,
        given_at=NOW,
        text=None,
        now=NOW,  # the same second: it is signed as later all the same
    )
    known = Words(consent=NotedConsent(second, member))
    for shown in (None, first):
        words = verify_words(
            replace(view, consent=shown), own, sender=sender, identity=None, known=known
        )
        assert words.words == known
        with pytest.raises(BackToPaperError):
            words.check_electronic()


async def test_the_word_of_an_account_before_this_one_is_not_this_one_s(world: World) -> None:
    invitation = await world.invite()
    own = world.own_copies[invitation.invitation_id]
    view = world.service.find(invitation.invitation_id).view
    before, now = Identity.generate(), Identity.generate()
    known = Words(choice=chosen(world, Way.PAPER, before))
    words = verify_words(view, own, sender=world.practice.sender, identity=now.public, known=known)
    assert words.in_force is None


def closing(signer: Identity) -> Envelope:
    return sign_statement(Closing(line=Line.first(origin=ORIGIN, issued_at=NOW + 20)), signer)


async def test_a_closed_account_is_believed_if_the_patient_signed_it(world: World) -> None:
    invitation = await world.invite()
    patient = await world.claim(invitation)
    identity = patient.account.vault.identity
    entry = world.service.find(invitation.invitation_id).view

    def heard(closed: ClosedView | None, known: Words | None = None) -> VerifiedWords:
        return verify_words(
            replace(entry, closed=closed),
            world.own_copies[invitation.invitation_id],
            sender=world.practice.sender,
            identity=identity.public,
            known=known or Words(),
        )

    signed = closing(identity)
    words = heard(ClosedView(NOW + 25, signed))
    assert words.closed == Closed(since=NOW + 20, proved=True)
    with pytest.raises(BackToPaperError) as closed:
        words.check_electronic()
    assert (closed.value.closed, closed.value.since) == (True, NOW + 20)
    # What was seen once is not unseen.
    assert heard(None, words.words).closed == words.closed
    # A service that was put back from a backup has its own word alone.
    said = heard(ClosedView(NOW + 25, None))
    assert said.closed == Closed(since=NOW + 25, proved=False)
    with pytest.raises(BackToPaperError) as unproved:
        said.check_electronic()
    assert not unproved.value.by_patient
    with pytest.raises(WordRefusedError):
        heard(ClosedView(NOW + 25, closing(Identity.generate())))
    # A word of an account before this one is none about this one.
    assert heard(None, Words(closing=closing(Identity.generate()))).closed is None
