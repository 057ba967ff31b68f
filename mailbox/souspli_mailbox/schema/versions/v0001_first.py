"""The first tables: organisations, accounts, invitations, deposits, deliveries, jobs.

A migration never changes once a release has it: databases out there have run it.
What a column is for: `tables.py`, docs/what-is-kept.md.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy import Text as PlainText

revision = "0001"
down_revision = None

Wide = BigInteger().with_variant(Integer(), "sqlite")

# The one change since 0.1.0, which knew no PostgreSQL: there text sorts by code point.
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "accounts",
        Column("account_number", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("identity", LargeBinary, nullable=False),
        CheckConstraint("kind IN ('patient', 'member')", name=op.f("ck_accounts_kind")),
        PrimaryKeyConstraint("account_number", name=op.f("pk_accounts")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_accounts_address"), "accounts", ["address"])
    op.create_index(op.f("ix_accounts_fingerprint"), "accounts", ["fingerprint"])
    op.create_table(
        "condemned_objects",
        Column("object_key", Text, nullable=False),
        Column("condemned_at", Wide, nullable=False),
        PrimaryKeyConstraint("object_key", name=op.f("pk_condemned_objects")),
        sqlite_strict=True,
    )
    op.create_table(
        "jobs",
        Column("job_id", Wide, autoincrement=True, nullable=False),
        Column("job", Text, nullable=False),
        Column("payload", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("run_at", Wide, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("lease", Text),
        Column("lease_until", Wide),
        Column("created_at", Wide, nullable=False),
        Column("failure", Text),
        CheckConstraint("state IN ('waiting', 'dead')", name=op.f("ck_jobs_state")),
        PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_jobs_due", "jobs", ["state", "run_at", "job_id"])
    op.create_table(
        "nonces",
        Column("nonce_hash", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("expires_at", Wide, nullable=False),
        CheckConstraint("purpose IN ('sign-in', 'claim')", name=op.f("ck_nonces_purpose")),
        PrimaryKeyConstraint("nonce_hash", name=op.f("pk_nonces")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_nonces_expires_at"), "nonces", ["expires_at"])
    op.create_table(
        "notifications",
        Column("recipient", Text, nullable=False),
        Column("mailed_at", Wide),
        Column("sending_until", Wide),
        PrimaryKeyConstraint("recipient", name=op.f("pk_notifications")),
        sqlite_strict=True,
    )
    op.create_table(
        "organisations",
        Column("fingerprint", Text, nullable=False),
        Column("statement_hash", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        PrimaryKeyConstraint("fingerprint", name=op.f("pk_organisations")),
        sqlite_strict=True,
    )
    op.create_table(
        "service_secrets",
        Column("purpose", Text, nullable=False),
        Column("value", LargeBinary, nullable=False),
        PrimaryKeyConstraint("purpose", name=op.f("pk_service_secrets")),
        sqlite_strict=True,
    )
    op.create_table(
        "throttles",
        Column("throttle_key", Text, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("window_started_at", Wide, nullable=False),
        Column("blocked_until", Wide, nullable=False),
        Column("expires_at", Wide, nullable=False),
        PrimaryKeyConstraint("throttle_key", name=op.f("pk_throttles")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_throttles_expires_at"), "throttles", ["expires_at"])
    op.create_table(
        "admission_codes",
        Column("code_hash", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("expires_at", Wide, nullable=False),
        Column("used_at", Wide),
        Column("request_hash", Text),
        Column("account_number", Text),
        ForeignKeyConstraint(
            ["account_number"],
            ["accounts.account_number"],
            name=op.f("fk_admission_codes_account_number"),
        ),
        PrimaryKeyConstraint("code_hash", name=op.f("pk_admission_codes")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_admission_codes_expires_at"), "admission_codes", ["expires_at"])
    op.create_table(
        "members",
        Column("fingerprint", Text, nullable=False),
        Column("organisation", Text, nullable=False),
        Column("account_number", Text, nullable=False),
        Column("statement_hash", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_members_account_number")
        ),
        ForeignKeyConstraint(
            ["organisation"], ["organisations.fingerprint"], name=op.f("fk_members_organisation")
        ),
        PrimaryKeyConstraint("fingerprint", name=op.f("pk_members")),
        UniqueConstraint("account_number", name=op.f("uq_members_account_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "unlockers",
        Column("unlocker_id", Text, nullable=False),
        Column("account_number", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("login_public_key", LargeBinary, nullable=False),
        Column("wrapped_vault_key", LargeBinary, nullable=False),
        CheckConstraint("kind IN ('password', 'device')", name=op.f("ck_unlockers_kind")),
        ForeignKeyConstraint(
            ["account_number"],
            ["accounts.account_number"],
            name=op.f("fk_unlockers_account_number"),
        ),
        PrimaryKeyConstraint("unlocker_id", name=op.f("pk_unlockers")),
        UniqueConstraint("login_public_key", name=op.f("uq_unlockers_login_public_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_unlockers_account_number"), "unlockers", ["account_number"])
    op.create_table(
        "vaults",
        Column("account_number", Text, nullable=False),
        Column("generation", Wide, nullable=False),
        Column("saved_at", Wide, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_vaults_account_number")
        ),
        PrimaryKeyConstraint("account_number", name=op.f("pk_vaults")),
        sqlite_strict=True,
    )
    op.create_table(
        "deposits",
        Column("deposit_id", Wide, autoincrement=True, nullable=False),
        Column("organisation", Text, nullable=False),
        Column("document_id", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("object_key", Text, nullable=False),
        Column("sealed_length", Wide, nullable=False),
        Column("segments", Integer, nullable=False),
        Column("opened_at", Wide, nullable=False),
        Column("stored_at", Wide),
        Column("request_hash", Text),
        CheckConstraint(
            "(state = 'stored') = (stored_at IS NOT NULL)", name=op.f("ck_deposits_stored")
        ),
        CheckConstraint("state IN ('uploading', 'stored')", name=op.f("ck_deposits_state")),
        ForeignKeyConstraint(["member"], ["members.fingerprint"], name=op.f("fk_deposits_member")),
        ForeignKeyConstraint(
            ["organisation"], ["organisations.fingerprint"], name=op.f("fk_deposits_organisation")
        ),
        PrimaryKeyConstraint("deposit_id", name=op.f("pk_deposits")),
        UniqueConstraint("object_key", name=op.f("uq_deposits_object_key")),
        UniqueConstraint("organisation", "document_id", name=op.f("uq_deposits_organisation")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_deposits_sent",
        "deposits",
        ["member", literal_column("stored_at DESC"), literal_column("document_id DESC")],
    )
    op.create_index(
        "ix_deposits_stale",
        "deposits",
        ["opened_at"],
        sqlite_where=text("state = 'uploading'"),
        postgresql_where=text("state = 'uploading'"),
    )
    op.create_table(
        "invitations",
        Column("invitation_id", Text, nullable=False),
        Column("organisation", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("letter_number", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("address", Text),
        Column("record_hash", Text, nullable=False),
        Column("claim_fingerprint", Text, nullable=False),
        Column("claim_login_key", LargeBinary, nullable=False),
        Column("not_before", Wide, nullable=False),
        Column("not_after", Wide, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("supersedes", Text),
        Column("superseded_by", Text),
        Column("claimed_at", Wide),
        Column("account_number", Text),
        Column("mails_window_at", Wide, nullable=False),
        Column("mails", Integer, nullable=False),
        Column("person_window_at", Wide, nullable=False),
        Column("person_tries", Integer, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        CheckConstraint(
            "(status = 'claimed') = (account_number IS NOT NULL)",
            name=op.f("ck_invitations_claimed"),
        ),
        CheckConstraint(
            "status IN ('pending', 'claimed', 'superseded', 'expired')",
            name=op.f("ck_invitations_status"),
        ),
        ForeignKeyConstraint(
            ["account_number"],
            ["accounts.account_number"],
            name=op.f("fk_invitations_account_number"),
        ),
        ForeignKeyConstraint(
            ["member"], ["members.fingerprint"], name=op.f("fk_invitations_member")
        ),
        ForeignKeyConstraint(
            ["organisation"],
            ["organisations.fingerprint"],
            name=op.f("fk_invitations_organisation"),
        ),
        ForeignKeyConstraint(
            ["superseded_by"],
            ["invitations.invitation_id"],
            name=op.f("fk_invitations_superseded_by"),
        ),
        ForeignKeyConstraint(
            ["supersedes"], ["invitations.invitation_id"], name=op.f("fk_invitations_supersedes")
        ),
        PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitations")),
        UniqueConstraint("letter_number", name=op.f("uq_invitations_letter_number")),
        UniqueConstraint("supersedes", name=op.f("uq_invitations_supersedes")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_invitations_account_number"), "invitations", ["account_number"])
    op.create_index(
        "ix_invitations_lookup",
        "invitations",
        ["organisation", "address", literal_column("created_at DESC")],
    )
    op.create_index(
        "uq_invitations_pending",
        "invitations",
        ["organisation", "address"],
        unique=True,
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    )
    op.create_table(
        "sessions",
        Column("token_hash", Text, nullable=False),
        Column("account_number", Text, nullable=False),
        Column("unlocker_id", Text, nullable=False),
        Column("client", Text, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("last_seen_at", Wide, nullable=False),
        Column("expires_at", Wide, nullable=False),
        CheckConstraint("client IN ('browser', 'program')", name=op.f("ck_sessions_client")),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_sessions_account_number")
        ),
        ForeignKeyConstraint(
            ["unlocker_id"], ["unlockers.unlocker_id"], name=op.f("fk_sessions_unlocker_id")
        ),
        PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sessions_account_number"), "sessions", ["account_number"])
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_table(
        "attestations",
        Column("statement_hash", Text, nullable=False),
        Column("invitation_id", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.invitation_id"],
            name=op.f("fk_attestations_invitation_id"),
        ),
        ForeignKeyConstraint(
            ["member"], ["members.fingerprint"], name=op.f("fk_attestations_member")
        ),
        PrimaryKeyConstraint("statement_hash", name=op.f("pk_attestations")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_attestations_invitation_id"), "attestations", ["invitation_id"])
    op.create_table(
        "bindings",
        Column("invitation_id", Text, nullable=False),
        Column("binding_hash", Text, nullable=False),
        Column("account_number", Text, nullable=False),
        Column("bound_at", Wide, nullable=False),
        Column("by_claim", LargeBinary, nullable=False),
        Column("by_identity", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["account_number"], ["accounts.account_number"], name=op.f("fk_bindings_account_number")
        ),
        ForeignKeyConstraint(
            ["invitation_id"], ["invitations.invitation_id"], name=op.f("fk_bindings_invitation_id")
        ),
        PrimaryKeyConstraint("invitation_id", name=op.f("pk_bindings")),
        sqlite_strict=True,
    )
    op.create_table(
        "claim_sessions",
        Column("token_hash", Text, nullable=False),
        Column("claim_session_id", Text, nullable=False),
        Column("invitation_id", Text, nullable=False),
        Column("client", Text, nullable=False),
        Column("gates_passed", Integer, nullable=False),
        Column("created_at", Wide, nullable=False),
        Column("expires_at", Wide, nullable=False),
        Column("code_counter", Integer, nullable=False),
        Column("code_expires_at", Wide),
        Column("code_tries", Integer, nullable=False),
        CheckConstraint("client IN ('browser', 'program')", name=op.f("ck_claim_sessions_client")),
        CheckConstraint(
            "gates_passed BETWEEN 1 AND 3", name=op.f("ck_claim_sessions_gates_passed")
        ),
        ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.invitation_id"],
            name=op.f("fk_claim_sessions_invitation_id"),
        ),
        PrimaryKeyConstraint("token_hash", name=op.f("pk_claim_sessions")),
        UniqueConstraint("claim_session_id", name=op.f("uq_claim_sessions_claim_session_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_claim_sessions_expires_at"), "claim_sessions", ["expires_at"])
    op.create_index(op.f("ix_claim_sessions_invitation_id"), "claim_sessions", ["invitation_id"])
    op.create_table(
        "deliveries",
        Column("delivery_id", Text, nullable=False),
        Column("deposit_id", Wide, nullable=False),
        Column("invitation_id", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("account_number", Text),
        Column("state", Text, nullable=False),
        Column("stored_at", Wide, nullable=False),
        Column("notified_at", Wide),
        Column("bounced_at", Wide),
        Column("fetched_at", Wide),
        Column("opened_at", Wide),
        Column("cover_hash", Text, nullable=False),
        CheckConstraint(
            "state IN ('stored', 'notified', 'bounced', 'fetched', 'opened', "
            "'withdrawn', 'expired')",
            name=op.f("ck_deliveries_state"),
        ),
        ForeignKeyConstraint(
            ["account_number"],
            ["accounts.account_number"],
            name=op.f("fk_deliveries_account_number"),
        ),
        ForeignKeyConstraint(
            ["deposit_id"], ["deposits.deposit_id"], name=op.f("fk_deliveries_deposit_id")
        ),
        ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.invitation_id"],
            name=op.f("fk_deliveries_invitation_id"),
        ),
        PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        UniqueConstraint("deposit_id", "invitation_id", name="uq_deliveries_invitation_id"),
        UniqueConstraint("deposit_id", "position", name=op.f("uq_deliveries_deposit_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_deliveries_invitation_id"), "deliveries", ["invitation_id"])
    op.create_index(
        "ix_deliveries_mailbox",
        "deliveries",
        ["account_number", literal_column("stored_at DESC"), literal_column("delivery_id DESC")],
    )
    op.create_table(
        "person_checks",
        Column("invitation_id", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("person_check", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.invitation_id"],
            name=op.f("fk_person_checks_invitation_id"),
        ),
        PrimaryKeyConstraint("invitation_id", "position", name=op.f("pk_person_checks")),
        sqlite_strict=True,
    )
    op.create_table(
        "sender_covers",
        Column("deposit_id", Wide, nullable=False),
        Column("cover_hash", Text, nullable=False),
        Column("cover", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["deposit_id"], ["deposits.deposit_id"], name=op.f("fk_sender_covers_deposit_id")
        ),
        PrimaryKeyConstraint("deposit_id", name=op.f("pk_sender_covers")),
        sqlite_strict=True,
    )
    op.create_table(
        "covers",
        Column("delivery_id", Text, nullable=False),
        Column("cover", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.delivery_id"], name=op.f("fk_covers_delivery_id")
        ),
        PrimaryKeyConstraint("delivery_id", name=op.f("pk_covers")),
        sqlite_strict=True,
    )
    op.create_table(
        "receipts",
        Column("delivery_id", Text, nullable=False),
        Column("kept_at", Wide, nullable=False),
        Column("envelope", LargeBinary, nullable=False),
        ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.delivery_id"], name=op.f("fk_receipts_delivery_id")
        ),
        PrimaryKeyConstraint("delivery_id", name=op.f("pk_receipts")),
        sqlite_strict=True,
    )
