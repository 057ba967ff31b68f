"""What a joiner keeps between answering and being certified (docs/specs/profile.md §1).

`joining.sealed`, beside `vault`: the sealed request that is sent again and again, byte
for byte, until the certificate is there. The code's secret is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from souspli_cli import account as accounts
from souspli_cli import box, files, founding, profile
from souspli_exchange import enrolment as steps
from souspli_exchange.ids import EnrolmentId
from souspli_exchange.ports.enrolment import EnrolmentRecord, JoiningEnvelopes
from souspli_keys import dsse
from souspli_keys.errors import FormatError, StatementError
from souspli_keys.identity import Identity
from souspli_keys.statements import Enrolment, Organisation
from souspli_keys.vault_contents import PinnedOrganisation

if TYPE_CHECKING:
    from souspli_cli.keyfile import Device
    from souspli_cli.profile import Profile
    from souspli_exchange.enrolment import OpenedEnrolment
    from souspli_exchange.ports.accounts import NewAccount
    from souspli_keys.dsse import Envelope


class _JoiningFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    handle: str
    record: dict[str, Any]
    organisation: dict[str, Any]
    member: dict[str, Any]
    by_code: dict[str, Any]
    by_identity: dict[str, Any]


@dataclass(frozen=True)
class KeptJoining:
    """An answer to an enrolment, and what it answers."""

    handle: str
    material: EnrolmentRecord
    joining: JoiningEnvelopes

    @property
    def asked(self) -> Enrolment:
        """What E says: it was verified before it was kept, and the file is sealed."""
        return Enrolment.parse(self.material.record.payload)

    @property
    def organisation(self) -> Organisation:
        """Who asks; verified likewise."""
        return Organisation.parse(self.material.organisation.payload)

    @property
    def enrolment_id(self) -> EnrolmentId:
        """Which enrolment."""
        return EnrolmentId(self.asked.enrolment_id)


def draw(
    found: Profile,
    device: Device,
    opened: OpenedEnrolment,
    material: EnrolmentRecord,
    *,
    handle: str,
    now: int,
) -> KeptJoining:
    """Draw identity and account, sign the answer, and make all of it durable.

    The vault comes first and the answer last: without ``joining.sealed`` nothing was
    asked of the service, and the next try draws anew.
    """
    asked, organisation = opened.enrolment.record, opened.enrolment.asker.organisation
    identity = Identity.generate()
    pinned = PinnedOrganisation(
        fingerprint=asked.organisation, name=organisation.name, pinned_at=now
    )
    account = founding.new_account(identity, device, pinned=pinned, now=now)
    accounts.keep_vault(found, account)
    kept = KeptJoining(handle, material, steps.join(opened, identity, account, now=now))
    _write(found, device, kept)
    return kept


def account_of(found: Profile, device: Device) -> NewAccount:
    """Give the account that the answer names by its hash, byte for byte."""
    return accounts.new_account_of(found, device)


def read(found: Profile, device: Device) -> KeptJoining | None:
    """Give the answer that has no certificate yet, or None."""
    place = found.joining.name
    try:
        sealed = files.read(found.joining, limit=box.MAX_BOX_BYTES)
    except FileNotFoundError:
        return None
    secret = device.unlocker.secret_bytes()
    tree = box.unseal(secret, sealed, purpose=box.Purpose.ENROLMENT, place=place)
    if tree.get("version") != 1:
        raise box.BoxVersionUnknown(place)
    try:
        stored = msgspec.convert(tree, _JoiningFile)
        kept = KeptJoining(
            handle=stored.handle,
            material=EnrolmentRecord(
                record=dsse.parse(stored.record),
                organisation=dsse.parse(stored.organisation),
                member=dsse.parse(stored.member),
            ),
            joining=JoiningEnvelopes(
                by_code=dsse.parse(stored.by_code), by_identity=dsse.parse(stored.by_identity)
            ),
        )
        # Read now, so that a damaged file is found before anything is asked.
        Enrolment.parse(kept.material.record.payload)
        Organisation.parse(kept.material.organisation.payload)
    except (msgspec.ValidationError, FormatError, StatementError):
        raise box.BoxDamaged(place) from None
    return kept


def finish(found: Profile, device: Device, kept: KeptJoining, certificate: Envelope) -> Profile:
    """Become the member that a certificate makes of us; give the profile, ready.

    Each step is done again by the same command after a crash; the answer goes last.

    Raises:
        EnrolmentRefusedError: It is another organisation's, somebody else's, or says
            something else than was asked for. Nothing was changed.
    """
    contents = accounts.open_vault(found, device)
    steps.verify_certificate(
        certificate,
        own=kept.material.record,
        identity=contents.identity.public,
        organisation_statement=kept.material.organisation,
        # From the vault: pinned when the code had proved it.
        organisation=contents.pinned[0].fingerprint,
        origin=profile.checked_origin(found.settings.origin),
    )
    accounts.keep_statements(found, organisation=kept.material.organisation, member=certificate)
    ready = found.with_account(contents.account)
    forget(ready)
    return ready


def forget(found: Profile) -> None:
    """Forget the answer: it is of no use any more."""
    found.joining.unlink(missing_ok=True)
    files.sync_folder(found.folder)


def _write(found: Profile, device: Device, kept: KeptJoining) -> None:
    tree = {
        "version": 1,
        "handle": kept.handle,
        "record": kept.material.record.to_json(),
        "organisation": kept.material.organisation.to_json(),
        "member": kept.material.member.to_json(),
        "by_code": kept.joining.by_code.to_json(),
        "by_identity": kept.joining.by_identity.to_json(),
    }
    place = found.joining.name
    secret = device.unlocker.secret_bytes()
    sealed = box.seal(secret, tree, purpose=box.Purpose.ENROLMENT, place=place)
    files.write_atomically(found.joining, sealed)
