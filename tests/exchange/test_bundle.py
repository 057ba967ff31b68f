"""The tar that is a function of the manifest (sealed-document.md §1)."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_exchange.bundle import (
    MAX_CREATED_AT,
    Bundle,
    BundledFile,
    file_headers,
    padded_length,
    padme,
)
from souspli_exchange.errors import ContentsRefusedError, ExchangeUsageError

CREATED_AT = 1_780_000_000


def build(files: dict[str, bytes], *, created_at: int = CREATED_AT) -> tuple[Bundle, bytearray]:
    bundled = [BundledFile(name, len(content)) for name, content in files.items()]
    contents = list(files.values())
    bundle = Bundle(bundled, created_at=created_at)
    tar = bytearray(bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = contents[index][offset : offset + len(out)]

    bundle.fill(0, memoryview(tar), read=read)
    return bundle, tar


def read_back(bundle: Bundle, tar: bytes | bytearray, *, step: int) -> dict[int, bytes]:
    files: dict[int, bytes] = {}

    def write(index: int, offset: int, data: memoryview) -> None:
        assert len(files.get(index, b"")) == offset
        files[index] = files.get(index, b"") + bytes(data)

    for start in range(0, len(tar), step):
        bundle.compare(start, memoryview(tar)[start : start + step], write=write)
    return files


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=2_000), min_size=1, max_size=5),
    created_at=st.integers(0, MAX_CREATED_AT),
)
def test_python_s_own_tar_reader_finds_the_files_and_nothing_else(
    files: dict[str, bytes], created_at: int
) -> None:
    files = {name.strip("/") or "a": content for name, content in files.items()}
    bundle, tar = build(files, created_at=created_at)
    assert len(tar) == bundle.padded_length
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == list(files)
        assert all(member.isreg() and member.mtime == created_at for member in members)
        contents = [archive.extractfile(member) for member in members]
        assert [file.read() for file in contents if file] == list(files.values())


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=2_000), min_size=1, max_size=4),
    step=st.integers(1, 70_000),
)
def test_a_tar_compared_in_pieces_of_any_size_gives_the_files_back(
    files: dict[str, bytes], step: int
) -> None:
    bundle, tar = build(files)
    found = read_back(bundle, tar, step=max(step, 600))
    assert [found.get(index, b"") for index in range(len(files))] == list(files.values())


@given(data=st.data())
def test_any_changed_byte_outside_the_files_is_refused(data: st.DataObject) -> None:
    bundle, tar = build({"a.pdf": b"x" * 700, "é.pdf": b""})
    in_file = range(512, 512 + 700)
    position = data.draw(
        st.integers(0, len(tar) - 1).filter(lambda position: position not in in_file)
    )
    tar[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ContentsRefusedError):
        read_back(bundle, tar, step=4_096)


def test_a_range_outside_the_bundle_is_a_misuse() -> None:
    bundle, tar = build({"a": b""})
    with pytest.raises(ExchangeUsageError):
        bundle.compare(1, memoryview(tar), write=lambda *_: None)


@pytest.mark.parametrize("created_at", [-1, MAX_CREATED_AT + 1])
def test_a_moment_that_eleven_octal_digits_can_t_say_is_a_misuse(created_at: int) -> None:
    with pytest.raises(ExchangeUsageError):
        Bundle([BundledFile("a", 0)], created_at=created_at)


def test_eight_gibibytes_are_said_by_a_pax_record() -> None:
    size = 8 * 1024**3
    headers = file_headers(BundledFile("a.iso", size), number=1, created_at=CREATED_AT)
    with tarfile.open(fileobj=io.BytesIO(headers), mode="r:") as archive:
        member = archive.next()
    assert member is not None
    assert (member.name, member.size) == ("a.iso", size)
    assert len(file_headers(BundledFile("a.iso", size - 1), number=1, created_at=0)) == 512


def test_a_pax_record_counts_its_own_digits() -> None:
    # Lengths at which the count itself becomes a digit longer.
    for characters in (101, 102, 200, 255, *range(80, 100)):
        name = "é" * (characters // 2) + "x" * (characters % 2)
        headers = file_headers(BundledFile(name, 0), number=7, created_at=CREATED_AT)
        record = headers[512:1024].rstrip(b"\0")
        length, _, rest = record.partition(b" ")
        assert int(length) == len(record)
        assert rest == f"path={name}\n".encode()


@given(st.integers(2, 2**53))
def test_padme_adds_at_most_twelve_per_cent_and_hides_low_bits(length: int) -> None:
    padded = padme(length)
    assert length <= padded <= length * 1.12
    exponent = padded.bit_length() - 1
    hidden = exponent - exponent.bit_length()
    assert padded % (1 << max(0, hidden)) == 0


def test_nothing_is_shorter_than_64_kib() -> None:
    assert padded_length(1_024) == padded_length(65_536) == 65_536
    assert padded_length(65_537) == padme(65_537) > 65_537
