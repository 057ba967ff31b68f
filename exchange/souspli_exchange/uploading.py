"""A spooled document's segments, to the service: those it misses, a few at once."""

import asyncio
from collections.abc import Sequence
from functools import partial

from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.sender import DepositProgress
from souspli_exchange.ports.states import DepositState
from souspli_exchange.sending import Sending, Step
from souspli_exchange.spool import SpooledDocument

# One waits for the answer while another is on the line; 32 MiB in memory at most.
_PUT_AT_ONCE = 4


async def open_deposit(sending: Sending, spooled: SpooledDocument) -> DepositProgress:
    """Open the deposit, or hear how far it has come. Raises PortErrors after all retries."""
    return await sending.retry.repeat(
        lambda: sending.mailbox.open_deposit(
            spooled.document_id,
            sealed_length=spooled.sealed_length,
            segments=len(spooled.checksums),
        )
    )


async def put_missing(
    sending: Sending, spooled: SpooledDocument, progress: DepositProgress
) -> None:
    """Put the segments that the service does not hold yet, as `put_segments` does."""
    if progress.state is DepositState.UPLOADING:
        missing = set(range(len(spooled.checksums))) - progress.received
        await put_segments(sending, spooled, sorted(missing))


async def put_segments(sending: Sending, spooled: SpooledDocument, indices: Sequence[int]) -> None:
    """Put these segments, a few side by side; after an error none is under way any more."""
    total = len(spooled.checksums)
    if any(not 0 <= index < total for index in indices):
        raise BrokenAnswerError("the service misses a segment that does not exist")
    done = total - len(indices)
    sending.progress(Step.DEPOSITING, done, total)
    waiting = iter(indices)  # shared: each segment is taken by one of the tasks

    async def put_some() -> None:
        nonlocal done
        for index in waiting:
            await _put_segment(sending, spooled, index)
            done += 1
            sending.progress(Step.DEPOSITING, done, total)

    tasks = [asyncio.create_task(put_some()) for _ in range(min(_PUT_AT_ONCE, len(indices)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        # The first error is the caller's; the others end here, before the caller closes
        # what they use.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _put_segment(sending: Sending, spooled: SpooledDocument, index: int) -> None:
    # A function of its own: a segment is let go before the next one is read.
    sealed = await asyncio.to_thread(sending.spool.segment, spooled.document_id, index)
    await sending.retry.repeat(
        partial(
            sending.mailbox.put_segment,
            spooled.document_id,
            index,
            sealed,
            sha256=spooled.checksums[index],
        )
    )
