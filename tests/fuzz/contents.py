"""What is asked of the tar's comparison, and of the contents around it.

There is no reader of tars (docs/decisions/0002): names, sizes and a moment give one
sequence of bytes, and whatever differs from it is refused. So the input of these
harnesses is not a tar but a recipe: files, where their tar is cut into pieces, and
what a hostile sender or service changes about it.
"""

import io
import tarfile
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from exchange.people import DESCRIPTION, NOW, make_practice
from fuzz.pieces import Pieces

from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import AgeUsageError, PayloadError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.stream import PayloadOpener, PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.age.wrap import write_sealed_header
from souspli_exchange.bundle import MAX_CREATED_AT, Bundle, BundledFile
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.cover import Cover
from souspli_exchange.errors import ContentsRefusedError, FileNameError
from souspli_exchange.filenames import check_names
from souspli_exchange.ids import DocumentId
from souspli_exchange.manifest import Contents, ContentsFile, Manifest, Sender
from souspli_exchange.sealed import VerifiedCover
from souspli_exchange.segments import START_BYTES, SegmentLayout
from souspli_exchange.verified import VERIFIED_HERE
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Member, Organisation, VerifiedMember
from souspli_keys.tree import leaf_hash, tree_hash

_MOST_FILES = 3
_MOST_NAME_BYTES = 130  # on both sides of the 100 that a header holds
_MOST_FILE_BYTES = 3_000  # up to six blocks
_MOST_PIECES = 6
_MOST_CHANGES = 3


def bundle(data: bytes) -> None:
    """`Bundle`: any cutting gives the same tar and the same files; no change passes."""
    pieces = Pieces(data)
    created_at = pieces.number(MAX_CREATED_AT)
    files = [
        BundledFile(pieces.text(_MOST_NAME_BYTES), pieces.number(_MOST_FILE_BYTES))
        for _ in range(pieces.number(_MOST_FILES - 1) + 1)
    ]
    try:
        check_names([file.name for file in files])
    except FileNameError:
        return
    bundle = Bundle(files, created_at=created_at)
    contents = [bytes((index + at) % 251 for at in range(f.size)) for index, f in enumerate(files)]
    tar = _fill(bundle, contents, pieces.cuts(bundle.padded_length, most=_MOST_PIECES))
    assert tar == _fill(bundle, contents, [range(bundle.padded_length)])
    if pieces.number(15) == 0:  # slow, and the same for every cutting
        _check_with_tarfile(tar, files, contents, created_at)
    cuts = pieces.cuts(bundle.padded_length, most=_MOST_PIECES)
    assert _compare(bundle, tar, cuts, files=len(files)) == contents
    at, change = pieces.number(bundle.padded_length - 1), pieces.number(254) + 1
    changed = tar[:at] + bytes([tar[at] ^ change]) + tar[at + 1 :]
    try:
        written = _compare(bundle, changed, cuts, files=len(files))
    except ContentsRefusedError:
        return
    # A file's own bytes are for the hashes to judge; everything else is fixed.
    assert sum(map(len, written)) == sum(map(len, contents))
    differences = sum(a != b for a, b in zip(b"".join(written), b"".join(contents), strict=True))
    assert differences == 1


def contents(data: bytes) -> None:
    """`ContentsOpener`: everything as it was sealed, or nothing; no byte in between.

    First a sender who has all keys changes the tar and the manifest, then a service
    that has none changes what was sealed.
    """
    document = _document()
    pieces = Pieces(data)
    tar = _changed(document.tar, pieces)
    sealed_well = document.sealed if tar == document.tar else document.seal(tar)
    sealed = _changed(sealed_well, pieces)
    manifest = _changed_manifest(document.manifest, pieces)
    _check_decryptor(document, tar, sealed, pieces)
    try:
        opened = _open(document, manifest, sealed)
    except ContentsRefusedError:
        assert (tar, sealed, manifest) != (document.tar, document.sealed, document.manifest)
        return
    assert (tar, sealed) == (document.tar, document.sealed)
    assert opened == document.files
    # Of the manifest, only what the contents do not depend on may have changed.
    assert _what_contents_depend_on(manifest) == _what_contents_depend_on(document.manifest)


