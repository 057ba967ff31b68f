"""A practice, its first member, a patient: who says what in the vectors."""

from dataclasses import replace
from typing import Any

from vectors.making import SignatureStore, VectorSigner, bytes_for

from souspli_keys import dsse
from souspli_keys.address import Address, Origin
from souspli_keys.dsse import Envelope
from souspli_keys.statements import (
    Attestation,
    Binding,
    Gate,
    Invitation,
    Line,
    Member,
    Organisation,
    Role,
    Statement,
)
from souspli_keys.unlockers import LoginKey

ORIGIN = Origin("souspli.localhost")
DAY = 86_400
START = 1_800_000_000
INVITED = START + 10 * DAY
BOUND = INVITED + DAY
ATTESTED = BOUND + DAY


class Cast:
    """A practice, its first member, a patient, and what they say when all goes well."""

    def __init__(self, store: SignatureStore) -> None:
        self.root = VectorSigner("practice", store)
        self.doctor = VectorSigner("doctor", store)
        self.claim = VectorSigner("claim", store)
        self.patient = VectorSigner("patient", store)
        self.stranger = VectorSigner("stranger", store)
        self.invitation_id = bytes_for("invitation", 16).hex()
        self.organisation = Organisation(
            line=self.line("organisation", issued_at=START),
            name="Cabinet médical des Tilleuls",
            phone="01 23 45 67 89",
            postal_address=("12 rue des Tilleuls", "69000 LYON"),
            root=self.root.public,
        )
        self.member = Member(
            line=self.line("member", issued_at=START),
            organisation=self.root.public.fingerprint,
            member=self.doctor.public,
            name="Dr Claire d’Alençon",
            address=Address("claire@tilleuls.example"),
            role=Role.PRACTITIONER,
            rpps="10003456786",
            may_invite=True,
            not_before=START,
            not_after=START + 366 * DAY,
        )
        self.invitation = Invitation(
            line=self.line("invitation", issued_at=INVITED, subject=self.invitation_id),
            invitation_id=self.invitation_id,
            organisation=self.root.public.fingerprint,
            member=self.doctor.public.fingerprint,
            claim_identity=self.claim.public,
            claim_login_key=LoginKey(bytes_for("claim login")).public_key,
            gate=Gate.EMAIL,
            not_before=INVITED,
            not_after=INVITED + 30 * DAY,
            supersedes=None,
        )
        self.binding = Binding(
            line=self.line("binding", issued_at=BOUND, subject=self.invitation_id),
            invitation_id=self.invitation_id,
            record_hash=unsigned(self.invitation).payload_hash,
            identity=self.patient.public,
            bound_at=BOUND,
        )
        self.attestation = Attestation(
            line=self.line("attestation", issued_at=ATTESTED, subject=self.invitation_id),
            organisation=self.root.public.fingerprint,
            member=self.doctor.public.fingerprint,
            invitation_id=self.invitation_id,
            binding_hash=unsigned(self.binding).payload_hash,
            identity=self.patient.public.fingerprint,
            address=Address("jeanne@orange.example"),
        )

    @staticmethod
    def line(name: str, *, issued_at: int, subject: str | None = None) -> Line:
        """Return the beginning of a line whose random parts come from a name."""
        return Line(
            origin=ORIGIN,
            subject=subject or bytes_for(f"subject {name}", 16).hex(),
            sequence=1,
            previous=None,
            salt=bytes_for(f"salt {name}", 16).hex(),
            issued_at=issued_at,
        )

    def statements(self) -> dict[str, Statement]:
        """Return one of each kind."""
        return {
            "organisation": self.organisation,
            "member": self.member,
            "invitation": self.invitation,
            "binding": self.binding,
            "attestation": self.attestation,
        }


def unsigned(statement: Statement) -> Envelope:
    """Return an envelope around the statement that nobody signed, to be hashed."""
    return Envelope(statement.payload_type, statement.to_payload(), b"", b"")


def sign(statement: Statement, signer: VectorSigner) -> Envelope:
    """Return the statement, signed."""
    return dsse.sign(statement.payload_type, statement.to_payload(), signer)


def elsewhere(statement: Any) -> Any:
    """Return the same statement, for another service."""
    return replace(statement, line=replace(statement.line, origin=Origin("souspli.example")))
