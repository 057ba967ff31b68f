"""Every table of the service, as SQLAlchemy Core.

What each column is for and how long it stays is published in
`docs/what-is-kept.md`; a test compares the two, so that a column for a name, a
title or a kind of document can't slip in.

Conventions
-----------
Hashes, fingerprints, salts and ids are lower-case hexadecimal text; keys and
ciphertext are bytes; moments are integers, seconds since 1970. `envelope`
columns hold a signed envelope as JSON text (docs/specs/encoding.md §4).
Tables are STRICT: SQLite otherwise keeps text in an integer column silently.

Large values (covers) have tables of their own, because SQLite rewrites a whole
row, overflow pages included, when a state in it changes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy import Text as PlainText

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# 64 bits everywhere: a 32-bit moment would end in 2038. SQLite's STRICT tables
# know only the word INTEGER, which is 64 bits there.
Wide = BigInteger().with_variant(Integer(), "sqlite")

# By code point everywhere: pages are then in the same order on both databases, and
# PostgreSQL's indexes don't break when the machine's language tables are renewed.
Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")

# Deliveries of which no mail has told (records/notifications.py). Written out in
# queries as it is here: a parameter would keep SQLite from using the partial indexes.
IS_UNTOLD: Final = text("state IN ('stored', 'bounced')")
IS_PENDING: Final = text("status = 'pending'")
IS_UNANSWERED: Final = text("status IN ('pending', 'expired') AND address IS NOT NULL")
IS_ON_PAPER: Final = text("paper_since IS NOT NULL")
IS_UNENDED: Final = text("told_at IS NOT NULL AND ended_at IS NULL")
IS_UPLOADING: Final = text("state = 'uploading'")


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# --- who ---------------------------------------------------------------------

organisations = Table(
    "organisations",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("statement_hash", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False, index=True),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("created_at", Wide, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    # For text messages, if the practice gave one (docs/specs/mails.md §8).
    Column("phone", Text),
    _one_of("kind", "patient", "member"),
    sqlite_strict=True,
)

members = Table(
    "members",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column(
        "account_number", Text, ForeignKey("accounts.account_number"), nullable=False, unique=True
    ),
    Column("statement_hash", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

unlockers = Table(
    "unlockers",
    metadata,
    Column("unlocker_id", Text, primary_key=True),
    Column(
        "account_number", Text, ForeignKey("accounts.account_number"), nullable=False, index=True
    ),
    Column("kind", Text, nullable=False),
    Column("login_public_key", LargeBinary, nullable=False, unique=True),
    Column("wrapped_vault_key", LargeBinary, nullable=False),
    _one_of("kind", "password", "device"),
    sqlite_strict=True,
)

vaults = Table(
    "vaults",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("generation", Wide, nullable=False),
    Column("saved_at", Wide, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# --- getting in ----------------------------------------------------------------

admission_codes = Table(
    "admission_codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("created_at", Wide, nullable=False),
    Column("expires_at", Wide, nullable=False, index=True),
    Column("used_at", Wide),
    # The hash of the request that used it and the answer it got: a repeat of
    # the very same request is answered again, any other is refused.
    Column("request_hash", Text),
    Column("account_number", Text, ForeignKey("accounts.account_number")),
    sqlite_strict=True,
)

nonces = Table(
    "nonces",
    metadata,
    Column("nonce_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("expires_at", Wide, nullable=False, index=True),
    _one_of("purpose", "sign-in", "claim"),
    sqlite_strict=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column(
        "account_number", Text, ForeignKey("accounts.account_number"), nullable=False, index=True
    ),
    Column("unlocker_id", Text, ForeignKey("unlockers.unlocker_id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("created_at", Wide, nullable=False),
    Column("last_seen_at", Wide, nullable=False),
    Column("expires_at", Wide, nullable=False, index=True),
    _one_of("client", "browser", "program"),
    sqlite_strict=True,
)

throttles = Table(
    "throttles",
    metadata,
    Column("throttle_key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("window_started_at", Wide, nullable=False),
    Column("blocked_until", Wide, nullable=False),
    # Not before this may the row be swept: the later of window end and block.
    Column("expires_at", Wide, nullable=False, index=True),
    sqlite_strict=True,
)

service_secrets = Table(
    "service_secrets",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    sqlite_strict=True,
)

service_facts = Table(
    "service_facts",
    metadata,
    Column("fact", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)

# --- invitations and claims ------------------------------------------------------

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("letter_number", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    # Forgotten (NULL) when superseded: the successor has its own.
    Column("address", Text),
    # The same holds for it. For text messages, if the practice gave one.
    Column("phone", Text),
    Column("record_hash", Text, nullable=False),
    Column("claim_fingerprint", Text, nullable=False),
    Column("claim_login_key", LargeBinary, nullable=False),
    Column("not_before", Wide, nullable=False),
    Column("not_after", Wide, nullable=False),
    Column("created_at", Wide, nullable=False),
    # A re-issue draws a successor; two successors of one invitation would
    # leave a delivery with two places to go, hence unique.
    Column("supersedes", Text, ForeignKey("invitations.invitation_id"), unique=True),
    Column("superseded_by", Text, ForeignKey("invitations.invitation_id")),
    Column("claimed_at", Wide),
    Column("account_number", Text, ForeignKey("accounts.account_number"), index=True),
    # Derived from consents and choices (records/consents.py): deposits are refused by it.
    Column("paper_since", Wide),
    # One-time codes mailed and persons tried in the window that began then.
    Column("mails_window_at", Wide, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("person_window_at", Wide, nullable=False),
    Column("person_tries", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    _one_of("status", "pending", "claimed", "superseded", "expired"),
    CheckConstraint("(status = 'claimed') = (account_number IS NOT NULL)", name="claimed"),
    sqlite_strict=True,
)
Index(
    "ix_invitations_lookup",
    invitations.c.organisation,
    invitations.c.address,
    invitations.c.created_at.desc(),
)
# At most one invitation of an organisation waits for one address: two letters
# for one person would be two claims, of which a sender can trust neither.
Index(
    "uq_invitations_pending",
    invitations.c.organisation,
    invitations.c.address,
    unique=True,
    sqlite_where=IS_PENDING,
    postgresql_where=IS_PENDING,
)
# Few of an organisation's: who went back to paper, whom its members ask for every day.
Index(
    "ix_invitations_paper",
    invitations.c.organisation,
    invitations.c.paper_since,
    invitations.c.invitation_id,
    sqlite_where=IS_ON_PAPER,
    postgresql_where=IS_ON_PAPER,
)
# What the clock has ended is found without reading the others: an organisation's, when it
# invites somebody, and everybody's, to purge them. An expired one may be purged as well.
Index(
    "ix_invitations_unanswered",
    invitations.c.not_after,
    invitations.c.invitation_id,
    sqlite_where=IS_UNANSWERED,
    postgresql_where=IS_UNANSWERED,
)
Index(
    "ix_invitations_ending",
    invitations.c.organisation,
    invitations.c.not_after,
    sqlite_where=IS_PENDING,
    postgresql_where=IS_PENDING,
)

person_checks = Table(
    "person_checks",
    metadata,
    Column("invitation_id", Text, ForeignKey("invitations.invitation_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("person_check", LargeBinary, nullable=False),
    sqlite_strict=True,
)

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
    _one_of("client", "browser", "program"),
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

# --- consent and terms -----------------------------------------------------------------

# One line of statements for each patient of an organisation; no row is ever changed.
consents = Table(
    "consents",
    metadata,
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    # The first invitation of the patient's line.
    Column("subject", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("way", Text, nullable=False),
    Column("issued_at", Wide, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

choices = Table(
    "choices",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("issued_at", Wide, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("statement_hash", Text, nullable=False),
    Column("terms_version", Text, nullable=False),
    Column("terms_hash", Text, nullable=False),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# Since when a version of the terms is known: thirty days before it may be in force.
terms_seen = Table(
    "terms_seen",
    metadata,
    Column("version", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("terms_hash", Text, nullable=False),
    Column("in_force_from", Wide, nullable=False),
    Column("seen_at", Wide, nullable=False),
    sqlite_strict=True,
)

# --- deposits and deliveries -------------------------------------------------------

deposits = Table(
    "deposits",
    metadata,
    Column("deposit_id", Wide, primary_key=True, autoincrement=True),
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), nullable=False),
    Column("document_id", Text, nullable=False),
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("state", Text, nullable=False),
    Column("object_key", Text, nullable=False, unique=True),
    Column("sealed_length", Wide, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("opened_at", Wide, nullable=False),
    Column("stored_at", Wide),
    # Of the completing request: a repeat with other bytes is refused.
    Column("request_hash", Text),
    # Since when nobody is left whom the contents wait for: they are condemned.
    Column("emptied_at", Wide),
    _one_of("state", "uploading", "stored"),
    CheckConstraint("(state = 'stored') = (stored_at IS NOT NULL)", name="stored"),
    UniqueConstraint("organisation", "document_id"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
Index(
    "ix_deposits_sent",
    deposits.c.member,
    deposits.c.stored_at.desc(),
    deposits.c.document_id.desc(),
)
Index(
    "ix_deposits_stale",
    deposits.c.opened_at,
    sqlite_where=IS_UPLOADING,
    postgresql_where=IS_UPLOADING,
)

sender_covers = Table(
    "sender_covers",
    metadata,
    Column("deposit_id", Wide, ForeignKey("deposits.deposit_id"), primary_key=True),
    Column("cover_hash", Text, nullable=False),
    Column("cover", LargeBinary, nullable=False),
    sqlite_strict=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("deposit_id", Wide, ForeignKey("deposits.deposit_id"), nullable=False),
    Column(
        "invitation_id", Text, ForeignKey("invitations.invitation_id"), nullable=False, index=True
    ),
    # Of its cover in the completing request, whose answer keeps that order.
    Column("position", Integer, nullable=False),
    # NULL while it waits for the invitation's claim identity.
    Column("account_number", Text, ForeignKey("accounts.account_number")),
    Column("state", Text, nullable=False),
    Column("stored_at", Wide, nullable=False),
    Column("notified_at", Wide),
    Column("bounced_at", Wide),
    Column("fetched_at", Wide),
    Column("opened_at", Wide),
    Column("withdrawn_at", Wide),
    Column("expired_at", Wide),
    # A fixed word: no text of a relay, which quotes addresses.
    Column("bounce_reason", Text),
    # When to see whether a reminder is due; NULL after the last (records/reminders.py).
    Column("remind_at", Wide),
    Column("cover_hash", Text, nullable=False),
    _one_of("state", "stored", "notified", "bounced", "fetched", "opened", "withdrawn", "expired"),
    UniqueConstraint("deposit_id", "position"),
    UniqueConstraint("deposit_id", "invitation_id", name="uq_deliveries_invitation_id"),
    sqlite_strict=True,
)
# Keyset paging of a mailbox, newest first: the first page costs the same in a
# mailbox of ten and of ten thousand.
Index(
    "ix_deliveries_mailbox",
    deliveries.c.account_number,
    deliveries.c.stored_at.desc(),
    deliveries.c.delivery_id.desc(),
)
# What one mail tells of: a few, in however large a mailbox.
Index(
    "ix_deliveries_untold",
    deliveries.c.account_number,
    deliveries.c.invitation_id,
    sqlite_where=IS_UNTOLD,
    postgresql_where=IS_UNTOLD,
)

# Whose moment has come, without a look at those whose moments are over.
Index(
    "ix_deliveries_remind",
    deliveries.c.remind_at,
    sqlite_where=text("remind_at IS NOT NULL"),
    postgresql_where=text("remind_at IS NOT NULL"),
)

covers = Table(
    "covers",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("cover", LargeBinary, nullable=False),
    sqlite_strict=True,
)

receipts = Table(
    "receipts",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("kept_at", Wide, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# A document that its sender took back (docs/specs/withdrawal.md §2). The signed word stays
# as long as the deliveries that it is about.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("deposit_id", Wide, ForeignKey("deposits.deposit_id"), primary_key=True),
    Column("withdrawal_hash", Text, nullable=False),
    # Who signed: whose statements a reader needs.
    Column("member", Text, ForeignKey("members.fingerprint"), nullable=False),
    Column("kept_at", Wide, nullable=False),
    # Since when the covers that were not handed out are gone.
    Column("carried_out_at", Wide),
    Column("envelope", LargeBinary, nullable=False),
    sqlite_strict=True,
)

# What becomes of a letter that nobody answered (docs/specs/pending.md §4). A table of its
# own: an invitation is changed by people, a purge by the clock.
purges = Table(
    "purges",
    metadata,
    Column("invitation_id", Text, ForeignKey("invitations.invitation_id"), primary_key=True),
    Column("begun_at", Wide, nullable=False),
    # When its tombstone was written: before that nothing may be deleted.
    Column("told_at", Wide),
    # From when on the rest may be done, or tried again.
    Column("resumes_at", Wide),
    Column("ended_at", Wide),
    Column("deliveries", Integer, nullable=False),
    Column("objects_deleted", Integer, nullable=False),
    # Of documents that wait for somebody else as well.
    Column("objects_kept", Integer, nullable=False),
    Column("envelope", LargeBinary),
    sqlite_strict=True,
)
Index(
    "ix_purges_untold",
    purges.c.begun_at,
    sqlite_where=text("told_at IS NULL"),
    postgresql_where=text("told_at IS NULL"),
)
Index(
    "ix_purges_unended",
    purges.c.resumes_at,
    purges.c.invitation_id,
    sqlite_where=IS_UNENDED,
    postgresql_where=IS_UNENDED,
)

# Counted in the transaction that opens or deletes a deposit, so that a quota costs one
# row however much an organisation has sent.
organisation_usage = Table(
    "organisation_usage",
    metadata,
    Column("organisation", Text, ForeignKey("organisations.fingerprint"), primary_key=True),
    Column("documents", Wide, nullable=False),
    Column("sealed_bytes", Wide, nullable=False),
    Column("day_began_at", Wide, nullable=False),
    Column("documents_today", Wide, nullable=False),
    sqlite_strict=True,
)

# --- work to do ----------------------------------------------------------------------

notifications = Table(
    "notifications",
    metadata,
    # `account:<number>` or `invitation:<id>`; `text:` and the same for text messages.
    Column("recipient", Text, primary_key=True),
    # NULL until the relay has accepted a first mail.
    Column("mailed_at", Wide, index=True),
    # While one worker talks to the relay, so that another does not as well.
    Column("sending_until", Wide),
    sqlite_strict=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Wide, primary_key=True, autoincrement=True),
    Column("job", Text, nullable=False),
    # JSON with ids only: no address, code or text may rest here.
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    # From when a worker may take it: under a lease, when that ends.
    Column("run_at", Wide, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", Text),
    Column("lease_until", Wide),
    Column("created_at", Wide, nullable=False),
    # The class of the last failure, never its text.
    Column("failure", Text),
    _one_of("state", "waiting", "dead"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
Index("ix_jobs_due", jobs.c.state, jobs.c.run_at, jobs.c.job_id)
# A job without ids runs again and again; of two processes that start, one adds it.
Index(
    "uq_jobs_recurring",
    jobs.c.job,
    unique=True,
    sqlite_where=text("state = 'waiting' AND payload = '{}'"),
    postgresql_where=text("state = 'waiting' AND payload = '{}'"),
)

condemned_objects = Table(
    "condemned_objects",
    metadata,
    Column("object_key", Text, primary_key=True),
    Column("condemned_at", Wide, nullable=False),
    # NULL in rows from before there were reasons. No CHECK, which SQLite can't add.
    Column("reason", Text),
    # The invitation whose purge waits for it.
    Column("purge", Text, index=True),
    sqlite_strict=True,
)
Index(
    "ix_condemned_objects_queue",
    condemned_objects.c.condemned_at,
    condemned_objects.c.object_key,
)
