"""Documents that no service carries are sealed into a folder: whole, or nothing is left."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.offline_world import (
    ANNE,
    FILES,
    JEANNE,
    NOBODY,
    PAUL,
    left_in,
    read_back,
    reader,
    seal,
    sources_of,
)
from exchange.people import DESCRIPTION, NOW

from souspli_exchange.errors import (
    ExchangeUsageError,
    FileNameError,
    ManifestRefusedError,
    OutputError,
    OutputExistsError,
    SourceChangedError,
    SourceError,
    TooLargeToSendError,
)
from souspli_exchange.offline_identity import OFFLINE_ORIGIN
from souspli_exchange.offline_open import open_folder_cover, verify_folder
from souspli_exchange.offline_seal import seal_into_folder
from souspli_exchange.sources import BytesSource, Source


def test_what_was_sealed_opens_for_each_recipient(tmp_path: Path) -> None:
    folder = seal(tmp_path / "scellé", to=[JEANNE, PAUL])
    assert read_back(folder, tmp_path / "1", JEANNE) == FILES
    assert read_back(folder, tmp_path / "2", PAUL) == FILES


def test_a_reader_with_several_identities_opens_what_is_for_one_of_them(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[PAUL])
    assert read_back(folder, tmp_path / "out", JEANNE, PAUL) == FILES


def test_the_folder_holds_contents_and_one_cover_for_each_recipient(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[JEANNE, PAUL, JEANNE])
    assert left_in(folder) == ["contents.age", "covers"]
    names = {f"{identity.identity.public.fingerprint}.age" for identity in (JEANNE, PAUL)}
    assert set(left_in(folder / "covers")) == names
    assert left_in(tmp_path) == ["d"]


def test_only_its_owner_may_look_into_the_folder(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    for path in (folder, folder / "covers"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (folder / "contents.age", *(folder / "covers").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_manifest_says_who_sealed_what_and_that_no_service_did(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", document=DESCRIPTION)
    manifest = open_folder_cover(folder, reader=reader()).manifest
    assert manifest.origin == OFFLINE_ORIGIN == "offline.invalid"
    assert manifest.sender == ANNE.sender
    assert manifest.document == DESCRIPTION
    assert manifest.recipient == JEANNE.identity.public.fingerprint
    assert manifest.created_at == NOW


def test_a_document_of_several_segments_opens(tmp_path: Path) -> None:
    files = {"grand": os.urandom(9_000_000), "petit": b"x"}
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "d"
    seal_into_folder(
        folder, sources_of(files), NOBODY, [JEANNE.identity.public], sender=ANNE, now=NOW,
        on_segment=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[-1][0] == seen[-1][1] > 1
    assert read_back(folder, tmp_path / "out") == files


def test_checking_a_folder_keeps_nothing(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    verify_folder(folder, open_folder_cover(folder, reader=reader()))
    assert left_in(tmp_path) == ["d"]


class Shrinking(BytesSource):
    """A file that changes while it is read."""

    def check_unchanged(self) -> None:
        raise SourceChangedError("changed")


@pytest.mark.parametrize(
    ("sources", "error"),
    [
        ([], TooLargeToSendError),
        ([BytesSource("a/b", "text/plain", b"")], FileNameError),
        ([Shrinking("a", "text/plain", b"x")], SourceChangedError),
        ([BytesSource("é" * 100 + f"{n}", "text/plain", b"") for n in range(999)], SourceError),
    ],
    ids=["no file", "a name with a slash", "a file that changes", "too many words"],
)
def test_what_can_not_be_sealed_leaves_nothing(
    sources: list[Source], error: type[SourceError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        seal_into_folder(
            tmp_path / "d", sources, NOBODY, [JEANNE.identity.public], sender=ANNE, now=NOW
        )
    assert left_in(tmp_path) == []


def test_a_title_that_no_manifest_may_hold_is_refused_before_anything(tmp_path: Path) -> None:
    with pytest.raises(ManifestRefusedError):
        seal(tmp_path / "d", document=replace(NOBODY, title="x" * 201))
    assert left_in(tmp_path) == []


def test_a_document_for_nobody_is_not_sealed(tmp_path: Path) -> None:
    with pytest.raises(ExchangeUsageError):
        seal(tmp_path / "d", to=[])


@pytest.mark.parametrize("what", ["folder", "file", "dangling link"])
def test_nothing_that_is_there_is_replaced(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    match what:
        case "folder":
            folder.mkdir()
        case "file":
            folder.write_bytes(b"mine")
        case _:
            folder.symlink_to("nowhere")
    with pytest.raises(OutputExistsError):
        seal(folder)
    assert left_in(tmp_path) == ["d"]


def test_a_folder_that_can_not_be_made_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        seal(tmp_path / "missing" / "d")
