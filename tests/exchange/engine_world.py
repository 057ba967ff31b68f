"""Contents sealed by the engine, with a cover that opens them: both ends in memory."""

import hashlib
import random
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from exchange.people import DESCRIPTION, NOW, Practice

from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.contents_sealer import SealedContents
from souspli_exchange.engine import open_contents, seal_contents
from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.ids import new_document_id
from souspli_exchange.outgoing import Draft, sign_cover
from souspli_exchange.sealed import VerifiedCover
from souspli_exchange.segments import SEGMENT_BYTES
from souspli_exchange.sources import BytesSource, Source

THREE_SEGMENTS = random.Random(3).randbytes(2 * SEGMENT_BYTES + 100_000)  # noqa: S311  (no secret)
FIRST, MIDDLE, LAST = range(3)
"""Its segments."""


@contextmanager
def no_thread_left() -> Generator[None]:
    """Whatever happens inside, every thread that it starts has ended at its end."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        assert set(threading.enumerate()) <= before


@dataclass
class MemoryContents:
    """A `SegmentSink` that keeps the sealed file, and every part that was ever put."""

    sealed: bytearray = field(default_factory=bytearray)
    parts: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    before_put: Callable[[int], None] = lambda _index: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, index: int, offset: int, sealed: memoryview) -> None:
        self.before_put(index)
        with self._lock:
            self.parts.append((index, offset, len(sealed)))
            end = offset + len(sealed)
            self.sealed.extend(bytes(max(0, end - len(self.sealed))))
            self.sealed[offset:end] = sealed


@dataclass
class MemoryFiles:
    """Takes the files' bytes from several threads, each byte once."""

    sizes: Sequence[int]

    def __post_init__(self) -> None:
        self.files = [bytearray(size) for size in self.sizes]
        self.written = 0
        self._lock = threading.Lock()

    def write(self, file_index: int, offset: int, data: memoryview) -> None:
        assert offset + len(data) <= self.sizes[file_index]
        self.files[file_index][offset : offset + len(data)] = data
        with self._lock:
            self.written += len(data)


@dataclass(frozen=True)
class Document:
    """Sealed contents and the verified cover that opens them."""

    cover: VerifiedCover
    contents: bytes

    def open(self, *, threads: int, contents: bytes | None = None) -> list[bytes]:
        """Open with the engine; the files' bytes."""
        data = self.contents if contents is None else contents

        def read(offset: int, out: memoryview) -> None:
            part = data[offset : offset + len(out)]
            if len(part) < len(out):
                raise ContentsRefusedError("the contents were cut short")
            out[:] = part

        files = MemoryFiles([file.size for file in self.cover.manifest.contents.files])
        with no_thread_left():
            verified = open_contents(
                self.cover, length=len(data), read=read, write=files.write, threads=threads
            )
        assert verified.cover is self.cover
        assert files.written == sum(files.sizes)
        return [bytes(file) for file in files.files]

    def open_in_order(self) -> list[bytes]:
        """Open one segment after the other, as they come from a service."""
        files = MemoryFiles([file.size for file in self.cover.manifest.contents.files])
        opener = ContentsOpener(self.cover, write=files.write)
        while (where := opener.next_range) is not None:
            opener.open_next(self.contents[where.start : where.stop])
        opener.finish()
        return [bytes(file) for file in files.files]


def cover_of(practice: Practice, sealed: SealedContents) -> VerifiedCover:
    """Return the verified cover of contents that were sealed."""
    draft = Draft(new_document_id(), NOW, DESCRIPTION, sealed.contents)
    sender = practice.sender
    cover = sign_cover(draft, sealed.document_key, sender.identity.public, sender=sender)
    return sender.open_own_cover(cover.sealed, draft.document_id)


def seal_document(practice: Practice, sources: Sequence[Source], *, threads: int) -> Document:
    """Seal with the engine."""
    sink = MemoryContents()
    with no_thread_left():
        sealed = seal_contents(sources, created_at=NOW, sink=sink, threads=threads)
    assert len(sink.sealed) == sealed.contents.sealed_length
    return Document(cover_of(practice, sealed), bytes(sink.sealed))


def files_of(*contents: bytes) -> list[BytesSource]:
    """Return sources with these contents."""
    return [BytesSource(f"{number}.bin", "a/b", content) for number, content in enumerate(contents)]


def sha256_hex(content: bytes) -> str:
    """Return what `sha256sum` prints."""
    return hashlib.sha256(content).hexdigest()
