"""A zip is unpacked whole and unchanged, or refused before it can do harm."""

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.xdm import JUNK
from intake_samples.zipped import (
    bomb,
    encrypted,
    lying,
    overlapping,
    streamed,
    zip64,
    zipped,
)
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.limits import DEFAULT_LIMITS, MIB, Limits
from souspli_cli.intake.zip_listing import read_listing
from souspli_cli.intake.zips import read_zip

FILES = (("a.txt", b"one"), ("dossier/b.txt", b"two" * 1_000), ("vide", b""))


def unpacked(content: bytes, limits: Limits = DEFAULT_LIMITS) -> list[tuple[str, bytes]]:
    return [(file.path, file.content) for file in read_zip(content, limits=limits).files]


@pytest.mark.parametrize("stored", [True, False])
def test_every_file_is_unpacked_as_it_was_packed(*, stored: bool) -> None:
    assert unpacked(zipped(FILES, stored=stored)) == list(FILES)


def test_zips_of_programs_that_can_t_go_back_are_read() -> None:
    assert unpacked(streamed(FILES)) == list(FILES)


def test_zip64_is_read() -> None:
    assert unpacked(zip64("a.txt", b"one")) == [("a.txt", b"one")]


def test_a_zip_behind_something_else_is_read() -> None:
    assert unpacked(b"something else" + zipped(FILES)) == list(FILES)


def test_folders_are_no_files_and_backslashes_are_slashes() -> None:
    assert unpacked(zipped([("d/", b""), ("d\\a.txt", b"x")])) == [("d/a.txt", b"x")]


def test_names_of_old_french_windows_are_read() -> None:
    honest = zipped([("r_sultat.txt", b"x")])
    old = honest.replace(b"r_sultat", b"r\x82sultat")
    assert unpacked(old) == [("résultat.txt", b"x")]


def test_what_computers_leave_in_zips_is_left_out_and_said() -> None:
    archive = read_zip(zipped([*FILES, *JUNK]), limits=DEFAULT_LIMITS)
    assert [(file.path, file.content) for file in archive.files] == list(FILES)
    assert archive.ignored
    assert not read_zip(zipped(FILES), limits=DEFAULT_LIMITS).ignored


@pytest.mark.parametrize(
    ("hostile", "limit"),
    [
        (bomb(257 * MIB), "unpacked_bytes"),
        (bomb(2 * MIB), "ratio"),
        (zipped((f"{number}", b"") for number in range(2_001)), "entries"),
    ],
)
def test_a_zip_beyond_a_limit_is_refused_by_its_name(hostile: bytes, limit: str) -> None:
    with pytest.raises(BeyondLimitsError, match=rf"^{limit}:"):
        unpacked(hostile)


def test_many_small_bombs_count_together() -> None:
    content = zipped((f"{number}", bytes(MIB)) for number in range(5))
    assert len(unpacked(content, Limits(unpacked_bytes=5 * MIB))) == 5
    with pytest.raises(BeyondLimitsError):
        unpacked(content, Limits(unpacked_bytes=5 * MIB - 1))


def _changed(content: bytes, signature: bytes, at: int, value: bytes) -> bytes:
    changed = bytearray(content)
    start = content.index(signature) + at
    changed[start : start + len(value)] = value
    return bytes(changed)


@pytest.mark.parametrize(
    "broken",
    [
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(10),
        encrypted(),
        overlapping(100, 100_000),
        lying(100_000, 1_000),
        lying(1_000, 100_000),
        zipped([("a", b"1"), ("A", b"2")]),
        zipped([("../a", b"1")]),
        zipped(FILES)[:-30],
        _changed(zipped(FILES), b"PK\x03\x04", 30, b"b.txt"),
        _changed(zipped(FILES), b"PK\x01\x02", 16, b"\0\0\0\0"),
        _changed(zipped(FILES), b"PK\x01\x02", 10, b"\x0c"),
        _changed(zipped(FILES), b"PK\x01\x02", 42, struct.pack("<L", 9_999)),
        _changed(zipped(FILES), b"PK\x05\x06", 10, b"\x02\x00"),
        _changed(zipped(FILES), b"PK\x05\x06", 10, b"\x04\x00"),
        _changed(zipped(FILES), b"PK\x05\x06", 16, struct.pack("<L", 9_999)),
        _changed(zipped(FILES), b"PK\x05\x06", 10, b"\xff\xff"),
        _changed(zip64("a", b"1"), b"PK\x06\x07", 8, struct.pack("<Q", 2**63)),
        _changed(zip64("a", b"1"), b"PK\x01\x02", 47, b"\x02\x00"),
        _changed(zipped([("a", b"xyz" * 100)]), b"PK\x03\x04", 31, b"\xff\xff\xff"),
    ],
)
def test_a_zip_that_is_damaged_or_says_two_things_is_none(broken: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        unpacked(broken)


def test_hostile_zips_take_no_memory() -> None:
    hostile = [bomb(257 * MIB), lying(50 * MIB, 1_000), overlapping(1_000, MIB)]
    tracemalloc.start()
    try:
        for content in hostile:
            with pytest.raises((BeyondLimitsError, NotThisFormatError)):
                unpacked(content)
        assert tracemalloc.get_traced_memory()[1] < 3 * MIB
    finally:
        tracemalloc.stop()


@examples(20)
@given(st.data())
def test_no_change_to_a_zip_raises_anything_but_our_own_errors(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([zipped(FILES), zip64("a", b"1")])))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        for entry in read_listing(bytes(content), limits=DEFAULT_LIMITS):
            assert 0 <= entry.start <= entry.start + entry.packed <= len(content)
        unpacked(bytes(content))
    except (BeyondLimitsError, NotThisFormatError):
        return
