"""``souspli enrol``: becomes a member of an organisation, with the code that it gave.

docs/specs/enrolment.md §7. Interrupted anywhere, the same command goes on.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from souspli_cli import account as accounts
from souspli_cli import clock, files, joining, passphrase, profile
from souspli_cli.connection import connect, run
from souspli_cli.errors import Refused, Temporary
from souspli_cli.init import have_profile
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb
from souspli_exchange import port_errors as port
from souspli_exchange.enrolment import open_enrolment
from souspli_exchange.errors import EnrolmentRefusedError
from souspli_keys import codes
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.errors import CodeError
from souspli_keys.public import format_fingerprint

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.joining import KeptJoining
    from souspli_cli.keyfile import Device
    from souspli_cli.profile import Profile
    from souspli_keys.dsse import Envelope
    from souspli_mailbox.client import MailboxClient

    _Answered = tuple[KeptJoining, Envelope | None]
    """An answer that the service has, and the certificate if there is one already."""

# Ten digits: a number that somebody else has comes once in ten thousand lives.
ACCOUNT_NUMBER_TRIES = 3

# Soon at first, when somebody sits at the other end; then as often as it costs nobody
# anything: whoever has the root may come back tomorrow.
FIRST_POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 30.0


@verb("enrol")
@click.option("--code", metavar="CODE")
@click.option("--service", metavar="URL")
@click.option("--origin", metavar="NAME")
@click.option("--page", metavar="URL")
@click.option("--no-passphrase", is_flag=True)
@click.option("--wait/--no-wait", default=True)
@profile_options
def enrol(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    code: str | None,
    service: str | None,
    origin: str | None,
    page: str | None,
    no_passphrase: bool,
    wait: bool,
) -> None:
    """Answer, wait for the certificate, be ready."""
    try:
        typed = EnrolmentCode(code or terminal.ask("enrol.code_ask", option="--code"))
    except CodeError:
        raise Refused("enrolment_code_not_understood") from None
    used = have_profile(
        terminal,
        folder,
        service=service,
        origin=origin,
        page=page,
        passphrase_file=passphrase_file,
        no_passphrase=no_passphrase,
    )
    device = passphrase.unlock(terminal, passphrase_file, profile.read_device_key(used))
    # Alone: two at once would overwrite each other's identity.
    with files.locked(used.lock):
        made = run(_enrol(terminal, profile.find(used.folder), device, typed, wait=wait))
    _show(terminal, made)


async def _enrol(
    terminal: Terminal, used: Profile, device: Device, code: EnrolmentCode, *, wait: bool
) -> Account:
    if used.ready:
        joining.forget(used)  # a crash after the account's number was written
        terminal.note("enrol.already")
        return accounts.load(used, device)
    if used.request.exists():
        raise Refused("founding_under_way")
    async with connect(used) as client:
        try:
            service = await client.service()
        except port.BrokenAnswerError:
            raise Refused("service_is_another", expected=used.settings.origin) from None
        if service.page.rstrip("/") != used.settings.page:
            terminal.warn("org.page_differs", found=service.page, used=used.settings.page)
        kept, certificate = await _go_on(terminal, client, used, device, code) or await _begin(
            terminal, client, used, device, code
        )
        if certificate is None:
            if not wait:
                raise Temporary("enrol_waiting", organisation=kept.organisation.name)
            certificate = await _wait(terminal, client, used, device, kept)
    try:
        ready = joining.finish(used, device, kept, certificate)
    except EnrolmentRefusedError:
        raise Refused("certificate_not_ours") from None
    return accounts.load(ready, device)


async def _go_on(
    terminal: Terminal, client: MailboxClient, used: Profile, device: Device, code: EnrolmentCode
) -> _Answered | None:
    """Send the answer that is kept once more; None where there is none that counts."""
    kept = joining.read(used, device)
    if kept is None:
        return None
    if kept.handle != code.handle:
        return await _other_code(client, used, device, kept)
    terminal.note("enrol.resumed", organisation=kept.organisation.name)
    try:
        return kept, await _ask(client, used, device, kept)
    except port.AccountNumberTakenError:
        joining.forget(used)
        return None


async def _begin(
    terminal: Terminal, client: MailboxClient, used: Profile, device: Device, code: EnrolmentCode
) -> _Answered:
    """Look the code up, check what it leads to, answer."""
    try:
        material = await client.look_up_enrolment(code.handle)
    except port.EnrolmentNotValidError:
        raise Refused("enrolment_not_valid") from None
    try:
        opened = open_enrolment(
            code, material, origin=profile.checked_origin(used.settings.origin), now=clock.now()
        )
    except EnrolmentRefusedError:
        raise Refused("enrolment_code_wrong") from None
    asked = opened.enrolment.record
    terminal.note(
        "enrol.found",
        organisation=opened.enrolment.asker.organisation.name,
        name=asked.name,
        address=asked.address,
        role=terminal.words(f"org_members.role_{asked.role.value}"),
    )
    for _ in range(ACCOUNT_NUMBER_TRIES):
        kept = joining.draw(used, device, opened, material, handle=code.handle, now=clock.now())
        try:
            return kept, await _ask(client, used, device, kept)
        except port.AccountNumberTakenError:
            joining.forget(used)
    raise Refused("conflict")


async def _ask(
    client: MailboxClient, used: Profile, device: Device, kept: KeptJoining
) -> Envelope | None:
    """Send the answer that is kept, the same bytes every time."""
    account = joining.account_of(used, device)
    try:
        return await client.join(kept.enrolment_id, joining=kept.joining, account=account)
    except port.EnrolmentNotValidError:
        raise Refused("enrolment_not_valid") from None
    except port.EnrolmentAnsweredError:
        raise Refused("enrolment_answered") from None
    except port.RequestRefusedError:
        # Definite: nothing of it was taken. The same code may be answered anew.
        joining.forget(used)
        raise


async def _other_code(
    client: MailboxClient, used: Profile, device: Device, kept: KeptJoining
) -> _Answered | None:
    """Say whether the answer to an earlier code still counts; forget it where it doesn't."""
    try:
        certificate = await _ask(client, used, device, kept)
    except (Refused, port.AccountNumberTakenError, port.RequestRefusedError):
        joining.forget(used)
        return None
    if certificate is None:
        raise Refused("enrol_other_code", organisation=kept.organisation.name)
    return kept, certificate  # certified meanwhile: that is who we are


