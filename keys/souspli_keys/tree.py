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
    hasher = LeafHasher()
    hasher.update(leaf)
    return hasher.digest()


class LeafHasher:
    """`leaf_hash` of a leaf that comes in parts."""

    __slots__ = ("_hasher",)

    def __init__(self) -> None:
        self._hasher = sha256(_LEAF)

    def update(self, part: bytes | bytearray | memoryview) -> None:
        """Take the next part of the leaf."""
        self._hasher.update(part)

    def digest(self) -> bytes:
        """Return the 32-byte hash of the parts so far, taken as one leaf."""
        return self._hasher.digest()


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
