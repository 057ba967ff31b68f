"""Claiming an invitation: from the letter's code to an account of one's own.

docs/specs/claim.md §4: the twin of what the page does in a browser. The steps are
pure functions, in their order; `claim` takes them over a `ClaimDesk`. The service
never imports this module (tests/test_floors.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from souspli_exchange.errors import InvitationRefusedError
from souspli_exchange.ids import InvitationId, random_hex
from souspli_exchange.port_errors import AccountNumberTakenError
from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_exchange.ports.claim import (
    BoundAccount,
    ClaimDesk,
    ClaimNonce,
    InvitationRecord,
    LetterLookup,
    MailedCode,
)
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_exchange.retry import RetryPolicy
from souspli_keys.address import Origin
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.codes import AccountNumber, draw_account_number
from souspli_keys.errors import SpellingError, StatementError
from souspli_keys.identity import Identity
from souspli_keys.login import LoginChallenge, LoginPurpose, UnlockerKind
from souspli_keys.public import Fingerprint, parse_fingerprint
from souspli_keys.secret import Secret
from souspli_keys.statements import (
    Binding,
    Line,
    VerifiedInvitation,
    check_in_force,
    sign_binding,
    verify_invitation,
)
from souspli_keys.unlockers import from_password
from souspli_keys.values import ID_BYTES, check_hex
from souspli_keys.vault import VaultKey, seal_vault, wrap_vault_key
from souspli_keys.vault_contents import (
    ClaimIdentity,
    KnownUnlocker,
    PinnedOrganisation,
    Vault,
)

QR_VERSION = "1"
DAY_SECONDS = 86_400
CLAIM_IDENTITY_KEPT_SECONDS = 7 * DAY_SECONDS  # after the invitation's end (§4 step 6)

_QR_PARTS = 4
_ACCOUNT_NUMBER_ATTEMPTS = 5  # of 10^9 numbers; a service that refuses five is broken


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Letter(Secret):
    """What is on the paper. The organisation is proved by the code, or nothing opens."""

    invitation_id: InvitationId
    organisation: Fingerprint
    code: ClaimCode

    @classmethod
    def from_fragment(cls, fragment: str) -> "Letter":
        """Read what follows `#` in the QR code's address.

        Raises InvitationRefusedError; CodeError if the code itself is misread.
        """
        parts = fragment.split(".")
        if len(parts) != _QR_PARTS or parts[0] != QR_VERSION:
            raise InvitationRefusedError("not the address on a letter")
        _, invitation_id, organisation, code = parts
        try:
            check_hex(invitation_id, length=ID_BYTES)
            fingerprint = parse_fingerprint(organisation)
        except SpellingError as refused:
            raise InvitationRefusedError("not the address on a letter") from refused
        return cls(InvitationId(invitation_id), fingerprint, ClaimCode(code))

    @classmethod
    def from_typed(cls, lookup: LetterLookup, code: str) -> "Letter":
        """Join a typed code to what the service says of a typed letter number.

        Whatever the service says: with another organisation the code derives nothing.
        Raises CodeError for a typing error in the code.
        """
        try:
            fingerprint = parse_fingerprint(lookup.organisation)
        except SpellingError as refused:
            raise InvitationRefusedError("the service names no organisation") from refused
        return cls(lookup.invitation_id, fingerprint, ClaimCode(code))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OpenedLetter(Secret):
    """A letter whose code fits a genuine invitation. Made by `open_letter`."""

    keys: ClaimKeys
    invitation: VerifiedInvitation

    @property
    def invitation_id(self) -> InvitationId:
        """The invitation's id."""
        return InvitationId(self.invitation.record.invitation_id)

    @property
    def origin(self) -> Origin:
        """The service's name."""
        return self.invitation.record.line.origin


@dataclass(frozen=True, slots=True)
class Person:
    """What the person who claims types about themselves."""

    surname: str
    birth_date: str
    """YYYY-MM-DD."""

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ClaimedAccount(Secret):
    """An account as it was bound: what the person can now do everything with."""

    vault: Vault
    bound: BoundAccount


def open_letter(
    letter: Letter, answer: InvitationRecord, *, origin: Origin, now: int
) -> OpenedLetter:
    """Return the keys of a letter if the invitation is genuine and in force (step 2).

    Takes about 0.1 s. Nothing derived from the code has left the machine before this
    returned. Raises InvitationRefusedError for a wrong code, another organisation or a
    time outside the invitation's, and does not say which of the first two.
    """
    try:
        invitation = check_in_force(
            verify_invitation(
                answer.record,
                organisation_statement=answer.organisation,
                member_statement=answer.member,
                organisation=letter.organisation,
                origin=origin,
            ),
            now=now,
        )
    except StatementError as refused:
        raise InvitationRefusedError("the invitation is not genuine, or not in force") from refused
    record = invitation.record
    if record.invitation_id != letter.invitation_id:
        raise InvitationRefusedError("the service answers for another invitation")
    keys = ClaimKeys(
        letter.code,
        origin=origin,
        invitation_id=letter.invitation_id,
        organisation=letter.organisation,
    )
    derived = (keys.identity.public, keys.login_key.public_key)
    if derived != (record.claim_identity, record.claim_login_key):
        raise InvitationRefusedError("the code does not fit the invitation")
    return OpenedLetter(keys, invitation)


