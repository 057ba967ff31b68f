"""The member's account in a profile: what the device's secret opens.

Files: ``vault``, ``statements.json``, ``root.sealed``, ``request.sealed``
(docs/specs/profile.md §1). What the service says is never taken for any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from souspli_cli import box, files, passphrase, profile
from souspli_cli.addressbook import AddressBook
from souspli_cli.errors import Refused
from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_keys import canonical, dsse
from souspli_keys import vault as vaults
from souspli_keys.codes import AccountNumber
from souspli_keys.errors import FormatError, KeysError
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.statements import Member, Organisation, verify_chain
from souspli_keys.values import decode_base64, encode_base64

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_cli.founding import Founding
    from souspli_cli.keyfile import Device
    from souspli_cli.profile import Profile
    from souspli_cli.terminal import Terminal
    from souspli_keys.dsse import Envelope
    from souspli_keys.public import Fingerprint
    from souspli_keys.vault_contents import Vault

_File = TypeVar("_File", "_VaultFile", "_StatementsFile")

# A vault of one member is 3 KB, two statements are 20 KB.
MAX_FILE_BYTES = canonical.MAX_BYTES


class _VaultFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    account_number: str
    generation: int
    sealed: str
    unlocker_id: str
    wrapped_vault_key: str


class _StatementsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    organisation: dict[str, Any]
    member: dict[str, Any]


class _RootFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    root: str


class _RequestFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    admission_code: str


@dataclass(frozen=True)
class Account:
    """An opened account: who we are, and our practice."""

    profile: Profile
    device: Device
    number: AccountNumber
    identity: Identity
    organisation_statement: Envelope
    member_statement: Envelope
    organisation: Organisation
    member: Member

    @property
    def organisation_fingerprint(self) -> Fingerprint:
        return self.organisation.fingerprint

    @property
    def book(self) -> AddressBook:
        """The profile's address book."""
        return AddressBook(self.profile.book, self.device.unlocker.secret_bytes())


def open_account(terminal: Terminal, folder: Path | None, passphrase_file: Path | None) -> Account:
    """Open the account of a profile, asking for the passphrase if there is one.

    Raises:
        Refused: No profile, no account in it yet, wrong passphrase, or a file that
            is missing, damaged or of another version.
    """
    found = profile.find(folder)
    if not found.ready:
        raise Refused("no_account")
    device = passphrase.unlock(terminal, passphrase_file, profile.read_device_key(found))
    return load(found, device)


def load(found: Profile, device: Device) -> Account:
    """Open what the profile holds; every link is checked, since disks go bad."""
    contents = open_vault(found, device)
    organisation_statement, member_statement = _read_statements(found)
    issued = Member.parse(member_statement.payload).line.issued_at
    chain = verify_chain(
        organisation_statement,
        member_statement,
        # From the vault: the statements' file is not sealed, and proves nothing itself.
        organisation=contents.pinned[0].fingerprint,
        origin=profile.checked_origin(found.settings.origin),
        at=issued,
    )
    if chain.member.fingerprint != contents.identity.public.fingerprint:
        raise Refused("file_damaged", file=found.statements.name)
    return Account(
        profile=found,
        device=device,
        number=contents.account,
        identity=contents.identity,
        organisation_statement=organisation_statement,
        member_statement=member_statement,
        organisation=chain.organisation,
        member=chain.member,
    )


def open_vault(found: Profile, device: Device) -> Vault:
    """Open the vault of a profile, whether the service has the account yet or not."""
    stored = _read_vault_file(found)
    number = AccountNumber(stored.account_number)
    key = vaults.unwrap_vault_key(
        decode_base64(stored.wrapped_vault_key),
        wrap_key=device.unlocker.wrap_key,
        account=number,
        kind=UnlockerKind.DEVICE,
        unlocker_id=stored.unlocker_id,
    )
    return vaults.open_vault(
        decode_base64(stored.sealed),
        vault_key=key,
        account=number,
        generation=stored.generation,
        seen_generation=stored.generation,
    )


def keep_founding(found: Profile, device: Device, founding: Founding, *, code: str) -> None:
    """Make everything durable before anything of it leaves; the request comes last.

    A crash in between leaves files that the next try writes again: without
    ``request.sealed`` nothing was asked of the service.
    """
    secret = device.unlocker.secret_bytes()
    root = {"version": 1, "root": encode_base64(founding.root.secret_root())}
    files.write_atomically(
        found.root, box.seal(secret, root, purpose=box.Purpose.ROOT, place=found.root.name)
    )
    keep_vault(found, founding.account)
    keep_statements(found, organisation=founding.organisation, member=founding.member)
    keep_request(found, device, code=code)


