"""Which tables are in a backup, and what of their rows does not come back.

Every table of the schema is named here; a test compares. One that is new has to be
thought about: does it let somebody in who has left, or say of work under way that it is?
"""

from __future__ import annotations

from typing import Final

from souspli_storage.dump import Row

KEPT: Final = frozenset(
    {
        "organisations",
        # Counts of rows that are kept as well.
        "organisation_usage",
        "accounts",
        "members",
        "unlockers",
        "vaults",
        "admission_codes",
        # Among them the key of the tombstones, without which nobody recognises any.
        "service_secrets",
        "service_facts",
        "invitations",
        "person_checks",
        "bindings",
        "attestations",
        # What was said since is lost here and remembered by whoever has seen it: a client
        # goes on from its own copy (records/consents.py).
        "consents",
        "choices",
        "acceptances",
        # With the account that it is about, which a restore without it would open again.
        "closings",
        # Else terms that were announced would have to be announced for 30 days again.
        "terms_seen",
        "deposits",
        "withdrawals",
        "sender_covers",
        "deliveries",
        "covers",
        "receipts",
        "purges",
        "notifications",
        "jobs",
        "condemned_objects",
    }
)

LEFT_OUT: Final = frozenset(
    {
        # Who signed out since, or was signed out, stays out; everybody signs in again.
        "sessions",
        "claim_sessions",
        # Each is good for once: it would be good for twice.
        "nonces",
        # A code that was replaced since would be good again; who waits asks for a new one.
        "enrolments",
        # Delays of a minute to an hour, about moments that are past.
        "throttles",
    }
)


def as_restored(table: str, row: Row) -> Row:
    """Return a row as it comes back: nobody works at anything."""
    match table:
        case "jobs":
            # A lease moves `run_at` to its end; whose job it was can't say so any more.
            run_at = row["run_at"] if row["lease"] is None else row["created_at"]
            return {**row, "lease": None, "lease_until": None, "run_at": run_at}
        case "notifications":
            return {**row, "sending_until": None}
        case _:
            return row
