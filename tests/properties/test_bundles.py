"""The tar of a document: the same however it is cut, and nothing else passes for it."""

import io
import tarfile
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import descriptions
from properties.profile import examples

from souspli_exchange.bundle import (
    MAX_CREATED_AT,
    MIN_PADDED_BYTES,
    Bundle,
    BundledFile,
    padded_length,
    padme,
)
from souspli_exchange.errors import ContentsRefusedError

FILES = descriptions.file_names(4).flatmap(
    lambda names: st.tuples(
        *(
            st.tuples(st.just(name), st.binary(max_size=60) | st.integers(0, 40_000).map(bytes))
            for name in names
        )
    )
)
MOMENTS = st.integers(0, MAX_CREATED_AT)
Files = tuple[tuple[str, bytes], ...]


def bundle_of(files: Files, created_at: int) -> Bundle:
    return Bundle(
        [BundledFile(name, len(content)) for name, content in files], created_at=created_at
    )


def cuts_of(data: st.DataObject, length: int) -> list[range]:
    places = data.draw(st.lists(st.integers(0, length), max_size=5), label="cuts")
    ends = [0, *sorted(places), length]
    return [range(a, b) for a, b in pairwise(ends)]


def fill(bundle: Bundle, files: Files, cuts: list[range]) -> bytes:
    tar = bytearray(b"\xaa" * bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = files[index][1][offset : offset + len(out)]

    for cut in cuts:
        bundle.fill(cut.start, memoryview(tar)[cut.start : cut.stop], read=read)
    return bytes(tar)


def compare(bundle: Bundle, tar: bytes, cuts: list[range], files: Files) -> list[bytes]:
    written = [bytearray() for _ in files]

    def write(index: int, offset: int, part: memoryview) -> None:
        assert offset == len(written[index])
        written[index] += part

    for cut in cuts:
        bundle.compare(cut.start, memoryview(tar)[cut.start : cut.stop], write=write)
    return [bytes(content) for content in written]


@given(files=FILES, created_at=MOMENTS, data=st.data())
@examples(60)
def test_a_tar_and_its_files_are_the_same_however_they_are_cut(
    files: Files, created_at: int, data: st.DataObject
) -> None:
    bundle = bundle_of(files, created_at)
    whole = fill(bundle, files, [range(bundle.padded_length)])
    cuts = cuts_of(data, bundle.padded_length)
    # In any order, too: segments are filled by several threads.
    assert fill(bundle, files, data.draw(st.permutations(cuts))) == whole
    cuts = cuts_of(data, bundle.padded_length)
    assert compare(bundle, whole, cuts, files) == [content for _, content in files]


@given(files=FILES, created_at=MOMENTS)
@examples(60)
def test_another_program_reads_the_same_files(files: Files, created_at: int) -> None:
    bundle = bundle_of(files, created_at)
    tar = fill(bundle, files, [range(bundle.padded_length)])
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        found = [
            (member.name, archive.extractfile(member), int(member.mtime), member.isreg())
            for member in archive.getmembers()
        ]
        assert [
            (name, opened and opened.read(), moment, regular)
            for name, opened, moment, regular in found
        ] == [(name, content, created_at, True) for name, content in files]


@given(files=FILES, created_at=MOMENTS, data=st.data())
@examples(80)
def test_a_changed_byte_is_refused_or_one_of_a_file(
    files: Files, created_at: int, data: st.DataObject
) -> None:
    bundle = bundle_of(files, created_at)
    tar = fill(bundle, files, [range(bundle.padded_length)])
    headers = bundle._pieces[0].length
    # Headers and padding are small beside the zeros at the end; each gets its share.
    at = data.draw(
        st.integers(0, headers - 1)
        | st.integers(0, bundle.tar_length - 1)
        | st.integers(0, bundle.padded_length - 1)
    )
    changed = bytearray(tar)
    changed[at] ^= data.draw(st.integers(1, 255))
    cuts = cuts_of(data, bundle.padded_length)
    try:
        written = b"".join(compare(bundle, bytes(changed), cuts, files))
    except ContentsRefusedError:
        return
    right = b"".join(content for _, content in files)
    assert len(written) == len(right)
    assert sum(a != b for a, b in zip(written, right, strict=True)) == 1


@given(files=FILES, created_at=MOMENTS, data=st.data())
@examples(40)
def test_the_tar_of_other_files_or_another_moment_is_refused(
    files: Files, created_at: int, data: st.DataObject
) -> None:
    bundle = bundle_of(files, created_at)
    kind = data.draw(st.sampled_from(["moment", "name", "size", "order"]))
    other, moment = list(files), created_at
    if kind == "moment":
        moment = created_at ^ 1
    elif kind == "name":
        other[0] = (other[0][0] + "x", other[0][1])
    elif kind == "size":
        other[0] = (other[0][0], other[0][1] + b"\0")
    else:
        other.append(("another", b""))
    impostor = bundle_of(tuple(other), moment)
    tar = fill(impostor, tuple(other), [range(impostor.padded_length)])
    tar = (tar + bytes(bundle.padded_length))[: bundle.padded_length]
    with pytest.raises(ContentsRefusedError):
        compare(bundle, tar, [range(bundle.padded_length)], files)


@given(st.integers(2, 2**42), st.integers(0, 2**20))
@examples(300)
def test_a_padded_length_says_little_costs_little_and_is_enough(length: int, more: int) -> None:
    padded = padme(length)
    assert length <= padded <= length * 1.12
    assert padme(padded) == padded
    assert padme(length + more) >= padded
    # Only so many bits of it tell anything: log2(log2(length)) + 1 after the first.
    exponent = length.bit_length() - 1
    assert padded % (1 << max(0, exponent - exponent.bit_length())) == 0
    assert padded_length(length) == max(padded, MIN_PADDED_BYTES)
