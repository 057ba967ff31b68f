"""A practice, founded as `souspli org create` founds one: what patients verify is real."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.letters import ORIGIN
from benchmarks.nodes import Node
from benchmarks.rows import Sender
from souspli_cli.founding import Particulars, found
from souspli_cli.keyfile import Device
from souspli_keys.address import Address, parse_origin
from souspli_keys.identity import Identity
from souspli_keys.statements import Member, Role
from souspli_mailbox.client import MailboxClient

PARTICULARS = Particulars(
    name="Cabinet médical des Tilleuls",
    phone="02 00 00 00 01",
    postal_address=("3, place du Marché", "29200 BREST"),
    member_name="Dr Camille Martin",
    address=Address("camille.martin@cabinet.example"),
    role=Role.PRACTITIONER,
    rpps=None,
)


@dataclass(frozen=True)
class Practice:
    """As the service knows it. Documents are sealed by an identity of the benchmark's own,
    which the service can't tell from the member's.
    """

    sender: Sender
    member: Identity


async def found_practice(node: Node) -> Practice:
    """Found a practice on a new service, by the real client."""
    origin = parse_origin(ORIGIN)
    founding = found(PARTICULARS, Device.new(), origin=origin, now=int(time.time()))
    async with MailboxClient(f"http://127.0.0.1:{node.port}/", origin=origin) as client:
        await client.create_organisation(
            admission_code=node.admission_code or "",
            organisation=founding.organisation,
            member=founding.member,
            account=founding.account,
        )
    member = Member.parse(founding.member.payload).member.fingerprint
    return Practice(Sender(founding.root.public.fingerprint, member), Identity.generate())
