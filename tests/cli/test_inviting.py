"""A letter whose predecessor is being purged begins a line of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exchange.people import NOW, make_practice
from exchange.simulated_member import MemberConnection
from exchange.world import World

from souspli_cli.addressbook import AddressBook, Traits
from souspli_cli.inviting import DrawnLetter, Plan, publish_in_line
from souspli_exchange.binding import OwnCopy
from souspli_exchange.invitation import draw_invitation
from souspli_exchange.port_errors import InvitationExpiredError
from souspli_keys.address import Address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from souspli_exchange.invitation import NewInvitation
    from souspli_exchange.ports.states import InvitationStatus
    from souspli_keys.dsse import Envelope

ADDRESS = Address("jeanne@exemple.fr")
TRAITS = Traits(
    birth_name="Durand", used_name=None, given_names="Jeanne", birth_date="1961-03-02", sex="F"
)


class Purging(MemberConnection):
    """Takes no successor of any letter: the purge of each has begun."""

    async def publish_invitation(
        self,
        *,
        record: Envelope,
        letter_number: str,
        person_checks: Sequence[bytes],
        address: str,
        phone: str | None = None,
        consent: Envelope | None = None,
    ) -> InvitationStatus:
        if OwnCopy(record).invitation.supersedes is not None:
            raise InvitationExpiredError("being purged")
        return await super().publish_invitation(
            record=record,
            letter_number=letter_number,
            person_checks=person_checks,
            address=address,
            phone=phone,
            consent=consent,
        )


async def test_the_successor_of_a_letter_that_is_being_purged_is_a_first_one(
    tmp_path: Path,
) -> None:
    world = World(make_practice())
    before = await world.invite()
    sending = replace(world.sending(), directory=Purging(world.service))
    book = AddressBook(tmp_path, b"\x07" * 32)
    drawn: list[NewInvitation] = []

    def draw(planned: Plan) -> DrawnLetter:
        drawn.append(
            draw_invitation(
                world.practice.sender,
                surnames=["Durand"],
                birth_date="1961-03-02",
                now=NOW,
                supersedes=planned.supersedes,
            )
        )
        return DrawnLetter(drawn[-1], f"letter {len(drawn)}".encode(), None)

    own = world.own_copies[before.invitation_id]
    planned, done = await publish_in_line(
        sending, book, TRAITS, ADDRESS, planned=Plan(supersedes=own), draw=draw
    )
    published = done.invitation
    assert (planned, done.letter) == (Plan(), b"letter 2")
    assert OwnCopy(published.record).invitation.supersedes is None
    patient = book.patient(ADDRESS)
    assert patient is not None
    [kept] = patient.invitations
    assert (kept.invitation_id, kept.confirmed) == (published.invitation_id, True)
