"""Zips, ordinary ones by the standard library, hostile ones byte by byte."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from functools import cache

Entries = Iterable[tuple[str, bytes]]


def zipped(entries: Entries, *, stored: bool = False) -> bytes:
    """Return a zip of these files."""
    written = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return written.getvalue()


def streamed(entries: Entries) -> bytes:
    """Return a zip with data descriptors, as programs write that can't go back."""

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise io.UnsupportedOperation

    written = Stream()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return written.getvalue()


def zip64(name: str, content: bytes) -> bytes:
    """Return a zip whose one entry and whose listing state their sizes in zip64 fields."""
    raw = name.encode()
    crc = zlib.crc32(content)
    extra = struct.pack("<2H2Q", 1, 16, len(content), len(content))
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 45, 0, 0, 0, 33, crc, *_FULL, len(raw), 20)
    local += raw + extra + content
    listing = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 45, 45, 0, 0, 0, 33, crc, *_FULL, len(raw), 20, 0, 0, 0, 0, 0),
    )
    listing += raw + extra
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(listing), len(local))
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(local) + len(listing), 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, *_FULL, 0)
    return local + listing + end + locator + last


@cache
def bomb(size: int) -> bytes:
    """Return a zip whose one entry unpacks to `size` zeros."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros.bin", bytes(size))
    return written.getvalue()


def lying(size: int, stated: int) -> bytes:
    """Return a zip whose entry states another size than it unpacks to."""
    honest = bytearray(zipped([("zeros.bin", bytes(size))]))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", honest, honest.index(signature) + at, stated)
    return bytes(honest)


def overlapping(copies: int, size: int) -> bytes:
    """Return a zip whose entries all are the same bytes: a bomb without nesting."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(bytes(size)) + packer.flush()
    crc, name = zlib.crc32(bytes(size)), b"same"
    fields = (20, 0, 8, 0, 33, crc, len(packed), size)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields, len(name), 0) + name + packed
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields, len(name), 0, 0, 0, 0, 0, 0)
    listing = (entry + name) * copies
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(listing), len(local), 0)
    return local + listing + end


def encrypted(name: str = "secret.pdf") -> bytes:
    """Return a zip that says it is encrypted."""
    honest = bytearray(zipped([(name, b"secret")]))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", honest, honest.index(signature) + at, 1)
    return bytes(honest)


def nested(depth: int, innermost: bytes = b"x") -> bytes:
    """Return a zip in a zip in a zip."""
    content = innermost
    for _ in range(depth):
        content = zipped([("inner.zip", content)])
    return content


_FULL = (0xFFFFFFFF, 0xFFFFFFFF)
