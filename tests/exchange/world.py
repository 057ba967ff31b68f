"""A practice, a service in memory and one invited patient: both ends in one test."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange.faults import Broken, Fault
from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW, ORIGIN, PATIENT_ADDRESS, Practice
from exchange.simulated_member import MemberConnection
from exchange.simulated_patient import PatientConnection
from exchange.simulator import Service

from souspli_exchange.binding import OwnCopy
from souspli_exchange.claim import ClaimedAccount, Claiming, Letter, Person, claim
from souspli_exchange.ids import InvitationId
from souspli_exchange.invitation import NewInvitation
from souspli_exchange.ports.claim import InvitationRecord, MailedCode
from souspli_exchange.receive import Receiving, all_deliveries, fetch_cover, read_contents
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sealed import Reader
from souspli_exchange.send import Addressee, Sending, SentDocument, send
from souspli_exchange.sources import BytesSource

REPORT = BytesSource("compte rendu é.pdf", "application/pdf", b"%PDF-1.7 made up " * 400)
PASSWORD = "huit mots tires au hasard dans une liste"


async def no_sleep(_seconds: float) -> None:
    return


AT_ONCE = RetryPolicy(sleep=no_sleep)


async def ask_code(_mailed: MailedCode) -> str:
    return PatientConnection.CODE


@dataclass
class World:
    """Everything about one practice and one patient."""

    practice: Practice
    service: Service = field(init=False)
    spool: MemorySpool = field(init=False)
    own_copies: dict[InvitationId, OwnCopy] = field(default_factory=dict[InvitationId, OwnCopy])

    def __post_init__(self) -> None:
        sender = self.practice.sender
        self.service = Service(sender.organisation, sender.member)
        self.spool = MemorySpool()

    async def invite(self, *, supersedes: OwnCopy | None = None) -> NewInvitation:
        new = self.practice.invite(supersedes=supersedes)
        await MemberConnection(self.service).publish_invitation(
            record=new.record,
            letter_number=new.letter_number,
            person_checks=new.person_checks,
            address=PATIENT_ADDRESS,
        )
        self.own_copies[new.invitation_id] = OwnCopy(new.record)
        return new

    def sending(self, faults: Mapping[int, Fault] | None = None) -> Sending:
        connection = Broken(MemberConnection(self.service), dict(faults or {}))
        return Sending(
            sender=self.practice.sender,
            directory=connection,
            mailbox=connection,
            spool=self.spool,
            retry=AT_ONCE,
        )

    def addressee(self, invitation: NewInvitation) -> Addressee:
        return Addressee(PATIENT_ADDRESS, self.own_copies[invitation.invitation_id])

    async def send(
        self,
        invitation: NewInvitation,
        *,
        sources: Sequence[BytesSource] = (REPORT,),
        faults: Mapping[int, Fault] | None = None,
    ) -> SentDocument:
        addressees = [self.addressee(invitation)]
        return await send(self.sending(faults), sources, DESCRIPTION, addressees, now=NOW)

    async def claim(
        self, invitation: NewInvitation, *, faults: Mapping[int, Fault] | None = None
    ) -> "PatientSide":
        connection = PatientConnection(self.service)
        claiming = Claiming(
            desk=Broken(connection, dict(faults or {})),
            origin=ORIGIN,
            ask_code=ask_code,
            retry=AT_ONCE,
        )
        account = await claim(
            claiming, letter_of(invitation), Person("MARTIN", "1950-02-00"),
            password=PASSWORD, now=NOW,
        )  # fmt: skip
        return PatientSide(connection, account)


def letter_of(invitation: NewInvitation) -> Letter:
    code = invitation.code.secret_symbols()
    return Letter.from_fragment(f"1.{invitation.invitation_id}.{invitation.organisation}.{code}")


def answer_of(practice: Practice, invitation: NewInvitation) -> InvitationRecord:
    return InvitationRecord(invitation.record, practice.organisation, practice.sender.member)


@dataclass
class PatientSide:
    """The patient after the claim."""

    connection: PatientConnection
    account: ClaimedAccount

    def receiving(self, faults: Mapping[int, Fault] | None = None) -> Receiving:
        vault = self.account.vault
        reader = Reader(
            identities=(vault.identity, *(claim.identity for claim in vault.claims)),
            origin=ORIGIN,
            organisations={pin.fingerprint for pin in vault.pinned},
        )
        broken = Broken(self.connection, dict(faults or {}))
        return Receiving(reader, broken, AT_ONCE)

    async def read_all(self) -> list[dict[str, bytes]]:
        """Open every document that there is; names to bytes, newest first."""
        receiving = self.receiving()
        documents: list[dict[str, bytes]] = []
        async for delivery in all_deliveries(receiving):
            fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
            sink = MemorySink()
            await read_contents(receiving, delivery.delivery_id, fetched.cover, write=sink.write)
            names = [file.name for file in fetched.cover.manifest.contents.files]
            documents.append({name: sink.content(index) for index, name in enumerate(names)})
        return documents


class MemorySink:
    """Collects the files' bytes, as a temporary file would."""

    def __init__(self) -> None:
        self.files: dict[int, bytearray] = {}

    def write(self, file_index: int, offset: int, data: memoryview) -> None:
        file = self.files.setdefault(file_index, bytearray())
        assert offset == len(file)
        file += data

    def content(self, file_index: int) -> bytes:
        return bytes(self.files.get(file_index, b""))


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
