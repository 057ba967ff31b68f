"""The BlobStore port: objects kept in parts, under random keys.

Written for who implements it. Callers need only the first line of each method.

An *object* is bytes that never change, uploaded in numbered parts (0, 1, 2, …).
A *key* is 32 lower-case hexadecimal digits, drawn at random by the caller and
used for one upload: it says nothing, and two uploads never meet. The shape is
that of an S3 multipart upload, so that it can be one: parts of 8 MiB and a few
hundred bytes; part numbers there are ours plus one.

A store may demand, as S3 does, that every part but the last has at least 5 MiB and that
there are at most 10,000 of them: ValueError beyond, told by the driver.

    begin → put_part … → complete → read …, size → delete
                       ↘ abort

Who knows how many parts there will be says so in each call (`of`). One that is the only
part may then be kept as the object itself: it can be read, and is listed, before
`complete`, which says whether it is there; begin and abort have nothing to do, and parts
can be put without the one and after the other.

Every implementation keeps these promises; one suite (tests/storage) checks them
on each driver:

- **Durable.** A method that returned has been applied, and stays so when the
  process is killed or the machine loses power in the next instant.
- **All or nothing.** A method that raised StorageFullError, ChecksumMismatchError
  or PartsMissingError changed nothing that a later call can see. After any
  other error it may have been applied or not.
- **Idempotent.** Each may be called again with the same arguments, after success,
  failure or a crash, and then does what it did, or finds it done.
- **Concurrent.** Any number of threads and processes may call at once, on the same
  key too. `complete` decides: a part put afterwards is refused.
- **Mute.** No error text, log line or file name but the key itself tells what
  was stored; keys do not appear in error texts.

Methods block: callers run them in threads.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from souspli_storage.errors import ChecksumMismatchError

KEY: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

# S3 allows 10,000 parts. 100,000 leaves a disk more room than any document is
# allowed, and bounds what a listing can be made to hold.
MAX_PARTS: Final = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One part: its number, its size in bytes, its SHA-256 (32 bytes)."""

    number: int
    size: int
    sha256: bytes


class BlobStore(Protocol):
    """Where objects rest. See the module for what holds for every method."""

    def begin(self, key: str, *, of: int | None = None) -> tuple[Part, ...]:
        """Let parts be put under `key`; return those that are kept already, by number.

        An object that is complete already stays as it is.
        """
        ...

    def put_part(
        self, key: str, number: int, data: bytes, sha256: bytes, *, of: int | None = None
    ) -> None:
        """Keep one part, durably, after checking that `sha256` (32 bytes) is its hash.

        The very same part may be put again, also on an object that is complete. A
        number stands for one checksum, once and for all: what is sealed twice under
        one number must not be kept, or found out too late. Raises PartDiffersError
        (another is kept, or was tried), ChecksumMismatchError, StorageFullError,
        NoSuchObjectError (not begun, or aborted).
        """
        ...

    def parts(self, key: str) -> tuple[Part, ...]:
        """Return the parts that are kept, by number; also those of a complete object.

        Raises NoSuchObjectError.
        """
        ...

    def complete(self, key: str, parts: Sequence[Part]) -> None:
        """Make the object, from exactly these parts in this order.

        Atomic: readers see no object, or all of it. Compares size and SHA-256 of
        each part with what was kept. Parts that were put and are not listed are
        not part of the object and are deleted. Complete already from the same
        parts: fine. Raises PartsMissingError (absent or different parts),
        ObjectDiffersError (complete already, from others), NoSuchObjectError.
        """
        ...

    def abort(self, key: str) -> None:
        """Forget an upload and its parts. No upload of that key, or an object: fine.

        An object that is complete stays. Raises NotDeletedError.
        """
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Return the object's bytes from `offset`: `length` of them, or up to its end.

        Raises NoSuchObjectError unless the object is complete, ValueError for a
        negative argument, StoreDamagedError when kept bytes have gone missing.
        """
        ...

    def size(self, key: str) -> int:
        """Return the object's size in bytes; NoSuchObjectError unless it is complete."""
        ...

    def delete(self, key: str) -> None:
        """Destroy the object, or upload, and make sure of it.

        Returns only when nothing is left: parts, versions, leftovers of earlier
        attempts. What was never there is gone. Raises NotDeletedError, with
        every failure, when anything remains; a reader then sees no object any
        more, and deleting again goes on.
        """
        ...

    def incomplete(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys of uploads that are neither complete nor aborted, for sweeps.

        What begins or ends while the iteration lasts may be in it or not. Keys
        of objects whose deletion was interrupted are in it too; where finding them costs
        what `objects` does, only those that begin with `prefix`.
        """
        ...

    def objects(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys of complete objects, for sweeps; as loosely as `incomplete`.

        Only those that begin with `prefix`, at the cost of those alone: none, or two
        hexadecimal digits.
        """
        ...

    def sweep(self) -> None:
        """Delete leftovers that have no key, such as files of a process that was killed.

        Must not harm calls under way in other processes.
        """
        ...


def checked_key(key: str) -> str:
    """Return the key if it is one, or raise ValueError: it becomes part of a path."""
    if KEY.fullmatch(key) is None:
        raise ValueError("a key is 32 lower-case hexadecimal digits")
    return key


def checked_part(number: int, data: bytes, sha256: bytes) -> Part:
    """Return the part that these bytes are.

    Raises ValueError for the number, ChecksumMismatchError if `sha256` is not their hash.
    """
    if not hmac.compare_digest(hashlib.sha256(data).digest(), sha256):
        raise ChecksumMismatchError("the part is not what its checksum names")
    return Part(checked_number(number), len(data), sha256)


def checked_number(number: int) -> int:
    """Return the part number if it is one, or raise ValueError."""
    if not 0 <= number < MAX_PARTS:
        raise ValueError("a part number lies within 0 and MAX_PARTS")
    return number
