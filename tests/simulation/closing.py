"""What a patient's client sends to close an account (docs/specs/closing.md §2)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from souspli_keys.login import LoginChallenge, LoginPurpose
from souspli_keys.statements import Closing, Line, sign_statement

if TYPE_CHECKING:
    from souspli_keys.address import Origin
    from souspli_keys.identity import Identity
    from souspli_keys.unlockers import LoginKey


def closing_request(
    nonce: str,
    *,
    number: str,
    identity: Identity,
    login_key: LoginKey,
    origin: Origin,
    now: int,
    purpose: LoginPurpose = LoginPurpose.CLOSE,
) -> dict[str, Any]:
    """Return the body of POST /v1/closing; `nonce` is as the service gave it."""
    closing = sign_statement(Closing(line=Line.first(origin=origin, issued_at=now)), identity)
    challenge = LoginChallenge(
        purpose=purpose,
        origin=origin,
        subject=closing.payload_hash,
        login_public_key=login_key.public_key,
        nonce=base64.b64decode(nonce),
    )
    return {
        "account_number": number,
        "closing": closing.to_json(),
        "kind": "password",
        "login_public_key": base64.b64encode(login_key.public_key).decode(),
        "nonce": nonce,
        "signature": base64.b64encode(login_key.sign(challenge)).decode(),
    }
