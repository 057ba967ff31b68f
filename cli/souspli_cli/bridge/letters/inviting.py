"""Inviting whom a document is for, where the policy says so; each with exactly one letter.

docs/specs/bridge.md §14. The order is what counts: the letter is kept, then the invitation
posted, then the letter handed over, then forgotten. What a crash leaves stands beside each
step, and the next try goes on from there with the same code.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from souspli_cli import consent_text
from souspli_cli.bridge.errors import NotPrintedError
from souspli_cli.bridge.letters.kept import KeptLetter
from souspli_cli.bridge.people.known_person import KnownPerson
from souspli_cli.bridge.routing import Allow, contradicts, person_of
from souspli_cli.errors import CliError, Refused
from souspli_cli.invite import letter_of
from souspli_cli.inviting import plan, publish
from souspli_cli.letter import render_letter
from souspli_cli.words import Language
from souspli_exchange import port_errors as port
from souspli_exchange.consent import sign_consent
from souspli_exchange.invitation import draw_invitation
from souspli_keys.address import Address
from souspli_keys.statements import Invitation, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from souspli_cli.account import Account
    from souspli_cli.addressbook import OwnInvitation, Traits
    from souspli_cli.bridge.letters.kept import KeptLetters
    from souspli_cli.bridge.letters.out import WayOut
    from souspli_cli.bridge.letters.policy import Invitations
    from souspli_cli.bridge.people.addresses import Addresses
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_exchange.sending import Sending

# The folder is full, the printer's program fails: tried again this often.
AGAIN_SECONDS: Final = 60.0

_log: Final = structlog.get_logger()


class Inviter:
    """Used from one loop."""

    def __init__(
        self,
        account: Account,
        policy: Invitations,
        *,
        listed: Addresses,
        letters: KeptLetters,
        way_out: WayOut | None,
        clock: Callable[[], float],
    ) -> None:
        """`way_out` is None where the policy allows nothing."""
        self._account = account
        self._policy = policy
        self._listed = listed
        self._letters = letters
        self._way_out = way_out
        self._clock = clock
        # One letter is not handed over twice by two documents at once.
        self._handing_over = asyncio.Lock()
        self._pause_until = float("-inf")
        # Letters of this run that somebody has, and that could not be removed here.
        self._handed_over: set[str] = set()

    async def ensure(self, sending: Sending, slip: DocumentSlip, address: str) -> None:
        """Have an invitation for an address, if there is none and the policy allows one.

        Nothing happens for who was ever invited. Raises Refused: a person must look;
        PortErrors: nothing is lost, the same again goes on.
        """
        if self._policy.allow is Allow.NEVER:
            return
        kept = self._letters.of(address)
        if kept is None or not self._is_ours_still(kept):
            known = self._account.book.patient(address)
            if known is not None and known.invitations:
                return
            kept = await self._draw(sending, slip, address)
            if kept is None:
                return
        if not self._is_confirmed(kept):
            await self._publish(sending, kept)
        # A failure is no reason not to send: the letter stays, and is tried again.
        await self._hand_over(kept)

    async def hand_over_waiting(self) -> None:
        """Hand over letters that a crash, or a full folder, has left; raises nothing."""
        if self._way_out is None or self._is_pausing():
            return
        left = False
        for kept in self._letters.all():
            try:
                if isinstance(kept, CliError):
                    raise kept
                if self._is_ours_still(kept) and self._is_confirmed(kept):
                    await self._hand_over(kept)
            except CliError:
                # The letter, or its entry of the address book. Nobody else's waits for that.
                _log.error("bridge-letter-damaged")
                left = True
            except OSError as failure:
                _log.error("bridge-letter-waits", failure=type(failure).__name__)
                left = True
        if left:
            self._wait()

    async def _draw(self, sending: Sending, slip: DocumentSlip, address: str) -> KeptLetter | None:
        """Draw an invitation and its letter, and keep them; None if nobody is known there."""
        known = self._person(slip, address)
        if known is None:
            return None
        if contradicts(slip.traits, known.person):
            # The list was changed since this document was sorted.
            raise Refused("address_taken", right=address)
        now, policy = int(self._clock()), self._policy
        planned = await plan(sending, self._account.book, None, Address(address), again=False)
        drawn = draw_invitation(
            sending.sender,
            surnames=_surnames(known.traits),
            birth_date=known.traits.birth_date,
            now=now,
            supersedes=planned.supersedes,
        )
        if policy.consent is None:
            raise Refused("bridge_invitations_consent")
        read = consent_text.load(Language.FRENCH)
        consent = sign_consent(
            sending.sender,
            subject=Invitation.parse(drawn.record.payload).line.subject,
            before=None,
            way=Way.ELECTRONIC,
            how=policy.consent,
            given_at=now,
            text=(read.version, read.sha256),
            now=now,
        )
        try:
            printed = render_letter(letter_of(self._account, known.traits, drawn))
        except Refused as refused:
            # Named as reasons are.
            raise Refused(refused.name.replace("-", "_")) from None
        kept = KeptLetter.of(
            drawn, address=address, traits=known.traits, consent=consent, printed=printed
        )
        # A crash before this line: nothing was asked of anybody.
        self._letters.keep(kept)
        return kept

    async def _publish(self, sending: Sending, kept: KeptLetter) -> None:
        """Post the invitation. A crash at any moment: the same bytes are posted again."""
        try:
            await publish(
                sending,
                self._account.book,
                kept.traits,
                Address(kept.address),
                kept,
                consent=kept.consent_envelope,
            )
        except (Refused, port.ConflictError, port.RequestRefusedError):
            # Definite: there is no such invitation, and never will be. Nobody has seen its
            # letter.
            self._letters.forget(kept)
            raise
        _log.info("bridge-invited")

    async def _hand_over(self, kept: KeptLetter) -> None:
        if self._way_out is None or self._is_pausing():
            return
        async with self._handing_over:
            if self._letters.of(kept.address) != kept:
                return  # handed over meanwhile
            try:
                if kept.invitation not in self._handed_over:
                    await self._way_out.hand_over(kept.letter_number, kept.printed)
                    # On a disk that lets nothing go, a printer would run until it has no
                    # paper, and each sheet opens the same account.
                    self._handed_over.add(kept.invitation)
                # A crash before this line: the same letter is handed over once more.
                self._letters.forget(kept)
            except (OSError, NotPrintedError) as failure:
                _log.error("bridge-letter-waits", failure=type(failure).__name__)
                self._wait()
                return
            self._handed_over.discard(kept.invitation)

    def _is_ours_still(self, kept: KeptLetter) -> bool:
        """Say whether a letter is the one in force; forget it if it never will be."""
        patient = self._account.book.patient(kept.address)
        letters = () if patient is None else patient.invitations
        known = [one.invitation_id for one in letters]
        # Those after ours; all of them while ours is not in the book yet. One that was not
        # confirmed counts as well: whoever makes it goes on.
        after = letters[known.index(kept.invitation) + 1 :] if kept.invitation in known else letters
        replaced = len(after) > 0
        if replaced or self._clock() >= kept.not_after:
            # A person has made another letter since, or nobody could print it in time:
            # whoever found this one would not get in.
            if not replaced:
                _log.error("bridge-letter-expired")
            self._letters.forget(kept)
            return False
        return True

    def _is_confirmed(self, kept: KeptLetter) -> bool:
        own = self._own(kept)
        return own is not None and own.confirmed

    def _own(self, kept: KeptLetter) -> OwnInvitation | None:
        patient = self._account.book.patient(kept.address)
        return None if patient is None else patient.letter(kept.invitation)

    def _person(self, slip: DocumentSlip, address: str) -> KnownPerson | None:
        """Give who has an address: by the list, or else by the message if that may be."""
        known = self._listed.with_address(address)
        if known is not None or self._policy.allow is not Allow.MESSAGE:
            return known
        person = person_of(slip)
        if person is None or person.address != address or slip.contact is None:
            return None
        return KnownPerson.said(person, phone=slip.contact[1])

    def _wait(self) -> None:
        self._pause_until = time.monotonic() + AGAIN_SECONDS

    def _is_pausing(self) -> bool:
        return time.monotonic() < self._pause_until


def _surnames(traits: Traits) -> list[str]:
    return [name for name in (traits.birth_name, traits.used_name) if name]
