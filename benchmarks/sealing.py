"""Sealing and opening beside what can't be beaten: the cipher and the hash alone.

In one process, in memory. `floor` encrypts the same bytes in 64 KiB chunks into one
buffer and hashes them once: nothing that seals can be faster on one thread.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from benchmarks.measure import Measured, side_by_side
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.sources import BytesSource

CHUNK = 65_536
SIZES = {"200 KiB": 200 * 1024, "64 MiB": 64 * 1024 * 1024}


def floor(data: bytes) -> None:
    """Encrypt and hash `data` once."""
    cipher = ChaCha20Poly1305(os.urandom(32))
    out = bytearray(CHUNK + 16)
    view = memoryview(data)
    for index, start in enumerate(range(0, len(data), CHUNK)):
        chunk = view[start : start + CHUNK]
        cipher.encrypt_into(
            index.to_bytes(12, "big"), chunk, None, memoryview(out)[: len(chunk) + 16]
        )
    hashlib.sha256(data).digest()


def seal(data: bytes) -> None:
    """Seal `data` as the one file of a document's contents."""
    source = BytesSource(name="report.pdf", media_type="application/pdf", content=data)
    sealer = ContentsSealer([source], created_at=1_800_000_000)
    for _ in sealer.segments():
        pass
    sealer.finish()


def measure() -> list[Measured]:
    """Seal beside the floor, small and large."""
    found: list[Measured] = []
    for label, size in SIZES.items():
        data = os.urandom(size)
        found.append(
            side_by_side(
                f"seal {label}: contents (tar, tree hash, per-file hash, post-quantum key)",
                ours=lambda data=data: seal(data),
                yardstick="cipher and hash alone",
                theirs=lambda data=data: floor(data),
                bytes_each=size,
            )
        )
    return found
