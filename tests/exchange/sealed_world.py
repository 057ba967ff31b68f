"""A document sealed for one reader, as the store holds it; and how they open it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW, ORIGIN, Practice
from exchange.world import MemorySink

from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.ids import InvitationId, new_document_id, random_hex
from souspli_exchange.outgoing import SendingMember, seal_into_spool
from souspli_exchange.sealed import Reader, VerifiedCover, open_cover
from souspli_exchange.sources import BytesSource, Source
from souspli_exchange.spool import SpooledDocument
from souspli_keys.identity import Identity

ME = Identity.generate()


@dataclass(frozen=True)
class Sent:
    """A sealed document as the store holds it."""

    spooled: SpooledDocument
    contents: bytes

    @property
    def cover(self) -> bytes:
        return self.spooled.covers[0].sealed


def seal(
    practice: Practice, sources: Sequence[Source], *, to: Identity = ME, now: int = NOW
) -> Sent:
    spool = MemorySpool()
    invitation_id = InvitationId(random_hex())
    spooled = seal_into_spool(
        sources,
        DESCRIPTION,
        [VerifiedRecipient(invitation_id, to.public, None, attested=False)],
        document_id=new_document_id(),
        sender=practice.sender,
        spool=spool,
        now=now,
    )
    indices = range(len(spooled.checksums))
    contents = b"".join(spool.segment(spooled.document_id, index) for index in indices)
    assert len(contents) == spooled.sealed_length
    return Sent(spooled, contents)


def reader_of(practice: Practice, *identities: Identity) -> Reader:
    return Reader(identities or (ME,), ORIGIN, {practice.fingerprint})


def open_own(
    practice: Practice,
    sealed: bytes,
    sent: Sent,
    *,
    reader: Reader | None = None,
    sender: SendingMember | None = None,
) -> VerifiedCover:
    sender = sender or practice.sender
    return open_cover(
        sealed,
        reader=reader or reader_of(practice),
        document_id=sent.spooled.document_id,
        organisation=sender.organisation,
        member=sender.member,
    )


def open_contents(cover: VerifiedCover, sealed: bytes) -> tuple[VerifiedContents, list[bytes]]:
    sink = MemorySink()
    opener = ContentsOpener(cover, write=sink.write)
    while (where := opener.next_range) is not None:
        opener.open_next(sealed[where.start : where.stop])
    if len(sealed) > opener.layout.sealed_length:
        raise ContentsRefusedError("longer")
    verified = opener.finish()
    return verified, [sink.content(index) for index in range(len(cover.manifest.contents.files))]


def sources_of(files: Mapping[str, bytes]) -> list[BytesSource]:
    return [BytesSource(name, "text/plain", content) for name, content in files.items()]