async def _wait(
    terminal: Terminal, client: MailboxClient, used: Profile, device: Device, kept: KeptJoining
) -> Envelope:
    """Ask again and again until there is a certificate."""
    fingerprint = accounts.open_vault(used, device).identity.public.fingerprint
    terminal.note("enrol.fingerprint", fingerprint=format_fingerprint(fingerprint))
    terminal.note("enrol.waiting", organisation=kept.organisation.name)
    pause, away = FIRST_POLL_SECONDS, False
    while True:
        await asyncio.sleep(pause)
        pause = min(LONGEST_POLL_SECONDS, pause * 1.2)
        try:
            certificate = await _ask(client, used, device, kept)
        except port.UnavailableError as error:
            if not away:
                terminal.note("org_enrol.away")
            away = True
            pause = max(pause, error.retry_after or 0.0)
            continue
        away = False
        if certificate is not None:
            return certificate


def _show(terminal: Terminal, made: Account) -> None:
    fingerprint = made.member.fingerprint
    terminal.show("enrol.done", name=made.member.name, organisation=made.organisation.name)
    terminal.show("org.account", number=codes.format_number(made.number))
    terminal.show("enrol.fingerprint", fingerprint=format_fingerprint(fingerprint))
    terminal.note("enrol.keep", folder=str(made.profile.folder))
    terminal.give(
        {
            "account_number": made.number,
            "organisation": made.organisation_fingerprint,
            "member": fingerprint,
            "address": made.member.address,
            "role": made.member.role.value,
            "profile": str(made.profile.folder),
        }
    )
