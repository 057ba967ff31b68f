"""Somebody shows that they have an unlocker: a nonce, a signature, bounds (keys.md §6).

Unknown accounts take the same path as known ones, statement by statement: a nonce that is
kept, a signature that is verified, a failure that is counted. The only difference is that
nobody has the right key.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sqlalchemy import Connection

from souspli_keys.errors import LoginRefusedError
from souspli_keys.login import LoginChallenge, verify_login
from souspli_mailbox.failures import count_failure, require_no_wait
from souspli_mailbox.records import accounts, nonces
from souspli_mailbox.records.accounts import Unlocker
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.throttles import forget_throttle
from souspli_mailbox.throttle import account_key, network_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody shows, and where their failures are counted."""

    account_number: str
    kind: str
    login_public_key: bytes
    nonce: bytes
    signature: bytes = field(repr=False)
    account_bucket: str
    network_bucket: str

    @property
    def buckets(self) -> tuple[str, str]:
        """Of the account's kind of unlocker, and of the network."""
        return self.account_bucket, self.network_bucket


def buckets_of(secret: bytes, *, account_number: str, kind: str, network: str) -> tuple[str, str]:
    """Return the names of the two buckets that failures of this try are counted in."""
    return (
        account_key(secret, account_number=account_number, kind=kind),
        network_key(secret, address=network),
    )


def use_nonce(connection: Connection, *, proof: Proof, now: int) -> None:
    """Use the nonce up; Refusal `too-many-tries` while a bucket has to wait.

    In a unit of its own: whatever comes of the signature, the nonce is used. Raises
    NonceRefusedError.
    """
    require_no_wait(connection, keys=proof.buckets, now=now)
    nonces.use_nonce(
        connection,
        nonce=proof.nonce,
        purpose=nonces.NoncePurpose.SIGN_IN,
        subject=proof.account_number,
        now=now,
    )


async def holds(proof: Proof, challenge: LoginChallenge) -> bool:
    """Say whether the signature holds, to be weighed together with whose key it is."""
    try:
        await asyncio.to_thread(verify_login, proof.signature, challenge)
    except LoginRefusedError:
        return False
    return True


def find_holder(connection: Connection, *, proof: Proof, holds: bool, now: int) -> Unlocker | None:
    """Return the unlocker of the account that was shown; None, and a failure counted, if not.

    Whoever calls it commits in both cases. Refusal `too-many-tries` as above.
    """
    # Once more: of a thousand tries at once, all passed the first check.
    require_no_wait(connection, keys=proof.buckets, now=now)
    try:
        unlocker = accounts.find_unlocker(
            connection,
            account_number=proof.account_number,
            kind=proof.kind,
            login_public_key=proof.login_public_key,
        )
    except NotFoundError:
        unlocker = None
    if unlocker is None or not holds:
        count_failure(connection, keys=proof.buckets, now=now)
        return None
    # The network's bucket stays: else one good account would buy guesses at others.
    forget_throttle(connection, throttle_key=proof.account_bucket)
    return unlocker
