"""The files to be sent: where their bytes come from, and that they stand still.

docs/specs/sealed-document.md §2. A document is sealed in one pass; what changes
under it in the meantime makes the whole attempt void.
"""

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from souspli_exchange.errors import SourceChangedError, SourceUnreadableError


class Source(Protocol):
    """One file to be sealed, its name and size settled beforehand.

    For the implementer: read in several threads at once, other than the one that made
    the object, each byte at most once; each thread goes forward, and nothing more is
    said about the order.
    """

    @property
    def name(self) -> str:
        """The name in the manifest."""
        ...

    @property
    def media_type(self) -> str:
        """For example `application/pdf`."""
        ...

    @property
    def size(self) -> int:
        """Length in bytes; it stands in the tar before any byte was read."""
        ...

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fill all of `out` from `offset` on.

        Raises SourceChangedError if the file has become shorter, SourceUnreadableError
        if it can't be read.
        """
        ...

    def check_unchanged(self) -> None:
        """Raise SourceChangedError if the file is not as it was when `size` was taken.

        Asked once, after the last byte was read.
        """
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    """A file that is in memory."""

    name: str
    media_type: str
    content: bytes

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fill all of `out` from `offset` on."""
        out[:] = memoryview(self.content)[offset : offset + len(out)]

    def check_unchanged(self) -> None:
        """Return: bytes don't change."""

    def __repr__(self) -> str:
        return f"BytesSource(…, {self.size} bytes)"


@dataclass(frozen=True, slots=True)
class _Stamp:
    """By what a file's content is known to be what it was."""

    size: int
    content_changed_ns: int
    inode_changed_ns: int
    links: int

    def is_of_same_content(self, later: "_Stamp") -> bool:
        """Say whether nothing wrote to the file between this stamp and `later`."""
        same = (self.size, self.content_changed_ns) == (later.size, later.content_changed_ns)
        # Programs that put the first time back leave the second. It changes as well when
        # another file takes this one's name, which does no harm: this one is held open.
        return same and (
            self.inode_changed_ns == later.inode_changed_ns or self.links != later.links
        )


class PathSource:
    """A file on a disk, held open from beginning to end: `with PathSource(path, …) as …`.

    Opened once, so that a file put in its place by renaming is not mixed with it.
    Raises SourceUnreadableError if it can't be opened or is no regular file.
    """

    def __init__(self, path: Path, *, media_type: str, name: str | None = None) -> None:
        # Disks of macOS hand out names in another normal form than the manifest's.
        self.name = unicodedata.normalize("NFC", path.name if name is None else name)
        self.media_type = media_type
        try:
            # Non-blocking, or opening a pipe that nobody writes to would wait for ever.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as failure:
            raise SourceUnreadableError("a file can't be opened") from failure
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise SourceUnreadableError("a file to be sent is a regular file")
        self._stamp = self._take_stamp()
        self.size = self._stamp.size

    def read_into(self, offset: int, out: memoryview) -> None:
        """Fill all of `out` from `offset` on; see `Source`."""
        done = 0
        while done < len(out):
            try:
                count = os.preadv(self._descriptor, [out[done:]], offset + done)
            except OSError as failure:
                raise SourceUnreadableError("a file can't be read to its end") from failure
            if count == 0:
                raise SourceChangedError("a file became shorter while it was being sealed")
            done += count

    def check_unchanged(self) -> None:
        """Raise SourceChangedError if size or time of change differ from the beginning."""
        if not self._stamp.is_of_same_content(self._take_stamp()):
            raise SourceChangedError("a file changed while it was being sealed")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def __enter__(self) -> "PathSource":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"PathSource(…, {self.size} bytes)"

    def _take_stamp(self) -> _Stamp:
        status = os.fstat(self._descriptor)
        return _Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_nlink)
