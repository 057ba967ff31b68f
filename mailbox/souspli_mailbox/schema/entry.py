"""Getting in: admission of an organisation, signing in, and who must wait."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

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
    one_of("purpose", "sign-in", "claim"),
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
    one_of("client", "browser", "program"),
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
