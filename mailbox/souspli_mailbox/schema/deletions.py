"""What is to be deleted: letters that nobody answered, closed accounts, unneeded objects."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, text

from souspli_mailbox.schema.columns import Text, Wide, metadata

IS_UNENDED: Final = text("told_at IS NOT NULL AND ended_at IS NULL")

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

# An account that its patient closed (docs/specs/closing.md §3). The signed word stays as
# long as the bindings by which a practice verifies it.
closings = Table(
    "closings",
    metadata,
    Column("account_number", Text, ForeignKey("accounts.account_number"), primary_key=True),
    Column("closed_at", Wide, nullable=False),
    # NULL after a restore that knows of the closing by its tombstone alone.
    Column("closing_hash", Text),
    # Since when nothing of the account can be opened any more, and nobody is known by it.
    Column("carried_out_at", Wide),
    Column("envelope", LargeBinary),
    sqlite_strict=True,
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
