"""What a person tells the bridge about its address book: `bridge/routes.sealed`.

Who is a practitioner, so that copies may go there; and whose INS is which, where the
laboratory knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from souspli_cli import box, files
from souspli_cli.box import Purpose
from souspli_cli.errors import Refused
from souspli_exchange.patterns import INS_MATRICULE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PLACE: Final = "bridge/routes.sealed"
# A box holds 1 MiB; an address takes 60 bytes of it.
MOST_PRACTITIONERS: Final = 2_000
MOST_INS: Final = 8_000


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it; canonical addresses."""

    version: int = 1
    practitioners: tuple[str, ...] = ()
    ins: tuple[tuple[str, str], ...] = ()
    """Matricule and the patient's address."""


@dataclass(frozen=True)
class RoutesFile:
    """The file in its folder, readable with the device's secret."""

    path: Path
    secret: bytes

    def __repr__(self) -> str:
        return "RoutesFile(…)"

    def read(self) -> Routes:
        """Give what was told; nothing if there is no file.

        Raises:
            BoxDamaged: It is not what was written there.
        """
        try:
            sealed = files.read(self.path, limit=box.MAX_BOX_BYTES)
        except FileNotFoundError:
            return Routes()
        tree = box.unseal(self.secret, sealed, purpose=Purpose.ROUTES, place=_PLACE)
        if tree.get("version") != 1:
            raise box.BoxVersionUnknown(_PLACE)
        try:
            return msgspec.convert(tree, Routes)
        except msgspec.ValidationError:
            raise box.BoxDamaged(_PLACE) from None

    def add_practitioner(self, address: str) -> None:
        """List an address as a practitioner's; once is enough."""

        def change(routes: Routes) -> Routes:
            kept = tuple(sorted({*routes.practitioners, address}))
            return msgspec.structs.replace(routes, practitioners=kept)

        self._change(change)

    def add_ins(self, matricule: str, address: str) -> None:
        """Note a patient's INS; another one of theirs is replaced.

        Raises:
            Refused: It is no matricule.
        """
        matricule = "".join(matricule.split()).upper()
        if not INS_MATRICULE.fullmatch(matricule):
            raise Refused("bridge_ins_not_understood")

        def change(routes: Routes) -> Routes:
            others = tuple(pair for pair in routes.ins if address != pair[1])
            return msgspec.structs.replace(routes, ins=(*others, (matricule, address)))

        self._change(change)

    def remove(self, address: str) -> None:
        """Forget all about an address."""

        def change(routes: Routes) -> Routes:
            return Routes(
                practitioners=tuple(one for one in routes.practitioners if one != address),
                ins=tuple(pair for pair in routes.ins if pair[1] != address),
            )

        self._change(change)

    def _change(self, change: Callable[[Routes], Routes]) -> None:
        with files.locked(self.path.with_name("lock-routes")):
            changed = change(self.read())
            if len(changed.practitioners) > MOST_PRACTITIONERS or len(changed.ins) > MOST_INS:
                raise Refused("bridge_routes_many")
            tree = msgspec.to_builtins(changed)
            sealed = box.seal(self.secret, tree, purpose=Purpose.ROUTES, place=_PLACE)
            files.write_atomically(self.path, sealed)
