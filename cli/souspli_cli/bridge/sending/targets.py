"""Whom a document is for, as the ledger keeps it: a box, and a digest to order by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli import box
from souspli_cli.box import Purpose
from souspli_cli.bridge.routing import Target

if TYPE_CHECKING:
    from collections.abc import Mapping


class KeptTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`routing.Target`, as a box holds it."""

    version: int = 1
    patient: str | None
    copies: tuple[str, ...]
    without_ins: bool


def seal_target(secret: bytes, target: Target, *, document_id: str) -> bytes:
    """Seal a target for its document's row."""
    kept: Mapping[str, object] = msgspec.to_builtins(
        KeptTarget(patient=target.patient, copies=target.copies, without_ins=target.without_ins)
    )
    return box.seal(secret, kept, purpose=Purpose.TARGET, place=_place(document_id))


def open_target(secret: bytes, sealed: bytes, *, document_id: str) -> Target:
    """Open the target of a document's row.

    Raises:
        BoxDamaged: It is another row's, or was altered.
    """
    place = _place(document_id)
    tree = box.unseal(secret, sealed, purpose=Purpose.TARGET, place=place)
    try:
        kept = msgspec.convert(tree, KeptTarget)
    except msgspec.ValidationError:
        raise box.BoxDamaged(place) from None
    return Target(kept.patient, kept.copies, kept.without_ins)


def _place(document_id: str) -> str:
    return f"bridge/ledger.sqlite/{document_id}"
