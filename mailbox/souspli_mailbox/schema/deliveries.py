"""What was delivered to each recipient, what came back, what was taken back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

# Of which no mail has told (records/notifications.py).
IS_UNTOLD: Final = text("state IN ('stored', 'bounced')")

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
    one_of("state", "stored", "notified", "bounced", "fetched", "opened", "withdrawn", "expired"),
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
