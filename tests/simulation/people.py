"""A practice that invites and sends, a patient who claims and reads: with real keys."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, insert

from simulation.service import ORIGIN, Service
from souspli_exchange.binding import OwnCopy
from souspli_exchange.claim import ClaimedAccount, Claiming, Letter, OpenedLetter, Person, claim
from souspli_exchange.claim import open_letter as check_letter
from souspli_exchange.ids import DocumentId
from souspli_exchange.invitation import NewInvitation, draw_invitation
from souspli_exchange.manifest import Description, Patient, Sex
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_exchange.ports.claim import MailedCode
from souspli_exchange.receive import Receiving
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sealed import Reader
from souspli_exchange.send import send
from souspli_exchange.sending import Addressee, Sending, SentDocument
from souspli_exchange.sources import BytesSource
from souspli_exchange.spool import SpooledDocument
from souspli_exchange.withdrawal import WithdrawalReason, sign_withdrawal
from souspli_keys import codes, vault
from souspli_keys.address import Address
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.statements import Line, Member, Organisation, Role, sign_statement
from souspli_keys.unlockers import Unlocker, new_device
from souspli_keys.vault_contents import KnownUnlocker, PinnedOrganisation, Vault
from souspli_mailbox.accounts import new_account
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.client.wire import to_account, to_envelope
from souspli_mailbox.envelopes import to_stored
from souspli_mailbox.records.accounts import AccountKind, add_account
from souspli_mailbox.records.claims import CODE_MAILS_A_DAY
from souspli_mailbox.schema import tables

DAY = 86_400
# One attempt: what a test asks for must work, or fail, the first time.
ONCE = RetryPolicy(attempts=1)
PASSWORD = "laitue bocal zinc tortue humble givre piano lavabo"

NADIA = Person(surname="Le Goff-Œuvrard", birth_date="1944-02-29")
ADDRESS = Address("nadia.legoff@example.org")


class MemorySpool:
    """A spool that lasts as long as a test."""

    def __init__(self) -> None:
        self._segments: dict[tuple[DocumentId, int], bytes] = {}
        self._documents: dict[DocumentId, SpooledDocument] = {}

    def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes | bytearray | memoryview
    ) -> None:
        self._segments[document_id, index] = bytes(sealed)

    def commit(self, document: SpooledDocument) -> None:
        self._documents[document.document_id] = document

    def documents(self) -> Sequence[SpooledDocument]:
        return tuple(self._documents.values())

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        return self._segments[document_id, index]

    def discard(self, document_id: DocumentId) -> None:
        self._documents.pop(document_id, None)
        self._segments = {
            key: kept for key, kept in self._segments.items() if key[0] != document_id
        }


@dataclass
class Founding:
    """What `org create` draws and signs."""

    root: Identity
    identity: Identity
    device: Unlocker
    organisation: Envelope
    member: Envelope
    account: NewAccount


def draw_founding(*, now: int, name: str = "Cabinet des Lilas", **member: object) -> Founding:
    """Draw an organisation with its first member; `member` changes fields of the statement."""
    root, identity, device = Identity.generate(), Identity.generate(), new_device()
    organisation = Organisation(
        line=Line.first(origin=ORIGIN, issued_at=now),
        name=name,
        phone="01 23 45 67 89",
        postal_address=("1 rue des Lilas", "75020 Paris"),
        root=root.public,
    )
    fields: dict[str, object] = {
        "line": Line.first(origin=ORIGIN, issued_at=now),
        "organisation": organisation.fingerprint,
        "member": identity.public,
        "name": "Dr Jeanne Martin",
        "address": Address("martin@lilas.example"),
        "role": Role.PRACTITIONER,
        "rpps": None,
        "may_invite": True,
        "not_before": now - 300,
        "not_after": now + 300 * DAY,
        **member,
    }
    return Founding(
        root=root,
        identity=identity,
        device=device,
        organisation=sign_statement(organisation, root),
        member=sign_statement(Member(**fields), root),  # type: ignore[arg-type]  # changed by tests
        account=draw_account(identity, device, now=now, pinned=organisation.fingerprint),
    )


def draw_account(identity: Identity, device: Unlocker, *, now: int, pinned: str) -> NewAccount:
    """Draw an account that a device opens."""
    number, key = codes.draw_account_number(), vault.VaultKey.generate()
    unlocker_id = hashlib.sha256(device.login_key.public_key).hexdigest()[:32]
    contents = Vault(
        account=number,
        generation=1,
        identity=identity,
        claims=(),
        unlockers=(
            KnownUnlocker(
                unlocker_id=unlocker_id,
                kind=UnlockerKind.DEVICE,
                login_public_key=device.login_key.public_key,
                wrap_key=device.wrap_key,
            ),
        ),
        pinned=(PinnedOrganisation(fingerprint=pinned, name="Cabinet", pinned_at=now),),  # type: ignore[arg-type]  # text
        previous=None,
        saved_at=now,
    )
    wrapped = vault.wrap_vault_key(
        key,
        wrap_key=device.wrap_key,
        account=number,
        kind=UnlockerKind.DEVICE,
        unlocker_id=unlocker_id,
    )
    return NewAccount(
        account_number=number,
        sealed_vault=vault.seal_vault(contents, vault_key=key),
        unlockers=(
            NewUnlocker(
                unlocker_id=unlocker_id,
                kind="device",
                login_public_key=device.login_key.public_key,
                wrapped_vault_key=wrapped,
            ),
        ),
    )


@dataclass
class Practice:
    """An organisation whose only member is signed in."""

    service: Service
    founding: Founding
    client: MailboxClient
    spool: MemorySpool = field(default_factory=MemorySpool)

    @classmethod
    async def found(cls, service: Service, *, name: str = "Cabinet des Lilas") -> Practice:
        founding = draw_founding(now=service.clock.now, name=name)
        client = await service.client()
        await client.create_organisation(
            admission_code=service.admission_code(),
            organisation=founding.organisation,
            member=founding.member,
            account=founding.account,
        )
        practice = cls(service, founding, client)
        await practice.sign_in()
        return practice

    async def colleague(self) -> Practice:
        """Let a second member in, without asking and answering (`enrolling` does that)."""
        now = self.service.clock.now
        theirs = draw_founding(now=now)
        statement = sign_statement(
            Member(
                line=Line.first(origin=ORIGIN, issued_at=now),
                organisation=self.founding.root.public.fingerprint,
                member=theirs.identity.public,
                name="Dr Paul Petit",
                address=Address("petit@lilas.example"),
                role=Role.PRACTITIONER,
                rpps=None,
                may_invite=True,
                not_before=now - 300,
                not_after=now + 300 * DAY,
            ),
            self.founding.root,
        )
        founding = replace(
            theirs,
            root=self.founding.root,
            organisation=self.founding.organisation,
            member=statement,
        )
        self.service.database.write_now(_add_member, founding=founding, now=now)
        colleague = Practice(self.service, founding, await self.service.client())
        await colleague.sign_in()
        return colleague

    def withdrawal(self, document_id: str, **changed: Any) -> Envelope:
        """Return this member's withdrawal of a document."""
        said: dict[str, Any] = {
            "origin": ORIGIN,
            "reason": WithdrawalReason.WRONG_PATIENT,
            "now": self.service.clock.now,
            "signer": self.founding.identity,
        }
        return sign_withdrawal(
            DocumentId(document_id),
            member=Member.parse(self.founding.member.payload),
            **said | changed,
        )

    async def sign_in(self) -> None:
        key = self.founding.device.login_key
        await self.client.sign_in(
            self.founding.account.account_number,
            kind="device",
            login_public_key=key.public_key,
            sign=key.sign,
        )

    @property
    def member(self) -> SendingMember:
        return SendingMember(
            identity=self.founding.identity,
            organisation=self.founding.organisation,
            member=self.founding.member,
            origin=ORIGIN,
        )

    @property
    def sending(self) -> Sending:
        return Sending(
            sender=self.member,
            directory=self.client,
            mailbox=self.client,
            spool=self.spool,
            retry=ONCE,
        )

    def draw_invitation(
        self, person: Person = NADIA, *, supersedes: NewInvitation | None = None
    ) -> NewInvitation:
        return draw_invitation(
            self.member,
            surnames=[person.surname],
            birth_date=person.birth_date,
            now=self.service.clock.now,
            supersedes=None if supersedes is None else OwnCopy(supersedes.record),
        )

    async def publish(self, drawn: NewInvitation, *, address: str = ADDRESS) -> str:
        return await self.client.publish_invitation(
            record=drawn.record,
            letter_number=drawn.letter_number,
            person_checks=drawn.person_checks,
            address=address,
        )

    async def invite(
        self,
        person: Person = NADIA,
        *,
        address: Address = ADDRESS,
        supersedes: NewInvitation | None = None,
    ) -> NewInvitation:
        drawn = self.draw_invitation(person, supersedes=supersedes)
        assert await self.publish(drawn, address=address) == "pending"
        return drawn

    async def send(
        self,
        invited: NewInvitation,
        *files: BytesSource,
        address: Address = ADDRESS,
        title: str = "Résultats du 3 mars",
    ) -> SentDocument:
        return await send(
            self.sending,
            files or (BytesSource("analyses.pdf", "application/pdf", b"%PDF-1.7 lab report"),),
            description(title),
            [Addressee(address=address, own_copy=OwnCopy(invited.record))],
            now=self.service.clock.now,
        )


