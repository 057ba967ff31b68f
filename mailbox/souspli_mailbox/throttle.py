"""How long somebody has to wait after failures (docs/specs/mailbox.md §5): pure.

A bucket is an account number with an unlocker's kind, or a network address. Unknown
accounts have buckets like known ones: waiting says nothing about who exists. One
kind's failures never delay another, so that nobody is locked out by a stranger who
guesses passwords as long as a device signs in.
"""

import hashlib
import hmac
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

FREE_FAILURES: Final = 5
# Behind one address stands a hospital, or a town's mobile telephones: their typing
# errors add up. What one account is guessed at is bounded by its own bucket.
NETWORK_FREE_FAILURES: Final = 100
_NETWORK: Final = "network"
WINDOW_SECONDS: Final = 3_600
FIRST_DELAY_SECONDS: Final = 60
LONGEST_DELAY_SECONDS: Final = 3_600

# A household gets a whole IPv6 prefix: counting single addresses would count nothing.
IPV6_PREFIX_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Bucket:
    """Failures that count together. Moments are Unix seconds."""

    failures: int
    window_started_at: int
    blocked_until: int

    @property
    def expires_at(self) -> int:
        """When it is forgotten: an hour after the first failure, and after the last block.

        Were it forgotten when a block ends, the longest delay would always be followed
        by five free tries.
        """
        return max(self.window_started_at, self.blocked_until) + WINDOW_SECONDS


def seconds_to_wait(bucket: Bucket | None, *, now: int) -> int:
    """Return how long to wait before the next try; 0 for not at all."""
    return 0 if bucket is None else max(0, bucket.blocked_until - now)


def free_failures(key: str) -> int:
    """Return how many failures the bucket of this name has before anybody waits."""
    return NETWORK_FREE_FAILURES if key.startswith(_NETWORK) else FREE_FAILURES


def after_failure(bucket: Bucket | None, *, now: int, free: int = FREE_FAILURES) -> Bucket:
    """Return the bucket with one more failure, and the delay that it brings.

    The `free`-th failure within an hour is the first that makes people wait.
    """
    if bucket is None or bucket.expires_at <= now:
        bucket = Bucket(failures=0, window_started_at=now, blocked_until=0)
    failures = bucket.failures + 1
    blocked_until = bucket.blocked_until
    if failures >= free:
        # Capped before it is shifted: failures have no upper bound.
        doublings = min(failures - free, LONGEST_DELAY_SECONDS.bit_length())
        delay = min(FIRST_DELAY_SECONDS << doublings, LONGEST_DELAY_SECONDS)
        blocked_until = max(blocked_until, now + delay)
    return Bucket(failures, bucket.window_started_at, blocked_until)


def account_key(secret: bytes, *, account_number: str, kind: str) -> str:
    """Name the bucket of one kind of unlocker of one account."""
    return _key(secret, "account", account_number, kind)


def network_key(secret: bytes, *, address: str) -> str:
    """Name the bucket of a network address, from which the address can't be read.

    Four billion addresses are quickly hashed: that is why the service's secret is in it.
    """
    return _key(secret, _NETWORK, _prefix(address))


def nonces_key(secret: bytes, *, address: str) -> str:
    """Name the count of nonces that a network address draws (`records/nonces.py`)."""
    return _key(secret, "nonces", _prefix(address))


def _prefix(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # a Unix socket, or a proxy's own word: one bucket for it
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> IPV6_PREFIX_BITS << IPV6_PREFIX_BITS))
    return str(parsed)


def _key(secret: bytes, *parts: str) -> str:
    text = "\0".join(("souspli/v1/throttle", *parts))
    # The first part in clear: the kind of bucket is no secret, and decides the patience.
    return f"{parts[0]}-{hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()}"
