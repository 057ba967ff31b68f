"""Writes the database of a release as SQL, once, when the release is made.

    PYTHONPATH=tests python -m simulation.old_database VERSION

What it writes is never written again: later versions must open it.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from simulation.rows import NOW, Rows, new_binding
from souspli_mailbox.records import deliveries, invitations
from souspli_mailbox.schema import MIGRATIONS
from souspli_storage.sqlite import SqliteDatabase

FOLDER = Path(__file__).parents[1] / "mailbox" / "databases"


def write(version: str) -> None:
    """Write a practice with one patient who has opened a document and one still invited."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mailbox.sqlite")
        with SqliteDatabase(path) as database:
            database.upgrade(migrations=MIGRATIONS)
            facts = _fill(Rows(database))
        connection = sqlite3.connect(path)
        script = "\n".join(connection.iterdump())
        connection.close()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{version}.sql").write_text(script + "\n", encoding="utf-8")
    facts_text = json.dumps(facts, indent=2, sort_keys=True)
    (FOLDER / f"{version}.json").write_text(facts_text + "\n", encoding="utf-8")


def _fill(rows: Rows) -> dict[str, str]:
    practice = rows.admit()
    claimed, pending = rows.invite(practice), rows.invite(practice, "waiting@example.org")
    account = rows.claim(claimed)
    made = rows.deliver(
        practice,
        (claimed.invitation_id, account.fingerprint),
        (pending.invitation_id, pending.claim_fingerprint),
    )
    rows.database.write_now(
        deliveries.keep_receipt,
        delivery_id=made[0].delivery_id,
        receipt=b"receipt",
        now=NOW + 60,
    )
    rows.database.write_now(
        invitations.keep_attestation,
        statement_hash=new_binding().binding_hash,
        invitation_id=claimed.invitation_id,
        member=practice.member.fingerprint,
        envelope=b"attestation",
        now=NOW + 60,
    )
    return {
        "account": account.account_number,
        "member": practice.member.fingerprint,
        "claimed": claimed.invitation_id,
        "pending": pending.invitation_id,
        "opened_delivery": made[0].delivery_id,
        "waiting_delivery": made[1].delivery_id,
    }


if __name__ == "__main__":
    write(sys.argv[1])
