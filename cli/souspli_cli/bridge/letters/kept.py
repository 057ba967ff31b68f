"""Letters on their way: sealed in the profile from before the invitation until printed.

docs/specs/bridge.md §14. The claim code is on the letter and nowhere else, so a letter that
is made after the invitation could be lost between the two. It is kept first, and with it
everything that the service is asked for: the same invitation is posted again, the same
letter written again, whatever was killed when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from souspli_cli import box, files
from souspli_cli.addressbook import Traits
from souspli_cli.box import Purpose
from souspli_cli.bridge.people.known_person import Digester
from souspli_cli.errors import CliError
from souspli_exchange.ids import InvitationId
from souspli_keys import dsse
from souspli_keys.values import decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from souspli_exchange.invitation import NewInvitation
    from souspli_keys.dsse import Envelope

_SUFFIX: Final = ".sealed"


class KeptLetter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A drawn invitation with its letter."""

    version: int = 1
    address: str
    traits: Traits
    invitation: str
    """The invitation's id."""
    envelope: dict[str, Any]
    """R."""
    letter_number: str
    checks: tuple[str, ...]
    not_after: int
    consent: dict[str, Any]
    pdf: str
    """The letter, base64. It holds the claim code."""

    @classmethod
    def of(
        cls,
        drawn: NewInvitation,
        *,
        address: str,
        traits: Traits,
        consent: Envelope,
        printed: bytes,
    ) -> KeptLetter:
        """Keep an invitation that was drawn."""
        return cls(
            address=address,
            traits=traits,
            invitation=drawn.invitation_id,
            envelope=drawn.record.to_json(),
            letter_number=drawn.letter_number,
            checks=tuple(encode_base64(one) for one in drawn.person_checks),
            not_after=drawn.not_after,
            consent=consent.to_json(),
            pdf=encode_base64(printed),
        )

    # As `inviting.publish` takes a new invitation.

    @property
    def invitation_id(self) -> InvitationId:
        """Its id."""
        return InvitationId(self.invitation)

    @property
    def record(self) -> Envelope:
        """R, as it was signed."""
        return dsse.parse(self.envelope)

    @property
    def person_checks(self) -> tuple[bytes, ...]:
        """For the service alone."""
        return tuple(decode_base64(one, length=32) for one in self.checks)

    @property
    def consent_envelope(self) -> Envelope:
        """What the patient told the laboratory, as it was signed."""
        return dsse.parse(self.consent)

    @property
    def printed(self) -> bytes:
        """The letter."""
        return decode_base64(self.pdf)

    def __repr__(self) -> str:
        return "KeptLetter(…)"


@dataclass(frozen=True)
class KeptLetters:
    """Those of one profile, one for an address; used by the one bridge that runs."""

    folder: Path
    secret: bytes = field(repr=False)

    def of(self, address: str) -> KeptLetter | None:
        """Give the one for an address. Raises BoxDamaged, OSError."""
        return self._read(self._name(address))

    def all(self) -> Iterator[KeptLetter | CliError]:
        """Give all, and an error for each that can't be read.

        Raises OSError where it is not one letter that fails.
        """
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            try:
                kept = self._read(path.name)
            except CliError as error:
                yield error
                continue
            except OSError as failure:
                if files.is_of_machine(failure):
                    raise
                yield box.BoxDamaged(_place(path.name))
                continue
            if kept is not None:
                yield kept

    def count(self) -> int:
        """Give how many wait."""
        return sum(1 for _ in self.folder.glob(f"*{_SUFFIX}"))

    def keep(self, kept: KeptLetter) -> None:
        """Keep a letter in place of the one for the same address; durable when this returns."""
        name = self._name(kept.address)
        tree = msgspec.to_builtins(kept)
        sealed = box.seal(self.secret, tree, purpose=Purpose.LETTER, place=_place(name))
        files.write_atomically(self.folder / name, sealed)

    def forget(self, kept: KeptLetter) -> None:
        """Forget a letter that was written, or never is to be."""
        (self.folder / self._name(kept.address)).unlink(missing_ok=True)
        files.sync_folder(self.folder)

    def _read(self, name: str) -> KeptLetter | None:
        try:
            sealed = files.read(self.folder / name, limit=box.MAX_BOX_BYTES)
        except FileNotFoundError:
            return None
        tree = box.unseal(self.secret, sealed, purpose=Purpose.LETTER, place=_place(name))
        if tree.get("version") != 1:
            raise box.BoxVersionUnknown(_place(name))
        try:
            return msgspec.convert(tree, KeptLetter)
        except msgspec.ValidationError:
            raise box.BoxDamaged(_place(name)) from None

    def _name(self, address: str) -> str:
        return f"{Digester.of(self.secret).address(address).hex()}{_SUFFIX}"


def _place(name: str) -> str:
    return f"bridge/letters/{name}"
