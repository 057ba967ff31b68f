"""From a letter to an account, and what colleagues attest about it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

claim_sessions = Table(
    "claim_sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    # Named by jobs, which must not hold what finds a session.
    Column("claim_session_id", Text, nullable=False, unique=True),
    Column(
        "invitation_id", Text, ForeignKey("invitations.invitation_id"), nullable=False, index=True
    ),
    Column("client", Text, nullable=False),
    Column("gates_passed", Integer, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("expires_at", Wide, nullable=False, index=True),
    # The code itself rests nowhere: it is recomputed from the counter
    # (onetime.py).
    Column("code_counter", Integer, nullable=False),
    Column("code_expires_at", Wide),
    Column("code_tries", Integer, nullable=False),
    one_of("client", "browser", "program"),
    CheckConstraint("gates_passed BETWEEN 1 AND 3", name="gates_passed"),
    sqlite_strict=True,
)

bindings = Table(
    "bindings",
    metadata,
    Column("invitation_id", Text, ForeignKey("invitations.invitation_id"), primary_key=True),
    Column("binding_hash", Text, nullable=False),
    Column("account_number", Text, ForeignKey("accounts.account_number"), nullable=False),
    Column("bound_at", Wide, nullable=False),
    Column("by_claim", LargeBinary, nullable=False),
    Column("by_identity", LargeBinary, nullable=False),
    sqlite_strict=True,
)

attestations = Table(
    "attestations",
    metadata,
    Column("statement_hash", Text, primary_key=True),
    Column(
        "invitation_id", Text, ForeignKey("invitations.invitation_id"), nullable=False, index=True
    ),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)
