"""``souspli org create``: founds the practice, with the operator's admission code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from souspli_cli import account as accounts
from souspli_cli import clock, files, passphrase, people, profile
from souspli_cli.account import Account
from souspli_cli.connection import connect, run
from souspli_cli.errors import Refused, WrongUsage
from souspli_cli.founding import Particulars, found
from souspli_cli.init import have_profile
from souspli_cli.terminal import Terminal, checked_line
from souspli_cli.verb import Verbs, profile_options, verb
from souspli_exchange import port_errors as port
from souspli_keys import codes
from souspli_keys.errors import CodeError
from souspli_keys.public import format_fingerprint
from souspli_keys.statements import Role

if TYPE_CHECKING:
    from souspli_cli.keyfile import Device
    from souspli_cli.profile import Profile

# Ten digits: a number that somebody else has comes once in ten thousand lives.
ACCOUNT_NUMBER_TRIES = 3

# What the service has refused for good: nothing of it was taken, so the next try
# may be another one. (The same request again would have had its old answer.)
_DEFINITE = (port.RequestRefusedError, port.ConflictError)


@verb("org_create", name="create")
@click.option("--name", required=True, metavar="TEXT")
@click.option("--phone", required=True, metavar="TEXT")
@click.option("--postal-line", "postal_lines", multiple=True, metavar="TEXT")
@click.option("--member-name", required=True, metavar="TEXT")
@click.option("--address", required=True, metavar="E-MAIL")
@click.option("--role", default=Role.PRACTITIONER.value, metavar="ROLE")
@click.option("--rpps", metavar="NUMBER")
@click.option("--code", metavar="CODE")
@click.option("--service", metavar="URL")
@click.option("--origin", metavar="NAME")
@click.option("--page", metavar="URL")
@click.option("--no-passphrase", is_flag=True)
@profile_options
def create(
    terminal: Terminal,
    *,
    folder: Path | None,
    passphrase_file: Path | None,
    code: str | None,
    service: str | None,
    origin: str | None,
    page: str | None,
    no_passphrase: bool,
    **given: Any,
) -> None:
    """Found the practice; interrupted, go on where it stopped."""
    particulars = _particulars(**given)
    code = code or terminal.ask("org.code_ask", option="--code")
    try:
        code = codes.parse_admission_code(code)
    except CodeError:
        raise Refused("code_not_understood") from None
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
    # Alone: two at once would overwrite each other's root.
    with files.locked(used.lock):
        made = run(_create(terminal, profile.find(used.folder), device, particulars, code))
    _show(terminal, made)


async def _create(
    terminal: Terminal, used: Profile, device: Device, particulars: Particulars, code: str
) -> Account:
    if used.ready:
        return _same(accounts.load(used, device), particulars, "account_exists")
    if used.joining.exists():
        raise Refused("joining_under_way")
    kept = accounts.read_request(used, device)
    if kept is not None:
        made = _same(accounts.load(used, device), particulars, "org_inputs_differ")
        terminal.note("org.resumed")
        try:
            return await _ask(terminal, made, kept)
        except Refused as refused:
            # The earlier request was never taken; this code may be a better one.
            if refused.name != "admission_code_refused" or kept == code:
                raise
    for _ in range(ACCOUNT_NUMBER_TRIES):
        founding = found(
            particulars,
            device,
            origin=profile.checked_origin(used.settings.origin),
            now=clock.now(),
        )
        accounts.keep_founding(used, device, founding, code=code)
        try:
            return await _ask(terminal, accounts.load(used, device), code)
        except port.AccountNumberTakenError:
            continue
    raise Refused("conflict")


async def _ask(terminal: Terminal, made: Account, code: str) -> Account:
    """Ask the service for the founding in the profile, and record its answer."""
    from souspli_mailbox.client import AdmissionCodeRefusedError  # noqa: PLC0415  (aiohttp)

    async with connect(made.profile) as client:
        try:
            service = await client.service()
        except port.BrokenAnswerError:
            raise Refused("service_is_another", expected=made.profile.settings.origin) from None
        if service.page.rstrip("/") != made.profile.settings.page:
            terminal.warn("org.page_differs", found=service.page, used=made.profile.settings.page)
        try:
            await client.create_organisation(
                admission_code=code,
                organisation=made.organisation_statement,
                member=made.member_statement,
                account=accounts.new_account_of(made.profile, made.device),
            )
        except _DEFINITE as refused:
            accounts.forget_request(made.profile)
            if isinstance(refused, AdmissionCodeRefusedError):
                raise Refused("admission_code_refused") from None
            raise
    ready = made.profile.with_account(made.number)
    accounts.forget_request(ready)
    return accounts.load(ready, made.device)


def _particulars(
    *,
    name: str,
    phone: str,
    postal_lines: tuple[str, ...],
    member_name: str,
    address: str,
    role: str,
    rpps: str | None,
) -> Particulars:
    if role not in {Role.PRACTITIONER, Role.ASSISTANT, Role.ADMINISTRATOR}:
        raise WrongUsage("role_not_understood")
    phone = checked_line(phone, option="--phone")
    if not 3 <= len(phone) <= 30:  # statements.md
        raise Refused("phone_not_understood")
    return Particulars(
        name=checked_line(name, option="--name"),
        phone=phone,
        postal_address=people.postal_address_of(postal_lines),
        member_name=checked_line(member_name, option="--member-name"),
        address=people.address_of(address),
        role=Role(role),
        rpps=people.rpps_of(rpps),
    )


def _same(made: Account, particulars: Particulars, otherwise: str) -> Account:
    """Give back an account that was founded with these very particulars."""
    organisation, member = made.organisation, made.member
    known = Particulars(
        name=organisation.name,
        phone=organisation.phone,
        postal_address=organisation.postal_address,
        member_name=member.name,
        address=member.address,
        role=member.role,
        rpps=member.rpps,
    )
    if known != particulars:
        raise Refused(otherwise)
    return made


def _show(terminal: Terminal, made: Account) -> None:
    terminal.show("org.done", name=made.organisation.name)
    terminal.show("org.account", number=codes.format_number(made.number))
    fingerprint = made.organisation_fingerprint
    terminal.show("org.fingerprint", fingerprint=format_fingerprint(fingerprint))
    terminal.note("org.keep", folder=str(made.profile.folder))
    terminal.give(
        {
            "account_number": made.number,
            "organisation": fingerprint,
            "member": made.member.fingerprint,
            "address": made.member.address,
            "profile": str(made.profile.folder),
        }
    )


org = Verbs(
    "org",
    {
        "create": "souspli_cli.org:create",
        "enrol": "souspli_cli.org_enrol:enrol",
        "members": "souspli_cli.org_members:members",
    },
    words_key="org",
)
