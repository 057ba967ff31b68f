"""A practice, its member and their statements, made anew for each test."""

from dataclasses import dataclass

from souspli_exchange.binding import OwnCopy
from souspli_exchange.invitation import NewInvitation, draw_invitation
from souspli_exchange.manifest import Description, Patient, Sex
from souspli_exchange.outgoing import SendingMember
from souspli_keys.address import Address, Origin
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Line, Member, Organisation, Role, sign_statement

ORIGIN = Origin("souspli.example")
NOW = 1_780_000_000
DAY = 86_400

PATIENT_ADDRESS = Address("jeanne@example.org")

DESCRIPTION = Description(
    title="Compte rendu d’analyses",
    date="2026-05-28",
    patient=Patient("Martin", "Jeanne Marie", "1950-02-00", Sex.FEMALE),
    kind="11502-2",
)


@dataclass(frozen=True)
class Practice:
    """An organisation and one of its members."""

    root: Identity
    organisation: Envelope
    sender: SendingMember

    @property
    def fingerprint(self) -> Fingerprint:
        return self.root.public.fingerprint

    def invite(self, *, now: int = NOW, supersedes: OwnCopy | None = None) -> NewInvitation:
        return draw_invitation(
            self.sender,
            surnames=["Martin", "Le Goff-Œuvrard"],
            birth_date="1950-02-00",
            now=now,
            supersedes=supersedes,
        )


def make_practice(
    *,
    origin: Origin = ORIGIN,
    role: Role = Role.PRACTITIONER,
    not_before: int = NOW - DAY,
    not_after: int = NOW + 300 * DAY,
    root: Identity | None = None,
) -> Practice:
    root = root or Identity.generate()
    organisation = Organisation(
        line=Line.first(origin=origin, issued_at=not_before),
        name="Cabinet des Tilleuls",
        phone="01 23 45 67 89",
        postal_address=("12 rue des Tilleuls", "75013 PARIS"),
        root=root.public,
    )
    identity = Identity.generate()
    member = Member(
        line=Line.first(origin=origin, issued_at=not_before),
        organisation=root.public.fingerprint,
        member=identity.public,
        name="Dr Anne Dupont",
        address=Address("anne.dupont@example.org"),
        role=role,
        rpps=None,
        may_invite=True,
        not_before=not_before,
        not_after=not_after,
    )
    sender = SendingMember(
        identity=identity,
        organisation=sign_statement(organisation, root),
        member=sign_statement(member, root),
        origin=origin,
    )
    return Practice(root, sender.organisation, sender)