def _fill(bundle: Bundle, contents: list[bytes], cuts: list[range]) -> bytes:
    tar = bytearray(bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = contents[index][offset : offset + len(out)]

    for cut in cuts:
        bundle.fill(cut.start, memoryview(tar)[cut.start : cut.stop], read=read)
    return bytes(tar)


def _compare(bundle: Bundle, tar: bytes, cuts: list[range], *, files: int) -> list[bytes]:
    sink = _Sink()
    for cut in cuts:
        bundle.compare(cut.start, memoryview(tar)[cut.start : cut.stop], write=sink.write)
    return sink.files(files)


class _Sink:
    """Collects the files' bytes, which have to come in order."""

    def __init__(self) -> None:
        self._written: dict[int, bytearray] = {}

    def write(self, index: int, offset: int, part: memoryview) -> None:
        file = self._written.setdefault(index, bytearray())
        assert offset == len(file)
        file += part

    def files(self, count: int) -> list[bytes]:
        assert all(0 <= index < count for index in self._written)
        return [bytes(self._written.get(index, b"")) for index in range(count)]


def _check_with_tarfile(
    tar: bytes, files: list[BundledFile], contents: list[bytes], created_at: int
) -> None:
    """Python's own reader finds the same files: ours compares, and reads nothing."""
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        members = archive.getmembers()
        assert [(m.name, m.size, m.mtime) for m in members] == [
            (file.name, file.size, created_at) for file in files
        ]
        assert all(m.isreg() and (m.mode, m.uid, m.gid) == (0o644, 0, 0) for m in members)
        for member, content in zip(members, contents, strict=True):
            extracted = archive.extractfile(member)
            assert extracted is not None
            assert extracted.read() == content


# --- one document, sealed once ---------------------------------------------------------

_FILE_KEY = FileKey(bytes(range(16)))
_NONCE = bytes(range(16))
_DOCUMENT_KEY = HybridIdentity(bytes(range(32)))


@dataclass(frozen=True)
class _Document:
    """Three files of two chunks in all, and what anybody could know about them."""

    files: list[bytes]
    tar: bytes
    start: bytes
    sealed: bytes
    manifest: Manifest
    sender: VerifiedMember

    def seal(self, tar: bytes) -> bytes:
        """Seal another tar as a sender may who keeps to no rule but age's."""
        return self.start + _seal_chunks(tar)


@cache
def _document() -> _Document:
    files = [bytes(range(256)) * 270, b"", b"a short one"]
    names = ["scan.jpg", "empty", "compte rendu é.txt"]
    bundled = [BundledFile(name, len(f)) for name, f in zip(names, files, strict=True)]
    bundle = Bundle(bundled, created_at=NOW)
    tar = _fill(bundle, files, [range(bundle.padded_length)])
    layout = SegmentLayout(bundle.padded_length)
    practice = make_practice()
    member = Member.parse(practice.sender.member.payload)
    manifest = Manifest(
        salt="0" * 32,
        document_id=DocumentId("1" * 32),
        origin=member.line.origin,
        created_at=NOW,
        sender=Sender(member.address, member.fingerprint, member.name, member.organisation),
        recipient=Fingerprint("2" * 64),
        contents=Contents(
            files=tuple(
                ContentsFile(name, "image/jpeg", len(f), sha256(f).hexdigest())
                for name, f in zip(names, files, strict=True)
            ),
            padded_length=bundle.padded_length,
            sealed_length=layout.sealed_length,
            tar_length=bundle.tar_length,
            tree_hash=tree_hash([leaf_hash(tar)]).hex(),
        ),
        document=DESCRIPTION,
    )
    start = write_sealed_header(_FILE_KEY, _DOCUMENT_KEY.recipient) + _NONCE
    organisation = Organisation.parse(practice.organisation.payload)
    return _Document(
        files=files,
        tar=tar,
        start=start,
        sealed=start + _seal_chunks(tar),
        manifest=manifest,
        sender=VerifiedMember(organisation=organisation, member=member),
    )


def _seal_chunks(tar: bytes) -> bytes:
    sealer = PayloadSealer.reproduce_for_test_vectors(_FILE_KEY, _NONCE)
    out = bytearray(SegmentLayout(max(1, len(tar))).sealed_length)
    length = sealer.seal_segment(tar, first_chunk_index=0, last=True, out=out)
    return bytes(out[:length])


def _changed(data: bytes, pieces: Pieces) -> bytes:
    """Return `data` after some changes, or none."""
    changed = bytearray(data)
    for _ in range(pieces.number(_MOST_CHANGES)):
        kind, at = pieces.number(5), pieces.number(len(changed))
        some = pieces.take(pieces.number(40))
        block = slice(at - at % 512, at - at % 512 + 512)
        match kind:
            case 0:
                changed[at : at + len(some)] = some
            case 1:
                changed[at:at] = some
            case 2:
                del changed[at:]
            case 3:
                changed[:512], changed[block] = changed[block], changed[:512]
            case 4:
                changed += changed[block]
            case _:
                changed[at : at + 1] = bytes(octet ^ 1 for octet in changed[at : at + 1])
    return bytes(changed)


def _changed_manifest(manifest: Manifest, pieces: Pieces) -> Manifest:
    contents, files = manifest.contents, list(manifest.contents.files)
    for _ in range(pieces.number(_MOST_CHANGES)):
        kind, index, by = pieces.number(8), pieces.number(len(files) - 1), pieces.number(600) - 300
        file = files[index]
        match kind:
            case 0:
                files[index] = replace(file, size=max(0, file.size + by))
            case 1:
                files[index] = replace(file, name=pieces.text(_MOST_NAME_BYTES) or "x")
            case 2:
                files[index] = replace(file, sha256=sha256(pieces.take(8)).hexdigest())
            case 3:
                files.reverse()
            case 4:
                contents = replace(contents, tar_length=max(0, contents.tar_length + by))
            case 5:
                contents = replace(contents, padded_length=max(0, contents.padded_length + by))
            case 6:
                contents = replace(contents, sealed_length=max(0, contents.sealed_length + by))
            case 7:
                contents = replace(contents, tree_hash=sha256(pieces.take(8)).hexdigest())
            case _:
                manifest = replace(manifest, created_at=max(0, manifest.created_at + by))
    return replace(manifest, contents=replace(contents, files=tuple(files)))


def _what_contents_depend_on(manifest: Manifest) -> tuple[object, ...]:
    return manifest.contents, manifest.created_at


def _open(document: _Document, manifest: Manifest, sealed: bytes) -> list[bytes]:
    nobody = Envelope(PayloadType.MANIFEST, b"", bytes(64), bytes(3_309))
    cover = VerifiedCover(
        manifest=manifest,
        manifest_hash="0" * 64,
        sender=document.sender,
        grants=(),
        effective_recipient=manifest.recipient,
        document_key=_DOCUMENT_KEY,
        envelopes=Cover(document_key=_DOCUMENT_KEY, manifest=nobody),
        proof=VERIFIED_HERE,
    )
    sink = _Sink()
    opener = ContentsOpener(cover, write=sink.write)
    # As `receive.read_contents` does with the length that the service states.
    if len(sealed) != opener.layout.sealed_length:
        raise ContentsRefusedError("another length")
    while (where := opener.next_range) is not None:
        opener.open_next(sealed[where.start : where.stop])
    assert opener.finish().cover is cover
    return sink.files(len(manifest.contents.files))


def _check_decryptor(document: _Document, tar: bytes, sealed: bytes, pieces: Pieces) -> None:
    """In pieces of any size: only authentic chunks, in order, and an end that is the end."""
    stream = sealed[START_BYTES:]
    decryptor = PayloadDecryptor(PayloadOpener(_FILE_KEY, _NONCE))
    released = bytearray()
    try:
        for cut in pieces.cuts(len(stream), most=_MOST_PIECES):
            released += decryptor.receive(stream[cut.start : cut.stop])
        released += decryptor.finish()
    except PayloadError:
        assert tar.startswith(released)
        assert stream != _seal_chunks(tar)
    else:
        assert released == tar
        assert stream == _seal_chunks(tar)
        try:
            decryptor.finish()
        except AgeUsageError:
            return
        raise AssertionError("a payload is finished twice")
