"""A document passes from hand to hand, each of which signed for the next."""

import itertools

import pytest
from exchange.people import NOW, Practice
from exchange.sealed_world import ME, Sent, open_contents, open_own, reader_of

from souspli_exchange.age.file import decrypt, encrypt
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.errors import ExchangeUsageError, GrantRefusedError, ResealedByStrangerError
from souspli_exchange.grant import GrantReason
from souspli_exchange.sealed import reseal_cover
from souspli_keys import canonical
from souspli_keys.identity import Identity


def test_a_document_passes_through_eight_hands_and_no_more(practice: Practice, sent: Sent) -> None:
    hands = [ME, *(Identity.generate() for _ in range(8))]
    sealed = sent.cover
    for giver, taker in itertools.pairwise(hands):
        cover = open_own(practice, sealed, sent, reader=reader_of(practice, giver, *hands))
        sealed = reseal_cover(
            cover, signer=giver, to=taker.public, reason=GrantReason.SHARE, now=NOW
        )
    cover = open_own(practice, sealed, sent, reader=reader_of(practice, hands[-1], hands[-2]))
    assert len(cover.grants) == 8
    assert open_contents(cover, sent.contents)[1][0] == b"text " * 50
    with pytest.raises(ExchangeUsageError):
        reseal_cover(cover, signer=hands[-1], to=ME.public, reason=GrantReason.SHARE, now=NOW)


def test_a_document_re_sealed_by_a_stranger_is_refused(practice: Practice, sent: Sent) -> None:
    friend = Identity.generate()
    cover = open_own(practice, sent.cover, sent)
    sealed = reseal_cover(cover, signer=ME, to=friend.public, reason=GrantReason.SHARE, now=NOW)
    with pytest.raises(ResealedByStrangerError):
        open_own(practice, sealed, sent, reader=reader_of(practice, friend))
    assert open_own(practice, sealed, sent, reader=reader_of(practice, friend, ME)).grants


def test_only_who_has_a_document_passes_it_on(practice: Practice, sent: Sent) -> None:
    cover = open_own(practice, sent.cover, sent)
    friend = Identity.generate()
    with pytest.raises(ExchangeUsageError):
        reseal_cover(cover, signer=friend, to=friend.public, reason=GrantReason.SHARE, now=NOW)
    # The sender may, as long as nobody else did.
    sealed = reseal_cover(
        cover,
        signer=practice.sender.identity,
        to=friend.public,
        reason=GrantReason.REKEY,
        now=NOW,
    )
    rekeyed = open_own(practice, sealed, sent, reader=reader_of(practice, friend))
    assert rekeyed.effective_recipient == friend.public.fingerprint
    with pytest.raises(ExchangeUsageError):
        reseal_cover(
            rekeyed,
            signer=practice.sender.identity,
            to=ME.public,
            reason=GrantReason.REKEY,
            now=NOW,
        )


def test_a_grant_taken_from_another_document_is_refused(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    friend = Identity.generate()
    age_key = HybridIdentity(friend.secret_age_seed())
    sealed = [
        reseal_cover(
            open_own(practice, document.cover, document),
            signer=ME,
            to=friend.public,
            reason=GrantReason.SHARE,
            now=NOW,
        )
        for document in (sent, other)
    ]
    mine, theirs = (canonical.decode(decrypt(one, age_key).rstrip(b" ")) for one in sealed)
    mixed = canonical.encode_padded(mine | {"grants": theirs["grants"]}, multiple=8_192)
    with pytest.raises(GrantRefusedError):
        open_own(
            practice,
            encrypt(mixed, HybridRecipient(friend.public.recipient_key)),
            sent,
            reader=reader_of(practice, friend, ME),
        )