def sign_claim_nonce(opened: OpenedLetter, nonce: ClaimNonce) -> bytes:
    """Return the signature that opens gate one (step 3)."""
    challenge = LoginChallenge(
        purpose=LoginPurpose.CLAIM,
        origin=opened.origin,
        subject=opened.invitation_id,
        login_public_key=opened.keys.login_key.public_key,
        nonce=nonce.nonce,
    )
    return opened.keys.login_key.sign(challenge)


def sign_claim_binding(opened: OpenedLetter, identity: Identity, *, now: int) -> BindingEnvelopes:
    """Return B: the claim identity and the new one say that they belong together (step 7)."""
    binding = Binding(
        line=Line.first(origin=opened.origin, issued_at=now, subject=opened.invitation_id),
        invitation_id=opened.invitation_id,
        record_hash=opened.invitation.record_hash,
        identity=identity.public,
        bound_at=now,
    )
    by_claim, by_identity = sign_binding(
        binding, claim_identity=opened.keys.identity, identity=identity
    )
    return BindingEnvelopes(by_claim, by_identity)


def make_vault(
    opened: OpenedLetter, identity: Identity, *, password: str, account: AccountNumber, now: int
) -> tuple[Vault, NewAccount]:
    """Return a first vault, and what the service keeps of it (step 6).

    The password's strength has been checked where it was chosen. Takes about 0.1 s.
    """
    origin, record = opened.origin, opened.invitation.record
    unlocker = from_password(password, origin=origin, account=account)
    unlocker_id = random_hex()
    vault = Vault(
        account=account,
        generation=1,
        identity=identity,
        claims=(
            ClaimIdentity(
                identity=opened.keys.identity,
                invitation_id=opened.invitation_id,
                keep_until=record.not_after + CLAIM_IDENTITY_KEPT_SECONDS,
            ),
        ),
        unlockers=(
            KnownUnlocker(
                unlocker_id=unlocker_id,
                kind=UnlockerKind.PASSWORD,
                login_public_key=unlocker.login_key.public_key,
                wrap_key=unlocker.wrap_key,
            ),
        ),
        pinned=(
            PinnedOrganisation(
                fingerprint=record.organisation,
                name=opened.invitation.inviter.organisation.name,
                pinned_at=now,
            ),
        ),
        previous=None,
        saved_at=now,
    )
    vault_key = VaultKey.generate()
    wrapped = wrap_vault_key(
        vault_key,
        wrap_key=unlocker.wrap_key,
        account=account,
        kind=UnlockerKind.PASSWORD,
        unlocker_id=unlocker_id,
    )
    kept = NewUnlocker(
        unlocker_id=unlocker_id,
        kind=UnlockerKind.PASSWORD.value,
        login_public_key=unlocker.login_key.public_key,
        wrapped_vault_key=wrapped,
    )
    sealed = seal_vault(vault, vault_key=vault_key)
    return vault, NewAccount(account_number=account, sealed_vault=sealed, unlockers=(kept,))


@dataclass(frozen=True, slots=True)
class Claiming:
    """Through what a claim goes, and how its one question is asked."""

    desk: ClaimDesk
    origin: Origin
    ask_code: Callable[[MailedCode], Awaitable[str]]
    """Asks the person for the one-time code of the mail that was just sent."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)


async def claim(
    claiming: Claiming, letter: Letter, person: Person, *, password: str, now: int
) -> ClaimedAccount:
    """Take a letter through the three gates and bind a new account to it.

    Afterwards the desk's connection is signed in, and `receive.reseal_waiting` is
    due. Raises InvitationRefusedError before anything derived from the code was sent;
    SignatureRefusedError, InvitationUsedError, InvitationSupersededError,
    InvitationExpiredError, CodeWrongError, CodeExpiredError, PersonWrongError,
    PersonError, ThrottledError at the gates; and other PortErrors.
    """
    desk, retry = claiming.desk, claiming.retry
    answer = await retry.repeat(lambda: desk.claim_record(letter.invitation_id))
    opened = await asyncio.to_thread(open_letter, letter, answer, origin=claiming.origin, now=now)
    check = opened.keys.person_check(surname=person.surname, birth_date=person.birth_date)
    await retry.repeat(lambda: _prove(desk, opened))
    mailed = await desk.send_email_code(opened.invitation_id)
    code = await claiming.ask_code(mailed)
    # Neither is repeated by itself: each costs one of few tries.
    await desk.check_email_code(opened.invitation_id, code=code)
    await desk.check_person(opened.invitation_id, person_check=check)
    return await _bind(claiming, opened, password=password, now=now)


async def _prove(desk: ClaimDesk, opened: OpenedLetter) -> str:
    # A new nonce each time: the one before may have been used up.
    nonce = await desk.claim_nonce(opened.invitation_id)
    signature = sign_claim_nonce(opened, nonce)
    return await desk.prove(opened.invitation_id, nonce=nonce.nonce, signature=signature)


async def _bind(
    claiming: Claiming, opened: OpenedLetter, *, password: str, now: int
) -> ClaimedAccount:
    identity = Identity.generate()
    binding = sign_claim_binding(opened, identity, now=now)

    async def bind_once() -> ClaimedAccount:
        number = draw_account_number()
        vault, account = await asyncio.to_thread(
            make_vault, opened, identity, password=password, account=number, now=now
        )
        bind = partial(claiming.desk.bind, opened.invitation_id, account=account, binding=binding)
        return ClaimedAccount(vault, await claiming.retry.repeat(bind))

    for _ in range(_ACCOUNT_NUMBER_ATTEMPTS - 1):
        # The same identity and binding with another number: still one claim.
        with suppress(AccountNumberTakenError):
            return await bind_once()
    return await bind_once()
