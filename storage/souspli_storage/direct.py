"""The DirectBlobs port: a store that clients put parts into and read from themselves.

For who implements it. Beside `BlobStore`, of the same objects; a store that only the
service can reach has none, and everything goes through the service.

An address that this port makes carries its own permission, signed: whoever has it may
do this one thing until it expires, and nothing else. It is as secret as what it gives
access to, which here is ciphertext; it never goes into a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from souspli_storage.blobs import Part

# A segment of 8 MiB at 256 kbit/s, what a bad ADSL line sends, takes 260 seconds, and
# three more wait beside it for the same line.
UPLOAD_SECONDS: Final = 1_200

# Enough for the ranges of a document on a slow line; who takes longer asks again.
READ_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class PartAddress:
    """How one part is put: `method` on `url` with exactly these headers."""

    part: Part
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@runtime_checkable
class DirectBlobs(Protocol):
    """Addresses at the store. See the module; `BlobStore` for keys, parts and threads."""

    def presign_parts(
        self, key: str, parts: Sequence[Part], *, seconds: int, of: int | None = None
    ) -> tuple[PartAddress, ...]:
        """Return where each of these parts may be put during the next `seconds`.

        The store itself refuses bytes of another size or SHA-256 there. Promises each
        number to one checksum, durably, before the address exists: from then on
        `BlobStore.parts` knows the SHA-256 of what was put, and another checksum for
        this number is refused with PartDiffersError, whoever asks. An only part
        (`BlobStore`: `of`) is promised by its arrival: the first that arrives is kept,
        and the store refuses any other at its address.

        Asking again for the same part is fine; there are no addresses of what is in
        the object already. Raises PartDiffersError, also if the object has other parts;
        NoSuchObjectError (not begun, or aborted).
        """
        ...

    def presign_read(self, key: str, *, seconds: int) -> str:
        """Return where the object may be read, whole or by range, during `seconds`.

        Asks nobody whether the object is there: the store will say.
        """
        ...
