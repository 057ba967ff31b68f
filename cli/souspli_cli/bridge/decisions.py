"""What a person decided about a document in quarantine, in the ledger.

docs/specs/bridge.md §12. Units of work, as in `ledger`. Each asks that the document be in
quarantine at that moment: of two who decide at once, one is first.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, update

from souspli_cli.bridge import ledger
from souspli_cli.bridge.ledger_rows import QUARANTINE, State
from souspli_cli.bridge.reasons import MAYBE_SENT
from souspli_cli.bridge.schema import documents

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Decision:
    """What a person decided: whose a document is."""

    target: bytes
    lane: bytes
    by: str


def assign(connection: Connection, document_id: str, decision: Decision, *, now: int) -> bool:
    """Record whose a document is by a person's decision; False if it is not in quarantine."""
    changed = ledger.send_anew(
        connection,
        and_(documents.c.document_id == document_id, documents.c.state.in_(QUARANTINE)),
        now=now,
        target=decision.target,
        lane=decision.lane,
        decided_by=decision.by,
        decided_at=now,
    )
    return changed > 0


def reject(
    connection: Connection, document_id: str, *, by: str, now: int, may_have_left: bool = False
) -> bool:
    """Record that a person decided not to send a document; False if it is not in quarantine.

    `may_have_left`: the service may have it, which whatever takes it back later has to know.
    """
    reason = {"reason": MAYBE_SENT} if may_have_left else {}
    changed = connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id, documents.c.state.in_(QUARANTINE))
        .values(state=State.REJECTED, changed_at=now, decided_by=by, decided_at=now, **reason)
    )
    return changed.rowcount > 0


def who() -> str:
    """Give the name of the user who runs this, as the machine knows them."""
    uid = os.getuid()  # not the environment, which says what it is told to
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
