"""What is known of sealed files without a key."""

from pathlib import Path

import pytest
from exchange.offline_world import JEANNE, PAUL, reader, seal

from souspli_exchange.bundle import padded_length
from souspli_exchange.errors import SealedFolderError
from souspli_exchange.offline_inspect import NotOurs, Role, inspect_file, inspect_folder
from souspli_exchange.offline_open import open_folder_cover


def test_without_a_key_lengths_and_recipients_are_known(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[JEANNE, PAUL])
    facts = inspect_folder(folder)
    assert facts.covers.keys() == {i.identity.public.fingerprint for i in (JEANNE, PAUL)}
    assert facts.others == ()
    for cover in facts.covers.values():
        assert cover.not_ours is None
        assert cover.roles == (Role.COVER,)
        assert cover.recipient_types == ("mlkem768x25519",)
    contents = facts.contents
    assert contents.size == (folder / "contents.age").stat().st_size
    assert contents.header_bytes == 1_627
    assert contents.payload is not None
    assert (contents.payload.plain_bytes, contents.payload.chunks) == (65_536, 1)
    assert contents.payload.segments == 1
    assert contents.roles == (Role.COVER, Role.CONTENTS)
    assert contents.tar_bytes is not None
    tar = open_folder_cover(folder, reader=reader()).manifest.contents.tar_length
    assert tar in contents.tar_bytes


@pytest.mark.parametrize("size", [0, 60_000, 64_000, 70_000, 1_000_000, 9_000_000])
def test_the_bounds_of_the_tar_hold_its_length_and_are_as_narrow_as_they_can_be(
    size: int, tmp_path: Path
) -> None:
    folder = seal(tmp_path / "d", files={"a": bytes(size)})
    contents = inspect_file(folder / "contents.age")
    bounds = contents.tar_bytes
    assert bounds is not None
    assert contents.payload is not None
    tar = open_folder_cover(folder, reader=reader()).manifest.contents.tar_length
    assert tar in bounds
    for length in (bounds[0], bounds[-1]):
        assert padded_length(length) == contents.payload.plain_bytes
    if bounds[0] > 1_536:
        assert padded_length(bounds[0] - 512) < contents.payload.plain_bytes


def test_a_folder_tells_what_else_lies_in_it(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    for name in ("notes.txt", "covers/Anne.age", f"covers/{'0' * 64}"):
        (folder / name).write_bytes(b"")
    assert set(inspect_folder(folder).others) == {
        "notes.txt", "covers/Anne.age", f"covers/{'0' * 64}",
    }  # fmt: skip


def test_no_folder_of_ours_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SealedFolderError):
        inspect_folder(tmp_path)


_RAW = b"A" * 43  # 32 bytes of zeros, as age writes base64
X25519 = b"age-encryption.org/v1\n-> X25519 %b\n%b\n--- %b\n" % (_RAW, _RAW, _RAW)


@pytest.mark.parametrize(
    ("content", "reason", "types"),
    [
        (b"", NotOurs.NOT_AGE, ()),
        (b"%PDF-1.7", NotOurs.NOT_AGE, ()),
        (b"age-encryption.org/v2\n", NotOurs.NOT_AGE, ()),
        (b"age-encryption.org/v1\n", NotOurs.CUT_SHORT, ()),
        (b"age-encryption.org/v1\nhello\n", NotOurs.HEADER, ()),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl", NotOurs.ARMORED, ()),
        (X25519 + bytes(15), NotOurs.CUT_SHORT, ("X25519",)),
        (X25519 + bytes(16 + 20), NotOurs.RECIPIENT_TYPE, ("X25519",)),
        (X25519.replace(b"\n--- ", b"\n-> other a\n\n--- ") + bytes(36), NotOurs.RECIPIENTS,
         ("X25519", "other")),
        (X25519.replace(b"X25519 ", b"mlkem768x25519 ") + bytes(36), NotOurs.HEADER,
         ("mlkem768x25519",)),
    ],
)  # fmt: skip
def test_why_a_file_is_not_ours(
    content: bytes, reason: NotOurs, types: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    facts = inspect_file(path)
    assert (facts.not_ours, facts.recipient_types) == (reason, types)
    assert facts.roles == ()
    assert facts.tar_bytes is None


def test_a_length_that_no_payload_has_is_told(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    contents = folder / "contents.age"
    contents.write_bytes(contents.read_bytes() + b"x")
    assert inspect_file(contents).not_ours is NotOurs.LENGTH
    assert inspect_file(contents).payload is None
