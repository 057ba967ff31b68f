"""The sender's own document, opened again: what nobody collected is printed.

With the sender's own cover, which holds the document key like any other
(sealed-document.md §4). Nobody is told, and nothing becomes `fetched`.
"""

import asyncio
from functools import partial
from pathlib import Path

from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.extraction import Extraction, OpenedDocument
from souspli_exchange.ids import DocumentId
from souspli_exchange.sending import Sending


async def open_own_document(
    sending: Sending, document_id: DocumentId, folder: Path
) -> OpenedDocument:
    """Open a document that we deposited into `folder`, which appears whole or not at all.

    Raises NotFoundError once the service has it no more, CoverRefusedError and
    ContentsRefusedError for what was altered, and what `Extraction` raises.
    """
    retry, mailbox = sending.retry, sending.mailbox
    sealed = await retry.repeat(lambda: mailbox.sender_cover(document_id))
    cover = await asyncio.to_thread(sending.sender.open_own_cover, sealed, document_id)
    with Extraction(folder, cover.manifest.contents.files) as extraction:
        opener = ContentsOpener(cover, write=extraction.write)
        while (where := opener.next_range) is not None:
            read = partial(mailbox.own_contents, document_id, start=where.start, stop=where.stop)
            segment = await retry.repeat(read)
            await asyncio.to_thread(opener.open_next, segment)
        verified = opener.finish()
        paths = await asyncio.to_thread(extraction.release, verified)
    return OpenedDocument(verified, paths)
