"""What is due for deletion at `now`. Pure: `sweep.py` acts on it.

How long each thing is kept, and why no longer, is published in
docs/what-is-kept.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# docs/specs/mailbox.md §1, step 1: long enough for a laptop that was shut in the
# middle of a send and opened again the next morning.
UPLOAD_SECONDS: Final = 86_400

# An admission code that was used is remembered this long after its expiry, so
# that a repeated request still gets its answer.
ADMISSION_REPEAT_SECONDS: Final = 86_400

# The rule is one notification in 24 hours; twice that, and the row is of no use.
NOTIFICATION_SECONDS: Final = 2 * 86_400

# How often the sweep runs: an hour more or less matters to none of the above.
SWEEP_EVERY_SECONDS: Final = 3_600


# After a restore the sweep condemns no object. Those that the database does not know are
# then perhaps known to another backup, which somebody may still have to fall back on.
KEPT_AFTER_RESTORE_SECONDS: Final = 14 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Moments: what lies at or before each is to be deleted.

    Named after the column that each is compared with.
    """

    upload_opened_at: int
    nonce_expires_at: int
    session_expires_at: int
    claim_session_expires_at: int
    throttle_expires_at: int
    admission_code_expires_at: int
    enrolment_ends_at: int
    notification_mailed_at: int


def due(now: int) -> Due:
    """Return what is due at `now`."""
    return Due(
        upload_opened_at=now - UPLOAD_SECONDS,
        nonce_expires_at=now,
        session_expires_at=now,
        claim_session_expires_at=now,
        throttle_expires_at=now,
        admission_code_expires_at=now - ADMISSION_REPEAT_SECONDS,
        enrolment_ends_at=now,
        notification_mailed_at=now - NOTIFICATION_SECONDS,
    )


def may_condemn(now: int, *, restored_at: int | None) -> bool:
    """Say whether objects may be condemned at `now` in a database restored at that moment."""
    return restored_at is None or now >= restored_at + KEPT_AFTER_RESTORE_SECONDS