def _add_member(connection: Connection, *, founding: Founding, now: int) -> None:
    account = to_account(founding.account)
    add_account(
        connection,
        account=new_account(account, identity=founding.identity.public),
        kind=AccountKind.MEMBER,
        address="petit@lilas.example",
        now=now,
    )
    connection.execute(
        insert(tables.members).values(
            fingerprint=founding.identity.public.fingerprint,
            organisation=founding.root.public.fingerprint,
            account_number=account.account_number,
            statement_hash=founding.member.payload_hash,
            created_at=now,
            envelope=to_stored(to_envelope(founding.member)),
        )
    )


def description(title: str = "Résultats du 3 mars") -> Description:
    """Describe a document about Nadia."""
    return Description(
        title=title,
        date="2026-03-03",
        patient=Patient(
            birth_name="LE GOFF-ŒUVRARD",
            given_names="Nadia",
            birth_date="1944-02-29",
            sex=Sex.FEMALE,
        ),
        kind="11502-2",
    )


def letter_of(drawn: NewInvitation) -> Letter:
    """Return what the paper says."""
    return Letter(drawn.invitation_id, drawn.organisation, drawn.code)


@dataclass
class ClaimingPatient:
    """A patient with a letter, at some gate of the claim."""

    service: Service
    letter: Letter
    client: MailboxClient
    opened: OpenedLetter
    address: str = ADDRESS

    @classmethod
    async def with_letter(cls, service: Service, drawn: NewInvitation) -> ClaimingPatient:
        client = await service.client()
        letter = letter_of(drawn)
        opened = check_letter(
            letter,
            await client.claim_record(letter.invitation_id),
            origin=ORIGIN,
            now=service.clock.now,
        )
        return cls(service, letter, client, opened)

    async def claim(self, person: Person = NADIA) -> SignedInPatient:
        async def ask_code(mailed: MailedCode) -> str:
            sent = CODE_MAILS_A_DAY - mailed.mails_left
            return await self.service.mailed_code(self.address, sent=sent)

        claimed = await claim(
            Claiming(desk=self.client, origin=ORIGIN, ask_code=ask_code, retry=ONCE),
            self.letter,
            person,
            password=PASSWORD,
            now=self.service.clock.now,
        )
        return SignedInPatient(self.service, self.client, claimed)


@dataclass
class SignedInPatient:
    """A patient who has an account and is signed in."""

    service: Service
    client: MailboxClient
    claimed: ClaimedAccount

    @property
    def identity(self) -> Identity:
        return self.claimed.vault.identity

    @property
    def number(self) -> str:
        return self.claimed.bound.account_number

    @property
    def receiving(self) -> Receiving:
        identities = (self.identity, *(kept.identity for kept in self.claimed.vault.claims))
        return Receiving(
            reader=Reader(
                identities=identities,
                origin=ORIGIN,
                organisations=[pinned.fingerprint for pinned in self.claimed.vault.pinned],
            ),
            mailbox=self.client,
            retry=ONCE,
        )
