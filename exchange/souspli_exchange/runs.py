"""Runs: the pieces of a segment that one thread handles at a time, and its buffers.

A run is read, hashed, sealed and written before the next one begins, so that its
bytes are still in the core's own cache at each step.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from souspli_exchange.segments import SEGMENT_CHUNKS, START_BYTES, SegmentLayout

# 1 MiB: with its sealed twin it fits into the second cache of one core (2 MiB and
# more today), and sixteen chunks are enough to make the calls around them cheap.
RUN_CHUNKS = 16


@dataclass(frozen=True, slots=True)
class Run:
    """Some chunks of one segment."""

    first_chunk_index: int
    plain: range
    """Their bytes in the contents' plaintext."""
    sealed: range
    """Their bytes in the sealed file; never the header or the nonce."""
    is_last: bool
    """Whether they end with the final chunk."""


def runs_of(layout: SegmentLayout, index: int) -> Iterator[Run]:
    """Yield the runs of a segment, in order."""
    stream = layout.stream
    first = index * SEGMENT_CHUNKS
    stop = min(first + SEGMENT_CHUNKS, stream.chunk_count)
    for start in range(first, stop, RUN_CHUNKS):
        count = min(RUN_CHUNKS, stop - start)
        sealed = stream.sealed_range(start, count)
        yield Run(
            first_chunk_index=start,
            plain=stream.plain_range(start, count),
            sealed=range(START_BYTES + sealed.start, START_BYTES + sealed.stop),
            is_last=stream.is_last(start, count),
        )


class RunBuffers:
    """What one thread works in, made once and used for run after run.

    `plain` and `sealed` hold one run, `held` the plaintext of one segment: 2 MiB, and 8
    more once `held` was needed. Each is at most as long as the contents.
    """

    __slots__ = ("_held", "_held_bytes", "plain", "sealed")

    def __init__(self, layout: SegmentLayout) -> None:
        longest = next(runs_of(layout, 0))
        # One piece of memory: two are given back to the system each time, and a small
        # document is sealed in the time that it takes to get their pages anew.
        both = memoryview(bytearray(len(longest.plain) + len(longest.sealed)))
        self.plain = both[: len(longest.plain)]
        self.sealed = both[len(longest.plain) :]
        self._held_bytes = len(layout.plain_range(0))
        self._held: memoryview | None = None

    @property
    def held(self) -> memoryview:
        """Room for the plaintext of one segment."""
        if self._held is None:
            self._held = memoryview(bytearray(self._held_bytes))
        return self._held
