"""The sealing engine: contents sealed and opened by several threads.

docs/specs/sealed-document.md §2. Each thread takes the next segment, and run by run
(`runs`) reads, hashes, seals and writes it at its place; the cipher, the hash and the
disk work outside Python's lock. A document of one or two segments takes the straight
path: the caller's own thread. Nothing here opens a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.manifest import DEFAULT_LIMITS, Limits
from souspli_exchange.runs import RunBuffers
from souspli_exchange.segments import START_BYTES, SegmentLayout
from souspli_exchange.workers import Step, run_steps, thread_count

if TYPE_CHECKING:
    from souspli_exchange.bundle import WriteFile
    from souspli_exchange.contents_opener import VerifiedContents
    from souspli_exchange.contents_sealer import ContentsSealer, SealedContents
    from souspli_exchange.sealed import VerifiedCover
    from souspli_exchange.sources import Source

# Up to 16 MiB: a tenth of a second at most, which threads would shorten by less than
# anybody notices.
STRAIGHT_PATH_SEGMENTS = 2

SegmentDone = Callable[[int, int], None]
"""`(segments done, segments in all)`, called in the caller's thread. What it raises ends
the work, as Ctrl-C does."""

ReadSealed = Callable[[int, memoryview], None]
"""`read(offset, out)` fills all of `out` with the sealed file's bytes from `offset` on, or
raises. Called in several threads at once, in any order."""


class SegmentSink(Protocol):
    """Takes sealed segments.

    For the implementer: called in several threads at once. The parts of one segment come
    in order and in one thread, those of different segments in any order, each byte once.
    `sealed` is used again for the next part: copy or write it. An exception ends the work.
    """

    def put(self, index: int, offset: int, sealed: memoryview) -> None:
        """Keep a part of segment `index` that stands at `offset` of the sealed file."""
        ...


def unheard(_done: int, _total: int) -> None:
    """Be a `SegmentDone` that nobody listens to."""


def seal_contents(
    sources: Sequence[Source],
    *,
    created_at: int,
    sink: SegmentSink,
    limits: Limits = DEFAULT_LIMITS,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> SealedContents:
    """Seal the files of one document into `sink`, under keys of its own.

    `threads` is for tests and measurements. When this returns or raises, all threads
    have ended. Raises FileNameError, TooLargeToSendError, SourceChangedError,
    SourceUnreadableError, and what `sink` and `on_segment` raise; then what was put is of
    no use: sealing is not gone on with, but begun again, which draws new keys.
    """
    from souspli_exchange.contents_sealer import ContentsSealer  # noqa: PLC0415  (not to open)

    sealer = ContentsSealer(sources, created_at=created_at, limits=limits)
    return run_sealer(sealer, sink, threads=threads, on_segment=on_segment)


def run_sealer(
    sealer: ContentsSealer,
    sink: SegmentSink,
    *,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> SealedContents:
    """Seal with a sealer of which nothing was used yet; see `seal_contents`."""

    def make_step() -> Step:
        buffers = RunBuffers(sealer.layout)
        return lambda: sealer.seal_next_parts(buffers, put=sink.put)

    _run(make_step, sealer.layout, threads, on_segment, abandon=sealer.abandon)
    return sealer.finish()


def open_contents(
    cover: VerifiedCover,
    *,
    length: int,
    read: ReadSealed,
    write: WriteFile,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> VerifiedContents:
    """Open sealed contents of `length` bytes to their end; return the proof.

    `write(file_index, offset, data)` is called in several threads at once, in any order,
    each byte once; nothing it was given may be released before this has returned. When
    this returns or raises, all threads have ended. Raises ContentsRefusedError, and what
    `read`, `write` and `on_segment` raise.
    """
    from souspli_exchange.contents_opener import ContentsOpener  # noqa: PLC0415  (not to seal)

    opener = ContentsOpener(cover, write=write)
    # A longer file would be read to the end of the right one, and pass.
    if length != opener.layout.sealed_length:
        raise ContentsRefusedError("the contents were cut short or added to")
    start = bytearray(START_BYTES)
    read(0, memoryview(start))
    opener.begin(bytes(start))

    def fetch(where: range, room: memoryview) -> memoryview:
        read(where.start, room)
        return room

    def make_step() -> Step:
        buffers = RunBuffers(opener.layout)
        return lambda: opener.open_next_parts(buffers, fetch=fetch)

    _run(make_step, opener.layout, threads, on_segment, abandon=opener.abandon)
    return opener.finish()


def _run(
    make_step: Callable[[], Step],
    layout: SegmentLayout,
    threads: int | None,
    on_segment: SegmentDone,
    *,
    abandon: Callable[[], None],
) -> None:
    if threads is None:
        threads = thread_count() if layout.count > STRAIGHT_PATH_SEGMENTS else 1
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        on_segment(done, layout.count)

    run_steps(make_step, threads=min(threads, layout.count), on_step=on_step, abandon=abandon)
