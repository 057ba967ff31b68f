"""How a message says that its patient is reached: one e-mail address, one telephone.

docs/specs/intake.md §2. Used only where the laboratory lets the bridge invite whom a message
names; where a message gives two addresses nobody knows which one is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli.intake.addresses import mail_address
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError, PhoneError
from souspli_keys.phone import normalise_phone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souspli_cli.intake.delimited import Part


def one_address(values: Iterable[str | None]) -> str | None:
    """Return the one e-mail address among these, canonical; None for none or several."""
    found: set[str] = set()
    for value in values:
        address = mail_address(value)
        if address is not None:
            try:
                found.add(normalise_address(address))
            except AddressError:
                continue
    return found.pop() if len(found) == 1 else None


def one_phone(values: Iterable[str | None]) -> str | None:
    """Return the one number with its country's code among these; None for none or several."""
    found: set[str] = set()
    for value in values:
        number = (value or "").strip().removeprefix("tel:")
        try:
            found.add(normalise_phone(number))
        except PhoneError:
            continue
    return found.pop() if len(found) == 1 else None


def contact_of_pid(pid: Part) -> tuple[str | None, str | None]:
    """Return the address and the mobile of PID-13 and PID-14 (XTN)."""
    telecoms = [part for number in (13, 14) for part in pid.field(number).repetitions()]
    mobiles = [part for part in telecoms if (part.component(3).clean or "").upper() == "CP"]
    return (
        one_address(part.component(4).clean for part in telecoms),
        one_phone(
            number
            for part in mobiles
            for number in (part.component(12).clean or part.component(1).clean,)
        ),
    )
