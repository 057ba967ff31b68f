"""Whom a document is for: looked up, verified, asked again, attested (claim.md §5)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from souspli_exchange.binding import (
    OwnCopy,
    VerifiedRecipient,
    check_entry,
    sign_attestation,
    verify_recipient,
)
from souspli_exchange.consent import identity_of, verify_words
from souspli_exchange.errors import ExchangeUsageError
from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.directory import InvitationView
from souspli_exchange.sending import Addressee, Sending
from souspli_keys.address import Address


async def find_recipients(
    sending: Sending, addressees: Iterable[Addressee], *, now: int
) -> tuple[VerifiedRecipient, ...]:
    """Return the verified identities to seal to; nothing is sent.

    Raises NotFoundError (invite first), InvitationExpiredError,
    InvitationSupersededError (re-issue), InvitationRefusedError and
    BindingRefusedError (red stop), BackToPaperError (print), WordRefusedError,
    and PortErrors.
    """
    found: list[VerifiedRecipient] = []
    for addressee in addressees:
        address = addressee.address
        entry = await sending.retry.repeat(partial(sending.directory.look_up, address))
        view = check_entry(entry, addressee.own_copy)
        recipient = verify_recipient(view, addressee.own_copy, now=now)
        _check_electronic(sending, view, addressee.own_copy, recipient)
        found.append(recipient)
    return tuple(found)


async def verify_again(
    sending: Sending,
    invitation_id: InvitationId,
    own_copies: Mapping[InvitationId, OwnCopy],
    *,
    before: VerifiedRecipient | None = None,
    now: int,
) -> VerifiedRecipient:
    """Ask and verify once more; `before` is what was verified a moment ago."""
    own = own_copies.get(invitation_id)
    if own is None:
        raise BrokenAnswerError("the service names an invitation that is not in this document")
    if before is not None and before.binding is not None:
        # The own copy may be older than this claim: a service that takes it back would
        # have the document sealed to whoever holds the old letter.
        own = replace(own, seen_binding=before.binding.binding_hash)
    view = await sending.retry.repeat(lambda: sending.directory.invitation(invitation_id))
    recipient = verify_recipient(view, own, now=now)
    _check_electronic(sending, view, own, recipient)
    return recipient


def _check_electronic(
    sending: Sending, view: InvitationView, own: OwnCopy, recipient: VerifiedRecipient
) -> None:
    words = verify_words(view, own, sender=sending.sender, identity=identity_of(recipient))
    words.check_electronic()


async def attest(
    sending: Sending, recipient: VerifiedRecipient, address: Address, *, now: int
) -> None:
    """Tell colleagues that the recipient's binding was checked. `address` is the patient's.

    Raises PortErrors, and StatementError if the sender's role attests nothing.
    """
    if recipient.binding is None:
        raise ExchangeUsageError("a pending invitation has no binding to attest")
    attestation = sign_attestation(
        recipient.binding,
        member=sending.sender.statement,
        signer=sending.sender.identity,
        address=address,
        now=now,
    )
    await sending.retry.repeat(lambda: sending.directory.attest(attestation))
