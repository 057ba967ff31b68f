"""The sealed files of a profile's ``book`` folder: one value each, with its version.

A file is a box (``box``) whose place is its name in the folder. Who changes one under
what others may have written meanwhile holds the folder's lock (``files.locked``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec

from souspli_cli import box, files
from souspli_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from souspli_cli.box import Purpose

# The only one of every kind so far; each struct has it as its field `version`.
_VERSION = 1

_Value = TypeVar("_Value", bound=msgspec.Struct)


@dataclass(frozen=True)
class SealedFiles:
    """Those of one folder, readable with the device's secret."""

    folder: Path
    secret: bytes = field(repr=False)

    def read(self, name: str, purpose: Purpose, kind: type[_Value]) -> _Value | None:
        """Give the value of a file, or None if there is no such file.

        Raises:
            BoxVersionUnknown: Another version of Souspli wrote it.
            BoxDamaged: It is not what was written there.
        """
        try:
            sealed = files.read(self.folder / name, limit=box.MAX_BOX_BYTES)
        except FileNotFoundError:
            return None
        place = _place(name)
        tree = box.unseal(self.secret, sealed, purpose=purpose, place=place)
        if tree.get("version") != _VERSION:
            raise box.BoxVersionUnknown(place)
        try:
            return msgspec.convert(tree, kind)
        except msgspec.ValidationError:
            # Not chained: the cause could carry what was opened.
            raise box.BoxDamaged(place) from None

    def write(self, name: str, purpose: Purpose, value: msgspec.Struct) -> None:
        """Put the value in the file's place: durable when this returns."""
        tree = msgspec.to_builtins(value)
        sealed = box.seal(self.secret, tree, purpose=purpose, place=_place(name))
        files.write_atomically(self.folder / name, sealed)

    def all(self, prefix: str, purpose: Purpose, kind: type[_Value]) -> Iterator[_Value | CliError]:
        """Give the values of ``<prefix>-….sealed``, and an error for each that can't be read.

        Raises OSError where it is not one file that fails.
        """
        for path in sorted(self.folder.glob(f"{prefix}-*.sealed")):
            try:
                value = self.read(path.name, purpose, kind)
            except CliError as error:
                yield error
                continue
            except OSError as failure:
                if files.is_of_machine(failure):
                    raise
                yield box.BoxDamaged(_place(path.name))
                continue
            if value is not None:
                yield value


def _place(name: str) -> str:
    return f"book/{name}"
