"""Small facts about documents that no service carries."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchange.people import NOW

from souspli_exchange import contents_sealer, manifest, offline_folder, offline_seal
from souspli_exchange.age.header import MAX_HEADER_BYTES
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.cover import MAX_COVER_BYTES, PADDING_BYTES, Cover
from souspli_exchange.errors import (
    BeyondLimitsError,
    CoverRefusedError,
    ExchangeUsageError,
    ManifestRefusedError,
    NotForMeError,
    TooLargeToSendError,
)
from souspli_exchange.manifest import MAX_FILES, Description, Limits
from souspli_exchange.offline_folder import NewSealedFolder, cover_path, read_start
from souspli_exchange.offline_identity import new_identity
from souspli_exchange.offline_inspect import (
    FileFacts,
    NotOurs,
    Payload,
    Role,
    inspect_file,
    inspect_folder,
)
from souspli_exchange.offline_open import (
    OfflineReader,
    claimed_manifest,
    open_cover_file,
    open_folder_cover,
    verify_folder,
)
from souspli_exchange.offline_seal import seal_into_folder
from souspli_exchange.sealed import MAX_SEALED_COVER_BYTES, seal_cover
from souspli_exchange.sealed_file import FileSink, seal_to_file
from souspli_exchange.segments import START_BYTES
from souspli_exchange.sources import BytesSource
from souspli_keys.dsse import ML_DSA_65_SIGNATURE_BYTES, Envelope, PayloadType

ANNE, JEANNE = new_identity(name="Dr Anne Dupont"), new_identity()
DESCRIPTION = Description(title="Compte rendu", date="2026-05-28", patient=None)
READER = OfflineReader([JEANNE.identity], [ANNE.public_file])
LONGEST = b"age-encryption.org/v1\n".ljust(MAX_HEADER_BYTES, b"A")
HUGE = 1 << 42  # 4 TiB of nothing: more than any memory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "document"
    told: list[tuple[int, int]] = []
    seal_into_folder(
        made,
        [BytesSource("a", "a/b", b"x")],
        DESCRIPTION,
        [JEANNE.identity.public],
        sender=ANNE,
        now=NOW,
        on_segment=lambda *done: told.append(done),
    )
    assert told == [(1, 1)]
    return made


def cover_in(folder: Path) -> Path:
    return cover_path(folder, JEANNE.identity.public.fingerprint)


def test_what_a_cover_claims_is_read_from_the_folder_or_the_file(folder: Path) -> None:
    """Whoever sent it: nobody was named here."""
    reader = OfflineReader([JEANNE.identity], [])
    verified = open_folder_cover(folder, reader=READER).manifest
    assert claimed_manifest(folder, reader=reader) == verified
    assert claimed_manifest(cover_in(folder), reader=reader) == verified
    with pytest.raises(NotForMeError):
        claimed_manifest(folder, reader=OfflineReader([ANNE.identity], []))
    with pytest.raises(BeyondLimitsError):
        claimed_manifest(folder, reader=OfflineReader([JEANNE.identity], [], Limits(max_bytes=0)))


def test_who_verifies_is_told_of_each_segment(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    cover = open_folder_cover(folder, reader=READER)
    verified = verify_folder(folder, cover, on_segment=lambda *done: told.append(done))
    assert verified.cover is cover
    assert told == [(1, 1)]


def test_with_larger_limits_more_files_are_sealed_and_opened(tmp_path: Path) -> None:
    many = [BytesSource(f"{number}", "a/b", b"") for number in range(MAX_FILES + 1)]
    larger = Limits(max_files=MAX_FILES + 1)
    for limits in (Limits(), larger):
        try:
            seal_into_folder(
                tmp_path / "document",
                many,
                DESCRIPTION,
                [JEANNE.identity.public],
                sender=ANNE,
                now=NOW,
                limits=limits,
            )
        except TooLargeToSendError:
            assert limits is not larger
    reader = OfflineReader([JEANNE.identity], [ANNE.public_file], larger)
    cover = open_folder_cover(tmp_path / "document", reader=reader)
    assert len(cover.manifest.contents.files) == MAX_FILES + 1


@pytest.mark.parametrize("size", [100, 101])
def test_a_file_of_the_most_bytes_that_are_hashed_has_a_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """64 MiB, made small here; one byte more, and it has none."""
    for module in (manifest, contents_sealer, offline_seal):
        monkeypatch.setattr(module, "MAX_HASHED_FILE_BYTES", 100)
    source = BytesSource("a", "a/b", bytes(size))
    recipients = [JEANNE.identity.public]
    offline_seal.seal_into_folder(
        tmp_path / "document", [source], DESCRIPTION, recipients, sender=ANNE, now=NOW
    )
    [file] = open_folder_cover(tmp_path / "document", reader=READER).manifest.contents.files
    assert (file.sha256 is None) == (size > 100)


def test_a_sealed_file_that_somebody_removed_meanwhile_is_not_missed(tmp_path: Path) -> None:
    with FileSink(tmp_path / "contents.age", length=1) as sink:
        assert repr(sink) == "FileSink(…)"
        (tmp_path / "contents.age").unlink()


def test_more_bytes_than_the_limits_are_not_sealed_into_a_file(tmp_path: Path) -> None:
    source = BytesSource("a", "a/b", b"xx")
    path = tmp_path / "contents.age"
    with pytest.raises(TooLargeToSendError):
        seal_to_file([source], path, created_at=NOW, limits=Limits(max_bytes=1))
    assert not path.exists()


def test_of_a_file_only_so_much_is_read_as_a_cover_or_a_header_may_have(folder: Path) -> None:
    cover = cover_in(folder)
    assert read_start(cover, most=3) == b"age"
    with cover.open("r+b") as file:
        file.truncate(HUGE)
    with pytest.raises(CoverRefusedError):
        open_cover_file(cover, reader=READER)
    with pytest.raises(CoverRefusedError):
        claimed_manifest(cover, reader=READER)
    facts = inspect_file(cover)
    assert (facts.size, facts.header_bytes) == (HUGE, START_BYTES - 16)


def test_the_largest_cover_is_read_to_its_end(tmp_path: Path) -> None:
    envelope = Envelope(
        payload_type=PayloadType.MANIFEST,
        payload=bytes(388_000),
        ed25519=bytes(64),
        ml_dsa_65=bytes(ML_DSA_65_SIGNATURE_BYTES),
    )
    path = tmp_path / "cover.age"
    cover = Cover(document_key=HybridIdentity(bytes(32)), manifest=envelope)
    path.write_bytes(seal_cover(cover, JEANNE.identity.public))
    assert path.stat().st_size == MAX_SEALED_COVER_BYTES > MAX_COVER_BYTES
    for read in (open_cover_file, claimed_manifest):
        with pytest.raises(ManifestRefusedError):  # its zeros are none, but that is seen later
            read(path, reader=READER)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", NotOurs.ARMORED),
        (b"age-encryption.org/v1\n", NotOurs.CUT_SHORT),
        (b"age-encryption.org/v1\nhello\n", NotOurs.HEADER),
        (LONGEST, NotOurs.CUT_SHORT),
        (LONGEST + b"A", NotOurs.HEADER),
    ],
    ids=["armored", "cut short", "header", "longest cut short", "too long"],
)
def test_of_a_file_that_is_not_ours_the_size_is_told(
    tmp_path: Path, content: bytes, reason: NotOurs
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    facts = inspect_file(path)
    assert (facts.size, facts.not_ours, facts.payload) == (len(content), reason, None)


@pytest.mark.parametrize(
    ("plain", "roles"),
    [
        (0, ()),
        (PADDING_BYTES - 1, ()),
        (PADDING_BYTES, (Role.COVER,)),
        (PADDING_BYTES + 1, ()),
        (65_536, (Role.COVER, Role.CONTENTS)),
        (65_537, ()),
        (MAX_COVER_BYTES, (Role.COVER, Role.CONTENTS)),
        (2 * MAX_COVER_BYTES, (Role.CONTENTS,)),
    ],
)
def test_a_payload_s_length_says_what_a_file_may_be(plain: int, roles: tuple[Role, ...]) -> None:
    payload = Payload(plain, chunks=1, segments=1)
    assert FileFacts(1, None, payload=payload).roles == roles
    assert FileFacts(1, NotOurs.RECIPIENTS, payload=payload).roles == ()


def test_a_file_without_a_payload_may_be_nothing() -> None:
    assert FileFacts(1, None).roles == ()
    assert FileFacts(1, None).tar_bytes is None


def test_a_tar_has_whole_blocks_up_to_the_padded_length() -> None:
    facts = FileFacts(1, None, payload=Payload(65_536, chunks=1, segments=1))
    assert facts.tar_bytes == range(3 * 512, 65_536 + 512, 512)


@pytest.mark.parametrize(
    ("size", "reason"), [(START_BYTES - 1, NotOurs.CUT_SHORT), (START_BYTES, NotOurs.LENGTH)]
)
def test_contents_that_end_with_their_nonce_have_a_length_that_no_payload_has(
    folder: Path, size: int, reason: NotOurs
) -> None:
    contents = folder / "contents.age"
    assert str(inspect_file(contents).payload) == "Payload(plain_bytes=65536, chunks=1, segments=1)"
    contents.write_bytes(contents.read_bytes()[:size])
    facts = inspect_file(contents)
    assert (facts.not_ours, facts.payload) == (reason, None)


def test_what_is_named_like_a_cover_and_is_none_is_told_apart(folder: Path) -> None:
    covers = folder / "covers"
    (covers / f"{'0' * 64}.age").mkdir()
    mine = JEANNE.identity.public.fingerprint
    for name in (mine, "1" * 64, f"{'2' * 64}.txt", "Anne.age", ".age"):
        (covers / name).write_bytes(b"")
    facts = inspect_folder(folder)
    assert facts.covers.keys() == {mine}
    assert set(facts.others) == {
        f"covers/{'0' * 64}.age", f"covers/{'1' * 64}", f"covers/{'2' * 64}.txt",
        "covers/Anne.age", "covers/.age", f"covers/{mine}",
    }  # fmt: skip


def test_a_folder_is_released_once(tmp_path: Path) -> None:
    with NewSealedFolder(tmp_path / "document") as new:
        new.release()
        with pytest.raises(ExchangeUsageError):
            new.release()
    assert (tmp_path / "document").exists()


def test_a_disk_that_cannot_sync_a_folder_s_name_has_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(folder: Path) -> None:
        if folder == tmp_path:
            raise OSError

    monkeypatch.setattr(offline_folder, "sync_folder", sync)
    with NewSealedFolder(tmp_path / "document") as new:
        new.release()
    assert (tmp_path / "document").exists()
