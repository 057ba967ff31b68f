"""Rows as the routes make them, without the cryptography: values are random of the right shape."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from souspli_mailbox.onetime import one_time_code
from souspli_mailbox.records import (
    bindings,
    claims,
    completion,
    deposits,
    invitations,
    organisations,
)
from souspli_mailbox.records.accounts import NewAccount, NewUnlocker
from souspli_mailbox.records.completion import DeliveryMade, NewCover
from souspli_mailbox.records.deposits import NewDeposit
from souspli_mailbox.records.invitations import Binding, NewInvitation
from souspli_mailbox.records.jobs import Job, JobName, claim_jobs
from souspli_mailbox.records.organisations import Member, Organisation
from souspli_mailbox.records.usage import Quota

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_storage.database import Database

NOW = 1_800_000_000
DAY = 86_400
CODE_KEY = bytes(range(32))
PERSON = b"p" * 32
NO_QUOTA = Quota(sealed_bytes=0, documents_a_day=0)


def hex32() -> str:
    return secrets.token_hex(16)


def hex64() -> str:
    return secrets.token_hex(32)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def new_account(*kinds: str) -> NewAccount:
    return NewAccount(
        account_number=f"{secrets.randbelow(10**10):010d}",
        fingerprint=hex64(),
        identity=b"{}",
        generation=1,
        sealed_vault=secrets.token_bytes(100),
        unlockers=tuple(
            NewUnlocker(
                unlocker_id=hex32(),
                kind=kind,
                login_public_key=secrets.token_bytes(32),
                wrapped_vault_key=secrets.token_bytes(72),
            )
            for kind in kinds or ("password",)
        ),
    )


class Invited(Protocol):
    """An invitation, just made or read."""

    @property
    def invitation_id(self) -> str: ...


@dataclass(frozen=True)
class Practice:
    organisation: Organisation
    member: Member
    account: NewAccount


@dataclass
class Rows:
    """Fills a database by the records' own functions."""

    database: Database

    def admit(self, address: str = "practice@example.org") -> Practice:
        account = new_account("device")
        organisation = Organisation(fingerprint=hex64(), statement_hash=hex64(), envelope=b"org")
        member = Member(
            fingerprint=account.fingerprint,
            organisation=organisation.fingerprint,
            account_number=account.account_number,
            statement_hash=hex64(),
            envelope=b"member",
        )
        code_hash = hex64()
        self.database.write_now(
            organisations.keep_admission_code, code_hash=code_hash, now=NOW, expires_at=NOW + DAY
        )
        self.database.write_now(
            organisations.admit,
            code_hash=code_hash,
            request_hash=hex64(),
            organisation=organisation,
            member=member,
            account=account,
            address=address,
            now=NOW,
        )
        return Practice(organisation, member, account)

    def new_invitation(
        self,
        practice: Practice,
        address: str = "patient@example.org",
        *,
        supersedes: str | None = None,
        phone: str | None = None,
        now: int = NOW,
    ) -> NewInvitation:
        return NewInvitation(
            invitation_id=hex32(),
            organisation=practice.organisation.fingerprint,
            member=practice.member.fingerprint,
            letter_number=f"{secrets.randbelow(10**10):010d}",
            address=address,
            phone=phone,
            person_checks=(b"o" * 32, PERSON),
            record_hash=hex64(),
            claim_fingerprint=hex64(),
            claim_login_key=secrets.token_bytes(32),
            not_before=now,
            not_after=now + 30 * DAY,
            supersedes=supersedes,
            envelope=b"record",
        )

    def invite(
        self,
        practice: Practice,
        address: str = "patient@example.org",
        *,
        supersedes: str | None = None,
        phone: str | None = None,
        now: int = NOW,
    ) -> NewInvitation:
        invitation = self.new_invitation(
            practice, address, supersedes=supersedes, phone=phone, now=now
        )
        self.database.write_now(invitations.publish_invitation, invitation=invitation, now=now)
        return invitation

    def prove(self, invitation: Invited, *, now: int = NOW) -> str:
        """Open a claim session; return its token's hash."""
        token_hash = hex64()
        self.database.write_now(
            claims.open_claim_session,
            token_hash=token_hash,
            claim_session_id=hex32(),
            invitation_id=invitation.invitation_id,
            client="browser",
            now=now,
            expires_at=now + 3_600,
        )
        return token_hash

    def right_code(self, token_hash: str, invitation: Invited, *, now: int = NOW) -> str:
        session = self.database.read_now(
            claims.find_claim_session,
            token_hash=token_hash,
            invitation_id=invitation.invitation_id,
            now=now,
        )
        return one_time_code(
            key=CODE_KEY,
            claim_session_id=session.claim_session_id,
            counter=session.code_counter,
        )

    def pass_gates(self, invitation: Invited, *, now: int = NOW) -> str:
        token_hash = self.prove(invitation, now=now)
        which = {"token_hash": token_hash, "invitation_id": invitation.invitation_id}
        self.database.write_now(claims.request_email_code, **which, now=now)
        self.database.write_now(
            claims.check_email_code,
            **which,
            code=self.right_code(token_hash, invitation, now=now),
            key=CODE_KEY,
            now=now,
        )
        self.database.write_now(claims.check_person, **which, person_check=PERSON, now=now)
        return token_hash

    def claim(self, invitation: Invited, *, now: int = NOW) -> NewAccount:
        token_hash = self.pass_gates(invitation, now=now)
        account = new_account()
        self.database.write_now(
            bindings.bind,
            token_hash=token_hash,
            invitation_id=invitation.invitation_id,
            account=account,
            binding=new_binding(),
            now=now,
        )
        return account

    def open_deposit(self, practice: Practice, *, now: int = NOW) -> NewDeposit:
        deposit = NewDeposit(
            organisation=practice.organisation.fingerprint,
            document_id=hex32(),
            member=practice.member.fingerprint,
            object_key=hex32(),
            sealed_length=100_000,
            segments=1,
        )
        self.database.write_now(deposits.open_deposit, deposit=deposit, quota=NO_QUOTA, now=now)
        return deposit

    def complete(
        self,
        deposit: NewDeposit,
        covers: Sequence[NewCover],
        *,
        request_hash: str | None = None,
        now: int = NOW,
    ) -> tuple[DeliveryMade, ...]:
        return self.database.write_now(
            completion.complete_deposit,
            organisation=deposit.organisation,
            document_id=deposit.document_id,
            request_hash=request_hash or hex64(),
            covers=covers,
            sender_cover=b"sender's own cover",
            sender_cover_hash=sha256(b"sender's own cover"),
            quota=NO_QUOTA,
            now=now,
        )

    def deliver(
        self, practice: Practice, *invited: tuple[str, str], now: int = NOW
    ) -> tuple[DeliveryMade, ...]:
        """Store a document for (invitation id, fingerprint in force) each."""
        covers = [new_cover(invitation_id, fingerprint) for invitation_id, fingerprint in invited]
        return self.complete(self.open_deposit(practice, now=now), covers, now=now)

    def jobs(self, *, now: int = NOW, lease_until: int | None = None) -> list[Job]:
        """Take every job that is due."""
        taken: list[Job] = []
        while found := self.database.write_now(
            claim_jobs,
            names=list(JobName),
            lease=hex32(),
            now=now,
            lease_until=now + 120 if lease_until is None else lease_until,
            most=1,
        ):
            taken += found
            # A job that can be taken twice would be taken for ever.
            assert len({one.job_id for one in taken}) == len(taken), "one job taken twice"
        return taken


def to(invitation: NewInvitation) -> tuple[str, str]:
    """Whom `Rows.deliver` delivers to: this letter, and the key that it claims with."""
    return invitation.invitation_id, invitation.claim_fingerprint


def new_cover(invitation_id: str, fingerprint: str) -> NewCover:
    cover = secrets.token_bytes(64)
    return NewCover(
        delivery_id=hex32(),
        invitation_id=invitation_id,
        recipient_fingerprint=fingerprint,
        cover_hash=sha256(cover),
        cover=cover,
    )


def new_binding() -> Binding:
    return Binding(binding_hash=hex64(), by_claim=b"by claim", by_identity=b"by identity")
