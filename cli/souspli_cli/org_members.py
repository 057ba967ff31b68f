"""``souspli org members``: who is a member, who was asked; certifies who has answered.

Each of them is shown first, with the key's fingerprint, and somebody says yes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import people, profile
from souspli_cli.account import open_account
from souspli_cli.certifying import Outcome, Settled, settle
from souspli_cli.connection import Line
from souspli_cli.enrolment_copies import EnrolmentCopies
from souspli_cli.errors import CliError, Refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_keys.errors import StatementError
from souspli_keys.public import format_fingerprint
from souspli_keys.statements import Member, verify_chain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from souspli_cli.account import Account
    from souspli_exchange.ports.enrolment import MembersDesk, WaitingEnrolment
    from souspli_keys.dsse import Envelope
    from souspli_keys.public import Fingerprint

# A hospital's; a service that pages on for ever is not believed.
MOST_PAGES = 1_000


@verb("org_members", name="members")
@click.option("--yes", is_flag=True)
@profile_options
def members(
    terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None, yes: bool
) -> None:
    """Ask, certify, then list."""
    account = open_account(terminal, folder, passphrase_file)
    with Line(account, terminal) as line:
        seen = line.run(_look(line.client, account, {}))
        # Between two requests: nothing waits for the service while a person thinks.
        agreed = _ask(terminal, seen, yes=yes)
        if agreed:
            seen = line.run(_look(line.client, account, agreed)).after(seen)
    _show_news(terminal, seen)
    _show_members(terminal, account, seen.members)
    _show_waiting(terminal, seen)
    terminal.give(_as_json(seen))
    end = _end(seen)
    if end is not None:
        end.results_given = True
        raise end


@dataclass(frozen=True)
class _Seen:
    outcomes: list[Outcome]
    members: list[Member]
    elsewhere: list[WaitingEnrolment]
    """Waiting at the service, and not asked by this profile."""
    damaged: int

    def of(self, settled: Settled) -> list[Outcome]:
        return [one for one in self.outcomes if one.settled is settled]

    def after(self, first: _Seen) -> _Seen:
        """Give this, with what the first look alone has seen: its own copies are gone."""
        ids = {one.own.enrolment_id for one in self.outcomes}
        earlier = [one for one in first.outcomes if one.own.enrolment_id not in ids]
        return replace(self, outcomes=[*earlier, *self.outcomes])


def _ask(terminal: Terminal, seen: _Seen, *, yes: bool) -> dict[str, Fingerprint]:
    """Give the fingerprints of those who are to be certified, by their enrolments' ids."""
    agreed: dict[str, Fingerprint] = {}
    for one in seen.of(Settled.ANSWERED):
        asked = one.own.asked
        if one.fingerprint is None:
            continue
        terminal.say(
            "org_members.answered",
            name=asked.name,
            address=asked.address,
            role=terminal.words(f"org_members.role_{asked.role.value}"),
            fingerprint=format_fingerprint(one.fingerprint),
        )
        if yes or (
            terminal.interactive
            and terminal.confirm("org_members.certify_ask", option="--yes", name=asked.name)
        ):
            agreed[one.own.enrolment_id] = one.fingerprint
    return agreed


async def _look(desk: MembersDesk, account: Account, agreed: Mapping[str, Fingerprint]) -> _Seen:
    copies = EnrolmentCopies.of(account)
    own = list(copies.all())
    readable = [one for one in own if not isinstance(one, CliError)]
    outcomes = [
        await settle(desk, account, copies, one, agreed=agreed.get(one.enrolment_id))
        for one in readable
    ]
    known = {one.enrolment_id for one in readable}
    waiting = await desk.enrolments()
    return _Seen(
        outcomes=outcomes,
        members=await _members(desk, account),
        elsewhere=[one for one in waiting if one.enrolment_id not in known],
        damaged=len(own) - len(readable),
    )


async def _members(desk: MembersDesk, account: Account) -> list[Member]:
    """Give the members, each of them certified by the root."""
    found: dict[str, Member] = {}
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = await desk.members(after=after)
        for envelope in page.members:
            member = _verified(account, envelope)
            found[member.fingerprint] = member
        after = page.next_cursor
        if after is None:
            return sorted(found.values(), key=lambda member: member.name.casefold())
    raise BrokenAnswerError("a list of members without end")


def _verified(account: Account, envelope: Envelope) -> Member:
    try:
        return verify_chain(
            account.organisation_statement,
            envelope,
            organisation=account.organisation_fingerprint,
            origin=profile.checked_origin(account.profile.settings.origin),
            at=Member.parse(envelope.payload).line.issued_at,
        ).member
    except StatementError:
        raise Refused("member_not_ours") from None


def _show_news(terminal: Terminal, seen: _Seen) -> None:
    for one in seen.of(Settled.CERTIFIED):
        fingerprint = format_fingerprint(one.fingerprint or one.own.asked.organisation)
        terminal.show("org_members.certified", name=one.own.asked.name, fingerprint=fingerprint)
    for one in seen.of(Settled.ENDED):
        terminal.show("org_members.ended", name=one.own.asked.name)
    for one in seen.of(Settled.REFUSED):
        terminal.warn("org_members.refused", name=one.own.asked.name)
    for one in seen.of(Settled.STOPPED):
        terminal.warn("org_members.stopped", name=one.own.asked.name)


def _show_members(terminal: Terminal, account: Account, members: list[Member]) -> None:
    say = terminal.words
    columns = ("org_members.head_name", "org_members.head_role", "org_members.head_address")
    head = [say(key) for key in (*columns, "org_members.head_until")]
    rows = [
        [
            say("org_members.you", name=member.name)
            if member.fingerprint == account.member.fingerprint
            else member.name,
            say(f"org_members.role_{member.role.value}"),
            member.address,
            people.shown_day(member.not_after),
            format_fingerprint(member.fingerprint),
        ]
        for member in members
    ]
    terminal.table([*head, say("org_members.head_fingerprint")], rows)


def _show_waiting(terminal: Terminal, seen: _Seen) -> None:
    for one in seen.of(Settled.OPEN):
        until = people.shown_day(one.own.asked.not_after)
        terminal.show("org_members.open", name=one.own.asked.name, date=until)
    for one in seen.of(Settled.ANSWERED):
        terminal.show("org_members.not_certified", name=one.own.asked.name)
    if seen.elsewhere:
        terminal.show("org_members.elsewhere", count=len(seen.elsewhere))


def _end(seen: _Seen) -> CliError | None:
    if stopped := seen.of(Settled.STOPPED):
        return Refused("enrolment_stopped", name=stopped[0].own.asked.name)
    if refused := seen.of(Settled.REFUSED):
        return Refused("enrolment_ended", name=refused[0].own.asked.name)
    return Refused("entries_damaged", count=seen.damaged) if seen.damaged else None


def _as_json(seen: _Seen) -> dict[str, object]:
    return {
        "members": [
            {
                "name": member.name,
                "address": member.address,
                "role": member.role.value,
                "rpps": member.rpps,
                "may_invite": member.may_invite,
                "member": member.fingerprint,
                "not_after": member.not_after,
            }
            for member in seen.members
        ],
        "enrolments": [
            {
                "enrolment_id": one.own.enrolment_id,
                "name": one.own.asked.name,
                "address": one.own.asked.address,
                "role": one.own.asked.role.value,
                "state": one.settled.value,
                "member": one.fingerprint,
            }
            for one in seen.outcomes
        ],
        "elsewhere": len(seen.elsewhere),
    }
