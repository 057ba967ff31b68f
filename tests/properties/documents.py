"""A document sealed and opened in memory, with nothing of the service between."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.people import DESCRIPTION, NOW, ORIGIN, Practice, make_practice
from properties.values import identity

from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.ids import DocumentId, new_document_id
from souspli_exchange.outgoing import Draft, sign_cover
from souspli_exchange.sealed import Reader, VerifiedCover, open_cover
from souspli_exchange.sources import BytesSource
from souspli_keys.identity import Identity

PRACTICE = make_practice()
ME = identity(1)
SOMEBODY_ELSE = identity(2)


@dataclass(frozen=True, eq=False)
class Document:
    """What a store keeps of one document, and what a test knows of it."""

    document_id: DocumentId
    files: dict[str, bytes]
    segments: list[bytes]
    cover: bytes
    """Sealed to ME."""

    @property
    def contents(self) -> bytes:
        return b"".join(self.segments)


def seal(files: dict[str, bytes], *, practice: Practice = PRACTICE, to: Identity = ME) -> Document:
    """Seal files and a cover for one reader."""
    sources = [BytesSource(name, "text/plain", content) for name, content in files.items()]
    sealer = ContentsSealer(sources, created_at=NOW)
    segments = list(sealer.segments())
    sealed = sealer.finish()
    draft = Draft(new_document_id(), NOW, DESCRIPTION, sealed.contents)
    signed = sign_cover(draft, sealed.document_key, to.public, sender=practice.sender)
    return Document(draft.document_id, files, segments, signed.sealed)


def reader_of(*identities: Identity, practice: Practice = PRACTICE) -> Reader:
    """Return a reader who trusts the practice."""
    return Reader(identities or (ME,), ORIGIN, {practice.fingerprint})


def open_sealed_cover(
    cover: bytes,
    document_id: DocumentId,
    *,
    reader: Reader | None = None,
    practice: Practice = PRACTICE,
) -> VerifiedCover:
    """Open a cover as a reader does who asked for this document."""
    return open_cover(
        cover,
        reader=reader or reader_of(practice=practice),
        document_id=document_id,
        organisation=practice.sender.organisation,
        member=practice.sender.member,
    )


class Sink:
    """Where an opener's files go, and whether they were released."""

    def __init__(self) -> None:
        self._files: dict[int, bytearray] = {}
        self.released: VerifiedContents | None = None

    def write(self, index: int, offset: int, part: memoryview) -> None:
        file = self._files.setdefault(index, bytearray())
        assert offset == len(file)
        file += part

    def file(self, index: int) -> bytes:
        return bytes(self._files.get(index, b""))


def open_segments(cover: VerifiedCover, segments: Sequence[bytes], sink: Sink) -> None:
    """Give the opener these segments, each as the next one, as a service might."""
    opener = ContentsOpener(cover, write=sink.write)
    for segment in segments:
        if opener.next_range is None:
            raise ContentsRefusedError("more than the manifest says")
        opener.open_next(segment)
    sink.released = opener.finish()


def open_contents(cover: VerifiedCover, contents: bytes, sink: Sink) -> None:
    """Give the opener the whole sealed file, cut where the segments should end."""
    layout = ContentsOpener(cover, write=sink.write).layout
    if len(contents) > layout.sealed_length:
        raise ContentsRefusedError("more than the manifest says")
    where = [layout.sealed_range(index) for index in range(layout.count)]
    open_segments(cover, [contents[part.start : part.stop] for part in where], sink)
