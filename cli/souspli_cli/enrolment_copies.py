"""The own copies of enrolments: whom this profile asked to become a member.

`book/enrolment-<id>.sealed` (docs/specs/profile.md §4). Written before the request
leaves; what the service shows is compared with them, and with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from souspli_cli import files
from souspli_cli.box import BoxDamaged, Purpose
from souspli_cli.sealed_files import SealedFiles
from souspli_keys import dsse
from souspli_keys.errors import FormatError, StatementError
from souspli_keys.statements import Enrolment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from souspli_cli.account import Account
    from souspli_cli.errors import CliError
    from souspli_keys.dsse import Envelope


class OwnEnrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One own copy of E, and what was made of its answer."""

    version: int = 1
    enrolment_id: str
    record: dict[str, Any]
    confirmed: bool
    """Whether the service acknowledged it."""
    joining_hash: str | None = None
    """Of the answer that verified; no other is taken after it."""
    certificate: dict[str, Any] | None = None
    """Kept before it is posted, so that a repeat posts the same bytes."""

    @property
    def envelope(self) -> Envelope:
        """E, as it was signed here."""
        return self._parsed(self.record)

    @property
    def asked(self) -> Enrolment:
        """What E says. The file is authenticated, so it is not verified again."""
        try:
            return Enrolment.parse(self.envelope.payload)
        except StatementError:
            raise BoxDamaged(_name(self.enrolment_id)) from None

    @property
    def signed(self) -> Envelope | None:
        """The certificate, if it was signed already."""
        return None if self.certificate is None else self._parsed(self.certificate)

    def _parsed(self, tree: dict[str, Any]) -> Envelope:
        try:
            return dsse.parse(tree)
        except FormatError:
            raise BoxDamaged(_name(self.enrolment_id)) from None


@dataclass(frozen=True)
class EnrolmentCopies:
    """Those of one profile."""

    folder: Path
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, account: Account) -> EnrolmentCopies:
        """Give those of an account's profile."""
        return cls(account.profile.book, account.device.unlocker.secret_bytes())

    def all(self) -> Iterator[OwnEnrolment | CliError]:
        """Give all of them, and an error for each that can't be read."""
        return self._files.all("enrolment", Purpose.ENROLMENT, OwnEnrolment)

    def keep(self, own: OwnEnrolment) -> None:
        """Record one durably, in place of what was there."""
        self.change(own.enrolment_id, lambda _there: own)

    def change(
        self, enrolment_id: str, change: Callable[[OwnEnrolment | None], OwnEnrolment]
    ) -> OwnEnrolment:
        """Replace one by what ``change`` makes of it, durably and alone."""
        with files.locked(self.folder / "lock"):
            name = _name(enrolment_id)
            own = change(self._files.read(name, Purpose.ENROLMENT, OwnEnrolment))
            self._files.write(name, Purpose.ENROLMENT, own)
        return own

    def forget(self, enrolment_id: str) -> None:
        """Remove one; nothing happens if there is none."""
        with files.locked(self.folder / "lock"):
            (self.folder / _name(enrolment_id)).unlink(missing_ok=True)
            files.sync_folder(self.folder)

    @property
    def _files(self) -> SealedFiles:
        return SealedFiles(self.folder, self.secret)


def _name(enrolment_id: str) -> str:
    # The id is random and the service knows it: it says nothing.
    return f"enrolment-{enrolment_id}.sealed"
