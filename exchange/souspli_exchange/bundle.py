"""The contents' plaintext: a tar that is a function of the manifest.

docs/specs/sealed-document.md §1. Names, sizes, `created_at` and the files' bytes
have one right sequence of bytes. A writer makes it; a reader makes it again and
compares. Nobody parses a tar here, so `..`, links, devices, a second entry of the
same name and every other trick of the format are simply a difference.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from souspli_exchange.errors import ContentsRefusedError, ExchangeUsageError

BLOCK_BYTES = 512
MIN_PADDED_BYTES = 65_536  # hides whether a document is a line or a page
MAX_USTAR_SIZE = 8_589_934_592  # 8 GiB: eleven octal digits end just below it
MAX_USTAR_NAME_BYTES = 100
MAX_CREATED_AT = 8_589_934_591  # mtime has eleven octal digits, too: the year 2242

_PRINTABLE_ASCII: Final = range(0x20, 0x7F)
_ZEROS: Final = bytes(65_536)

ReadFile = Callable[[int, int, memoryview], None]
"""`read(file_index, offset, out)` fills all of `out` or raises."""
WriteFile = Callable[[int, int, memoryview], None]
"""`write(file_index, offset, data)` keeps all of `data` or raises."""


@dataclass(frozen=True, slots=True)
class BundledFile:
    """One file as the tar sees it."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of bytes: `fixed` ones, those of a file, or zeros if it is neither."""

    length: int
    fixed: bytes | None = None
    file_index: int | None = None


class Bundle:
    """Where every byte of the padded tar comes from. Holds no file's bytes.

    `files` are in the manifest's order and have passed its rules. Raises
    ExchangeUsageError for a size or moment that no tar can say.
    """

    def __init__(self, files: Sequence[BundledFile], *, created_at: int) -> None:
        if not 0 <= created_at <= MAX_CREATED_AT:
            raise ExchangeUsageError("created_at is no moment that a tar can say")
        pieces: list[_Piece] = []
        for file_index, file in enumerate(files):
            if file.size < 0:
                raise ExchangeUsageError("a file's size is not negative")
            headers = file_headers(file, number=file_index + 1, created_at=created_at)
            pieces.append(_Piece(len(headers), fixed=headers))
            pieces.append(_Piece(file.size, file_index=file_index))
            pieces.append(_Piece(-file.size % BLOCK_BYTES))
        pieces.append(_Piece(2 * BLOCK_BYTES))
        self.tar_length = sum(piece.length for piece in pieces)
        self.padded_length = padded_length(self.tar_length)
        pieces.append(_Piece(self.padded_length - self.tar_length))
        # Empty pieces would share their start with the next one.
        self._pieces = tuple(piece for piece in pieces if piece.length)
        self._starts: list[int] = []
        start = 0
        for piece in self._pieces:
            self._starts.append(start)
            start += piece.length

    def fill(self, start: int, out: memoryview, *, read: ReadFile) -> None:
        """Write the bytes from `start` on into all of `out`; `read` gives the files'."""
        for piece, inside, at, length in self._runs(start, len(out)):
            part = out[at : at + length]
            if piece.file_index is not None:
                read(piece.file_index, inside, part)
            elif piece.fixed is not None:
                part[:] = piece.fixed[inside : inside + length]
            else:
                part[:] = bytes(length)

    def compare(self, start: int, data: memoryview, *, write: WriteFile) -> None:
        """Check that `data` is what stands from `start` on; `write` takes the files' bytes.

        Raises ContentsRefusedError at the first difference. What `write` was given
        is not yet to be trusted: a later part, or the tree hash, may still be wrong.
        """
        for piece, inside, at, length in self._runs(start, len(data)):
            part = data[at : at + length]
            if piece.file_index is not None:
                write(piece.file_index, inside, part)
            elif piece.fixed is not None:
                _check(bytes(part) == piece.fixed[inside : inside + length])
            else:
                for zeros in range(0, length, len(_ZEROS)):
                    expected = _ZEROS[: min(len(_ZEROS), length - zeros)]
                    _check(bytes(part[zeros : zeros + len(expected)]) == expected)

    def _runs(self, start: int, length: int) -> Iterator[tuple[_Piece, int, int, int]]:
        """Yield (piece, offset in it, offset in the range asked for, length)."""
        if start < 0 or start + length > self.padded_length:
            raise ExchangeUsageError("this range is not in the bundle")
        position = start
        piece_index = bisect_right(self._starts, start) - 1
        while position < start + length:
            piece = self._pieces[piece_index]
            inside = position - self._starts[piece_index]
            run = min(piece.length - inside, start + length - position)
            yield piece, inside, position - start, run
            position += run
            piece_index += 1


def padded_length(tar_length: int) -> int:
    """Return how long the padded tar is: at least 64 KiB, at most 12 % more than the tar."""
    return max(MIN_PADDED_BYTES, padme(tar_length))


def padme(length: int) -> int:
    """Return the Padmé length: `length` rounded up so that few bits tell it apart.

    For lengths of 2 and more; Nikitin et al., "Reducing Metadata Leakage from
    Encrypted Files and Communication with PURBs", PETS 2019.
    """
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def file_headers(file: BundledFile, *, number: int, created_at: int) -> bytes:
    """Return the header blocks that stand before a file's bytes; `number` counts from 1."""
    records = _pax_records(file)
    if not records:
        return _ustar_block(file.name, file.size, created_at, typeflag=b"0")
    padding = bytes(-len(records) % BLOCK_BYTES)
    extended = _ustar_block(f"PaxHeaders/{number}", len(records), created_at, typeflag=b"x")
    size = file.size if file.size < MAX_USTAR_SIZE else 0
    plain = _ustar_block(f"file-{number}", size, created_at, typeflag=b"0")
    return extended + records + padding + plain


def _pax_records(file: BundledFile) -> bytes:
    name = file.name.encode()
    fits_name = 1 <= len(name) <= MAX_USTAR_NAME_BYTES and all(o in _PRINTABLE_ASCII for o in name)
    if fits_name and file.size < MAX_USTAR_SIZE:
        return b""
    records = _pax_record(b"path", name)
    if file.size >= MAX_USTAR_SIZE:
        records += _pax_record(b"size", str(file.size).encode())
    return records


def _pax_record(key: bytes, value: bytes) -> bytes:
    """`<length> <key>=<value>\\n`, where the length counts its own digits as well."""
    rest = len(key) + len(value) + 3  # space, equals sign, line feed
    length = rest + len(str(rest))
    if len(str(length)) > len(str(rest)):
        length += 1
    return b"%d %s=%s\n" % (length, key, value)


def _ustar_block(name: str, size: int, created_at: int, *, typeflag: bytes) -> bytes:
    block = bytearray(BLOCK_BYTES)
    encoded = name.encode("ascii")
    block[0 : len(encoded)] = encoded
    block[100:108] = b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"  # uid, gid: nobody's
    block[124:136] = b"%011o\0" % size
    block[136:148] = b"%011o\0" % created_at
    block[148:156] = b" " * 8  # the checksum counts itself as spaces
    block[156:157] = typeflag
    block[257:265] = b"ustar\x0000"
    block[329:337] = block[337:345] = b"0000000\0"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _check(equal: bool) -> None:
    if not equal:
        raise ContentsRefusedError("the contents are not the files that their manifest names")
