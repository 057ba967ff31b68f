"""Invitations and claims without Argon2: real signatures, drawn keys, a vault of noise.

The service sees no difference: it knows no claim code and can't open a vault. For
tests that need many of them; `people` tells the whole story.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from simulation.people import Practice
from simulation.service import ORIGIN, Service
from souspli_exchange.ids import InvitationId, new_invitation_id
from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_exchange.ports.claim import BoundAccount
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_keys import codes
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.login import LoginChallenge, LoginPurpose
from souspli_keys.statements import (
    Binding,
    Gate,
    Invitation,
    Line,
    sign_binding,
    sign_statement,
)
from souspli_keys.unlockers import LoginKey, new_device
from souspli_mailbox.client import MailboxClient

DAY = 86_400


@dataclass
class Invited:
    """An invitation and the secrets that its letter would give."""

    invitation_id: InvitationId
    record: Envelope
    letter_number: str
    address: str
    claim_identity: Identity
    login_key: LoginKey
    person_check: bytes
    not_after: int


def draw(
    practice: Practice,
    *,
    supersedes: Invited | None = None,
    address: str | None = None,
    days: int = 30,
    signer: Identity | None = None,
    **changed: object,
) -> Invited:
    """Draw and sign an invitation; `changed` changes fields of the record."""
    now = practice.service.clock.now
    invitation_id = new_invitation_id()
    claim_identity, login_key = Identity.generate(), LoginKey(secrets.token_bytes(32))
    if supersedes is None:
        line = Line.first(origin=ORIGIN, issued_at=now, subject=invitation_id)
    else:
        before = Invitation.parse(supersedes.record.payload)
        line = before.line.after(supersedes.record.payload_hash, issued_at=now)
    fields: dict[str, object] = {
        "line": line,
        "invitation_id": invitation_id,
        "organisation": practice.member.statement.organisation,
        "member": practice.founding.identity.public.fingerprint,
        "claim_identity": claim_identity.public,
        "claim_login_key": login_key.public_key,
        "gate": Gate.EMAIL,
        "not_before": now - 300,
        "not_after": now - 300 + days * DAY,
        "supersedes": None if supersedes is None else supersedes.invitation_id,
        **changed,
    }
    record = Invitation(**fields)  # type: ignore[arg-type]  # changed by tests
    return Invited(
        invitation_id=InvitationId(record.invitation_id),
        record=sign_statement(record, signer or practice.founding.identity),
        letter_number=codes.draw_letter_number(),
        address=address or f"patient-{secrets.token_hex(4)}@example.org",
        claim_identity=claim_identity,
        login_key=login_key,
        person_check=secrets.token_bytes(32),
        not_after=record.not_after,
    )


async def publish(practice: Practice, invited: Invited) -> str:
    """Publish the invitation as the practice's member."""
    return await practice.client.publish_invitation(
        record=invited.record,
        letter_number=invited.letter_number,
        person_checks=[secrets.token_bytes(32), invited.person_check],
        address=invited.address,
    )


async def invite(practice: Practice, **options: object) -> Invited:
    """Draw and publish."""
    invited = draw(practice, **options)  # type: ignore[arg-type]  # passed on
    assert await publish(practice, invited) == "pending"
    return invited


def noise_account(login_key: LoginKey | None = None) -> NewAccount:
    """Draw an account whose vault nobody can open."""
    key = login_key or new_device().login_key
    return NewAccount(
        account_number=codes.draw_account_number(),
        sealed_vault=secrets.token_bytes(24 + 1_024 + 16),
        unlockers=(
            NewUnlocker(
                unlocker_id=secrets.token_hex(16),
                kind="password",
                login_public_key=key.public_key,
                wrapped_vault_key=secrets.token_bytes(72),
            ),
        ),
    )


@dataclass
class Claimant:
    """Somebody who holds the letter, at some gate."""

    service: Service
    invited: Invited
    client: MailboxClient
    identity: Identity = field(default_factory=Identity.generate)
    login_key: LoginKey = field(default_factory=lambda: LoginKey(secrets.token_bytes(32)))
    account: NewAccount | None = None

    @classmethod
    async def arrive(cls, service: Service, invited: Invited) -> Claimant:
        return cls(service, invited, await service.client())

    async def prove(self) -> str:
        nonce = await self.client.claim_nonce(self.invited.invitation_id)
        return await self.client.prove(
            self.invited.invitation_id,
            nonce=nonce.nonce,
            signature=self.invited.login_key.sign(self.challenge(nonce.nonce)),
        )

    def challenge(self, nonce: bytes) -> LoginChallenge:
        return LoginChallenge(
            purpose=LoginPurpose.CLAIM,
            origin=ORIGIN,
            subject=self.invited.invitation_id,
            login_public_key=self.invited.login_key.public_key,
            nonce=nonce,
        )

    async def ask_code(self) -> str:
        before = len(self.service.codes(self.invited.address))
        await self.client.send_email_code(self.invited.invitation_id)
        return await self.service.mailed_code(self.invited.address, sent=before + 1)

    async def pass_gates(self) -> None:
        await self.prove()
        code = await self.ask_code()
        await self.client.check_email_code(self.invited.invitation_id, code=code)
        await self.client.check_person(
            self.invited.invitation_id, person_check=self.invited.person_check
        )

    def binding(self, **changed: object) -> BindingEnvelopes:
        now = self.service.clock.now
        fields: dict[str, object] = {
            "line": Line.first(origin=ORIGIN, issued_at=now, subject=self.invited.invitation_id),
            "invitation_id": self.invited.invitation_id,
            "record_hash": self.invited.record.payload_hash,
            "identity": self.identity.public,
            "bound_at": now,
            **changed,
        }
        by_claim, by_identity = sign_binding(
            Binding(**fields),  # type: ignore[arg-type]  # changed by tests
            claim_identity=self.invited.claim_identity,
            identity=self.identity,
        )
        return BindingEnvelopes(by_claim, by_identity)

    async def bind(self, binding: BindingEnvelopes | None = None) -> BoundAccount:
        self.account = noise_account(self.login_key)
        return await self.client.bind(
            self.invited.invitation_id, account=self.account, binding=binding or self.binding()
        )

    @property
    def number(self) -> str:
        assert self.account is not None
        return self.account.account_number

    async def sign_in(self, client: MailboxClient) -> None:
        """Sign in from another device, as the account that was bound."""
        await client.sign_in(
            self.number,
            kind="password",
            login_public_key=self.login_key.public_key,
            sign=self.login_key.sign,
        )


async def claim(service: Service, invited: Invited) -> Claimant:
    """Claim an invitation; the claimant is signed in."""
    claimant = await Claimant.arrive(service, invited)
    await claimant.pass_gates()
    await claimant.bind()
    return claimant
