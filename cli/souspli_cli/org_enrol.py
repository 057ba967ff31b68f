"""``souspli org enrol``: asks somebody to become a member, and shows the code once.

docs/specs/enrolment.md §6. The code is in this process and on this screen, nowhere else.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import account as accounts
from souspli_cli import clock, people
from souspli_cli.account import open_account
from souspli_cli.certifying import Settled, settle
from souspli_cli.connection import Line, sending_member
from souspli_cli.enrolment_copies import EnrolmentCopies, OwnEnrolment
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.terminal import Terminal, checked_line
from souspli_cli.verb import profile_options, verb
from souspli_exchange import port_errors as port
from souspli_exchange.enrolment import AskedMember, draw_enrolment
from souspli_keys.public import format_fingerprint
from souspli_keys.statements import Role

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_exchange.enrolment import NewEnrolment
    from souspli_keys.public import Fingerprint

# Somebody sits in front of it, at both ends.
POLL_SECONDS = 3.0


@verb("org_enrol", name="enrol")
@click.option("--name", required=True, metavar="TEXT")
@click.option("--address", required=True, metavar="E-MAIL")
@click.option("--role", required=True, metavar="ROLE")
@click.option("--rpps", metavar="NUMBER")
@click.option("--may-invite", is_flag=True)
@click.option("--wait", is_flag=True)
@profile_options
def enrol(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    name: str,
    address: str,
    role: str,
    rpps: str | None,
    may_invite: bool,
    wait: bool,
) -> None:
    """Draw a code, publish, show; with ``--wait`` certify who answers."""
    if wait and terminal.as_json:
        # One JSON document, and the code has to be shown before anybody can answer.
        raise WrongUsage("wait_without_json")
    if role not in list(Role):
        raise WrongUsage("member_role_not_understood")
    asked = AskedMember(
        name=checked_line(name, option="--name"),
        address=people.address_of(address),
        role=Role(role),
        rpps=people.rpps_of(rpps),
        may_invite=may_invite,
    )
    account = open_account(terminal, folder, passphrase_file)
    accounts.read_root(account)  # who answers could not be certified without it
    drawn = draw_enrolment(sending_member(account), asked, now=clock.now())
    copies = EnrolmentCopies.of(account)
    with Line(account, terminal) as line:
        own = _publish(line, copies, drawn)
        _show(terminal, account, asked, drawn)
        del drawn  # and with it the code
        if wait:
            _wait(terminal, line, account, own)


def _publish(line: Line, copies: EnrolmentCopies, drawn: NewEnrolment) -> OwnEnrolment:
    """Keep the own copy, publish, note the answer: in this order.

    A crash after the first step leaves an enrolment that nobody has a code for; the
    next one for the same address replaces it.
    """
    own = OwnEnrolment(
        enrolment_id=drawn.enrolment_id, record=drawn.record.to_json(), confirmed=False
    )
    copies.keep(own)
    try:
        line.run(line.client.publish_enrolment(record=drawn.record, handle=drawn.code.handle))
    except (port.ConflictError, port.RequestRefusedError, port.QuotaReachedError) as refused:
        copies.forget(own.enrolment_id)  # definite: nobody has it, and nobody will
        if isinstance(refused, port.QuotaReachedError):
            raise Refused("too_many_enrolments") from None
        raise
    confirmed = OwnEnrolment(enrolment_id=own.enrolment_id, record=own.record, confirmed=True)
    copies.keep(confirmed)
    return confirmed


def _show(terminal: Terminal, account: Account, asked: AskedMember, drawn: NewEnrolment) -> None:
    code, until = drawn.code.secret_written(), people.shown_day(drawn.not_after)
    settings = account.profile.settings
    terminal.show("org_enrol.code", name=asked.name, code=code)
    terminal.show("org_enrol.until", date=until)
    command = f"souspli enrol --service {settings.service} --origin {settings.origin} --code {code}"
    terminal.show("org_enrol.command", command=command)
    terminal.note("org_enrol.hand_over")
    terminal.give(
        {
            "enrolment_id": drawn.enrolment_id,
            "code": code,
            "not_after": drawn.not_after,
            "name": asked.name,
            "address": asked.address,
            "role": asked.role.value,
            "service": settings.service,
            "origin": settings.origin,
        }
    )


def _wait(terminal: Terminal, line: Line, account: Account, own: OwnEnrolment) -> None:
    """Stay until somebody has answered, and certify them."""
    terminal.note("org_enrol.waiting")
    copies, away = EnrolmentCopies.of(account), False
    agreed: Fingerprint | None = None
    while True:
        try:
            outcome = line.run(settle(line.client, account, copies, own, agreed=agreed))
        except port.UnavailableError:
            if not away:
                terminal.note("org_enrol.away")
            away = True
            time.sleep(POLL_SECONDS)
            continue
        away = False
        match outcome.settled:
            case Settled.OPEN:
                time.sleep(POLL_SECONDS)
            case Settled.ANSWERED:
                # Who waits for the answer to a code just handed over has said yes.
                agreed = outcome.fingerprint
            case Settled.CERTIFIED:
                terminal.show(
                    "org_members.certified",
                    name=own.asked.name,
                    fingerprint=format_fingerprint(outcome.fingerprint or own.asked.organisation),
                )
                return
            case Settled.STOPPED:
                raise Refused("enrolment_stopped", name=own.asked.name)
            case Settled.REFUSED | Settled.ENDED:
                raise Refused("enrolment_ended", name=own.asked.name)
