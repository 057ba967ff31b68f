"""What all tables share: one metadata, the types of columns, one kind of check.

Conventions
-----------
Hashes, fingerprints, salts and ids are lower-case hexadecimal text; keys and
ciphertext are bytes; moments are integers, seconds since 1970. `envelope`
columns hold a signed envelope as JSON text (docs/specs/encoding.md §4).
Tables are STRICT: SQLite otherwise keeps text in an integer column silently.

Large values (covers) have tables of their own, because SQLite rewrites a whole
row, overflow pages included, when a state in it changes.

The conditions of partial indexes (`IS_…`, beside their tables) are written out in
queries as they stand there: a parameter would keep SQLite from using the index.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData
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


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return a check that `column` is one of `values`, named as the column is."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
