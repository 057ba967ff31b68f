"""What lies in the bucket, under which name.

    documents/<key>                         a complete object
    documents/<key>.parts                   its list of parts, decided before it is complete;
                                            none of an object in one piece (s3_pieces)
    uploads/<key>                           the id of its multipart upload, while there is one
    uploads/<key>.<number>-<size>-<sha256>  a part that may be put (s3_uploads), empty
    ledger/<number>                         what one `append` added (s3_ledger)
    probe/<random>                          while the store is tried (s3_check)

All behind the prefix of the settings. Names are flat: stores that keep files in
folders leave empty ones behind, which listings then show. What is noted about an upload
begins with the same name, so that it is listed and deleted together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from souspli_storage.blobs import KEY, Part, checked_key
from souspli_storage.errors import StoreDamagedError

_LIST_SUFFIX: Final = ".parts"
_PROMISE: Final = re.compile(r"[0-9a-f]{32}\.([0-9]{5})-([0-9]+)-([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """Names behind one prefix, which is empty or ends with a slash."""

    prefix: str

    @property
    def documents(self) -> str:
        """Prefix of objects and their lists."""
        return f"{self.prefix}documents/"

    @property
    def uploads(self) -> str:
        """Prefix of uploads under way."""
        return f"{self.prefix}uploads/"

    def document(self, key: str) -> str:
        """Name of the object."""
        return self.documents + checked_key(key)

    def part_list(self, key: str) -> str:
        """Name of its list of parts."""
        return self.document(key) + _LIST_SUFFIX

    def upload(self, key: str) -> str:
        """Name of what says that an upload is under way; all that is noted begins with it."""
        return self.uploads + checked_key(key)

    def promises(self, key: str) -> str:
        """Prefix of what has been promised for this key."""
        return f"{self.upload(key)}."

    @property
    def ledger(self) -> str:
        """Prefix of the ledger's entries."""
        return f"{self.prefix}ledger/"

    def entry(self, number: int) -> str:
        """Name of the ledger's entry of this number; names sort as numbers do."""
        return f"{self.ledger}{number:012d}"

    def number_of_entry(self, name: str) -> int | None:
        """Return the number of an entry's name; None for another kind of name."""
        digits = name.removeprefix(self.ledger)
        return int(digits) if re.fullmatch("[0-9]{12}", digits, re.ASCII) else None

    def probe(self, key: str) -> str:
        """Name of something that is kept for a moment, to see what the store does."""
        return f"{self.prefix}probe/{checked_key(key)}"

    def promises_of(self, key: str, number: int) -> str:
        """Prefix of what has been promised for one number."""
        return f"{self.promises(key)}{number:05d}-"

    def promise(self, key: str, part: Part) -> str:
        """Name of the promise of one part."""
        return f"{self.promises_of(key, part.number)}{part.size}-{part.sha256.hex()}"

    def promised(self, name: str) -> Part | None:
        """Return the part that a name promises; None for a name of another kind."""
        match = _PROMISE.fullmatch(name.removeprefix(self.uploads))
        if match is None:
            return None
        return Part(int(match[1]), int(match[2]), bytes.fromhex(match[3]))

    def key_of_document(self, name: str) -> str | None:
        """Return the key of an object's name; None for another kind of name."""
        return _key(name.removeprefix(self.documents))

    def key_of_list(self, name: str) -> str | None:
        """Return the key of a list's name; None for another kind of name."""
        if not name.endswith(_LIST_SUFFIX):
            return None
        return _key(name.removeprefix(self.documents).removesuffix(_LIST_SUFFIX))

    def key_of_upload(self, name: str) -> str | None:
        """Return the key that a name behind `uploads` notes something about; None for others."""
        return _key(name.removeprefix(self.uploads).partition(".")[0])


def _key(text: str) -> str | None:
    return text if KEY.fullmatch(text) else None


def encode_list(parts: Iterable[Part]) -> bytes:
    """Write a list of parts, one `<size> <sha256>` a line, numbered from 0."""
    return b"".join(f"{part.size} {part.sha256.hex()}\n".encode("ascii") for part in parts)


def parse_list(text: bytes) -> tuple[Part, ...]:
    """Read a list of parts; StoreDamagedError if it is none."""
    try:
        lines: Sequence[str] = text.decode("ascii").splitlines()
        fields = [line.split(" ") for line in lines]
        return tuple(
            Part(number, int(size), bytes.fromhex(sha256))
            for number, (size, sha256) in enumerate(fields)
        )
    except ValueError:
        raise StoreDamagedError("a list of parts can't be read") from None
