"""The one-time code, which rests nowhere (docs/specs/claim.md §4).

It is mailed by a job, minutes after the request that asked for it and perhaps by
another process, yet must not lie in the database or in a job's payload. So it is
not drawn but computed, by whoever needs it, from a secret of the service, the
claim session and a counter that each request for a new code moves on.

Who steals the database while the service runs has the secret as well and can
compute the codes of sessions under way; each needs the letter's code first, and
lives ten minutes. Who finds an old copy finds no code in it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from souspli_keys.framing import frame

DIGITS: Final = 6

_LABEL: Final = "souspli/v1/one-time-code"


def one_time_code(*, key: bytes, claim_session_id: str, counter: int) -> str:
    """Return the six digits of a session's `counter`-th code.

    `key`: 32 bytes, kept for this alone. The first 64 bits of the HMAC, modulo
    10^6: a bias of 10^-13, far below what five tries could use.
    """
    framed = frame(_LABEL, claim_session_id, str(counter))
    value = int.from_bytes(hmac.digest(key, framed, hashlib.sha256)[:8], "big")
    return f"{value % 10**DIGITS:0{DIGITS}d}"