def read_root(account: Account) -> Identity:
    """Give the organisation's root; ``Refused`` where this profile does not hold it."""
    place = account.profile.root.name
    try:
        sealed = files.read(account.profile.root, limit=box.MAX_BOX_BYTES)
    except FileNotFoundError:
        raise Refused("no_root") from None
    secret = account.device.unlocker.secret_bytes()
    tree = box.unseal(secret, sealed, purpose=box.Purpose.ROOT, place=place)
    try:
        root = Identity.from_root(decode_base64(msgspec.convert(tree, _RootFile).root))
    except (msgspec.ValidationError, KeysError):
        raise box.BoxDamaged(place) from None
    if root.public.fingerprint != account.organisation_fingerprint:
        # Of a founding that was never taken, before this profile joined somebody else.
        raise Refused("no_root")
    return root


def keep_statements(found: Profile, *, organisation: Envelope, member: Envelope) -> None:
    """Record durably who we are."""
    statements = {"version": 1, "organisation": organisation.to_json(), "member": member.to_json()}
    files.write_atomically(found.statements, canonical.encode(statements))


def keep_request(found: Profile, device: Device, *, code: str) -> None:
    """Record that the founding in the profile is being asked of the service."""
    request = {"version": 1, "admission_code": code}
    sealed = box.seal(
        device.unlocker.secret_bytes(),
        request,
        purpose=box.Purpose.REQUEST,
        place=found.request.name,
    )
    files.write_atomically(found.request, sealed)


def read_request(found: Profile, device: Device) -> str | None:
    """Give the admission code of a founding that was not answered, or None."""
    try:
        sealed = files.read(found.request, limit=box.MAX_BOX_BYTES)
    except FileNotFoundError:
        return None
    place = found.request.name
    tree = box.unseal(
        device.unlocker.secret_bytes(), sealed, purpose=box.Purpose.REQUEST, place=place
    )
    try:
        return msgspec.convert(tree, _RequestFile).admission_code
    except msgspec.ValidationError:
        raise box.BoxDamaged(place) from None


def forget_request(found: Profile) -> None:
    """Record that the founding was answered, one way or the other."""
    found.request.unlink(missing_ok=True)
    files.sync_folder(found.folder)


def new_account_of(found: Profile, device: Device) -> NewAccount:
    """Give the account of a profile as it is asked of the service, byte for byte."""
    stored = _read_vault_file(found)
    unlocker = NewUnlocker(
        unlocker_id=stored.unlocker_id,
        kind=UnlockerKind.DEVICE.value,
        login_public_key=device.unlocker.login_key.public_key,
        wrapped_vault_key=decode_base64(stored.wrapped_vault_key),
    )
    return NewAccount(
        account_number=stored.account_number,
        sealed_vault=decode_base64(stored.sealed),
        unlockers=(unlocker,),
    )


def keep_vault(found: Profile, account: NewAccount) -> None:
    """Record durably what makes the account, before anything of it leaves."""
    (unlocker,) = account.unlockers
    stored = _VaultFile(
        version=1,
        account_number=account.account_number,
        generation=1,
        sealed=encode_base64(account.sealed_vault),
        unlocker_id=unlocker.unlocker_id,
        wrapped_vault_key=encode_base64(unlocker.wrapped_vault_key),
    )
    files.write_atomically(found.vault, canonical.encode(msgspec.to_builtins(stored)))


def _read_vault_file(found: Profile) -> _VaultFile:
    return _read(found.vault, _VaultFile)


def _read_statements(found: Profile) -> tuple[Envelope, Envelope]:
    stored = _read(found.statements, _StatementsFile)
    try:
        return dsse.parse(stored.organisation), dsse.parse(stored.member)
    except FormatError:
        raise Refused("file_damaged", file=found.statements.name) from None


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        tree = canonical.decode(files.read(path, limit=MAX_FILE_BYTES))
        if tree.get("version") != 1:
            raise Refused("file_version_unknown", file=path.name)
        return msgspec.convert(tree, kind)
    except FileNotFoundError:
        raise Refused("file_missing", file=path.name) from None
    except (FormatError, msgspec.ValidationError):
        raise Refused("file_damaged", file=path.name) from None
