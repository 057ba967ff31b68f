"""Invitations: the letters that lead to an account."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, text

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

IS_PENDING: Final = text("status = 'pending'")
IS_ON_PAPER: Final = text("paper_since IS NOT NULL")
IS_UNANSWERED: Final = text("status IN ('pending', 'expired') AND address IS NOT NULL")

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
    one_of("status", "pending", "claimed", "superseded", "expired"),
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
