"""The Merkle tree hash of RFC 6962 §2.1 (SHA-256).

The contents of a document are hashed with their segments as leaves
(sealed-document.md §2).
"""

from collections.abc import Sequence
from hashlib import sha256

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(leaf: bytes | bytearray | memoryview) -> bytes:
    """Return the 32-byte hash of one leaf.

    The prefix keeps a leaf from passing for a node: without it two trees of different
    shape could have the same hash.
    """
    hasher = sha256(_LEAF)
    hasher.update(leaf)
    return hasher.digest()


def tree_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the hash of the tree over leaves with these hashes, in order.

    Of no leaves it is the hash of nothing, as RFC 6962 says.
    """
    if not leaf_hashes:
        return sha256().digest()
    level = list(leaf_hashes)
    # Joining neighbours level by level, an odd last one moving up as it is, gives
    # RFC 6962's tree (split at the largest power of two below n) without recursion.
    while len(level) > 1:
        joined = [
            _node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = joined + level[len(joined) * 2 :]
    return level[0]


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
