"""Somebody who answers an enrolment with its code: the joiner's side, with real keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.people import DAY, Founding, Practice, draw_account
from simulation.service import ORIGIN, Service
from souspli_exchange import enrolment as steps
from souspli_exchange.enrolment import AskedMember, NewEnrolment, OpenedEnrolment
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.enrolment import EnrolmentRecord, JoiningEnvelopes
from souspli_keys.address import Address
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.statements import Line, Member, Role, sign_statement
from souspli_keys.unlockers import Unlocker, new_device
from souspli_mailbox.client import MailboxClient

BRIDGE = AskedMember(
    name="Pont du laboratoire",
    address=Address("pont@labo.example"),
    role=Role.BRIDGE,
    rpps=None,
    may_invite=False,
)


async def ask(practice: Practice, asked: AskedMember = BRIDGE) -> NewEnrolment:
    """Publish an enrolment; return it with its code."""
    drawn = steps.draw_enrolment(practice.member, asked, now=practice.service.clock.now)
    await practice.client.publish_enrolment(record=drawn.record, handle=drawn.code.handle)
    return drawn


@dataclass
class Joiner:
    """Who holds a code, and what they drew."""

    service: Service
    client: MailboxClient
    opened: OpenedEnrolment
    material: EnrolmentRecord
    identity: Identity
    device: Unlocker
    account: NewAccount
    joining: JoiningEnvelopes

    @classmethod
    async def open(cls, service: Service, drawn: NewEnrolment) -> Joiner:
        """Look the code up and draw; nothing is answered yet."""
        client = await service.client()
        now = service.clock.now
        material = await client.look_up_enrolment(drawn.code.handle)
        opened = steps.open_enrolment(drawn.code, material, origin=ORIGIN, now=now)
        identity, device = Identity.generate(), new_device()
        pinned = opened.enrolment.record.organisation
        account = draw_account(identity, device, now=now, pinned=pinned)
        joining = steps.join(opened, identity, account, now=now)
        return cls(service, client, opened, material, identity, device, account, joining)

    async def answer(self) -> Envelope | None:
        """Post the answer, or ask again."""
        return await self.client.join(
            self.opened.enrolment_id, joining=self.joining, account=self.account
        )

    async def sign_in(self) -> None:
        key = self.device.login_key
        await self.client.sign_in(
            self.account.account_number,
            kind="device",
            login_public_key=key.public_key,
            sign=key.sign,
        )

    def as_practice(self, practice: Practice, certificate: Envelope) -> Practice:
        """Return the member that the joiner has become, ready to invite and send."""
        founding = Founding(
            root=practice.founding.root,
            identity=self.identity,
            device=self.device,
            organisation=self.material.organisation,
            member=certificate,
            account=self.account,
        )
        return Practice(self.service, founding, self.client)


def certificate(practice: Practice, joiner: Joiner, **changed: object) -> Envelope:
    """Return the root's certificate of who answered; `changed` changes fields of it."""
    now, record = practice.service.clock.now, joiner.opened.enrolment.record
    member = Member(
        line=Line.first(origin=ORIGIN, issued_at=now),
        organisation=record.organisation,
        member=joiner.identity.public,
        name=record.name,
        address=record.address,
        role=record.role,
        rpps=record.rpps,
        may_invite=record.may_invite,
        not_before=now - 300,
        not_after=now + 300 * DAY,
    )
    return sign_statement(
        replace(member, **changed),  # type: ignore[arg-type]  # changed by tests
        practice.founding.root,
    )


async def enrol(practice: Practice, asked: AskedMember = BRIDGE) -> Practice:
    """Ask, answer, certify; return the new member, signed in."""
    joiner = await Joiner.open(practice.service, await ask(practice, asked))
    await joiner.answer()
    signed = certificate(practice, joiner)
    await practice.client.certify(joiner.opened.enrolment_id, certificate=signed)
    await joiner.sign_in()
    return joiner.as_practice(practice, signed)
