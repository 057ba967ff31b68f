"""A folder with all files of a document in it, or nothing at all."""

import resource
import stat
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW, Practice
from exchange.world import PatientSide, World

from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.contents_opener import VerifiedContents
from souspli_exchange.durable import sync_file, write_at
from souspli_exchange.errors import (
    ContentsRefusedError,
    ExchangeUsageError,
    OutputError,
    OutputExistsError,
)
from souspli_exchange.extraction import Extraction
from souspli_exchange.ids import new_document_id, new_invitation_id
from souspli_exchange.manifest import ContentsFile
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.receive import fetch_cover, open_into_folder
from souspli_exchange.sources import BytesSource
from souspli_exchange.verified import VERIFIED_HERE


def files(*names: str) -> list[ContentsFile]:
    return [ContentsFile(name, "text/plain", 3, None) for name in names]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


Verified = Callable[[Sequence[ContentsFile]], VerifiedContents]


@pytest.fixture(scope="module")
def verified(practice: Practice) -> Verified:
    """What the opener would have returned for a document with these files."""
    spool, document_id = MemorySpool(), new_document_id()
    spooled = seal_into_spool(
        [BytesSource("a", "text/plain", b"")],
        DESCRIPTION,
        [VerifiedRecipient(new_invitation_id(), practice.root.public, None, attested=False)],
        document_id=document_id,
        sender=practice.sender,
        spool=spool,
        now=NOW,
    )
    cover = practice.sender.open_own_cover(spooled.sender_cover, document_id)

    def of(named: Sequence[ContentsFile]) -> VerifiedContents:
        contents = replace(cover.manifest.contents, files=tuple(named))
        manifest = replace(cover.manifest, contents=contents)
        return VerifiedContents(replace(cover, manifest=manifest), VERIFIED_HERE)

    return of


@contextmanager
def files_of_at_most(length: int) -> Generator[None]:
    """Have the system refuse to make files longer, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_folder_appears_with_every_file_in_it(tmp_path: Path, verified: Verified) -> None:
    folder = tmp_path / "document"
    named = files("a.txt", "empty.txt", "b.txt")
    with Extraction(folder, named) as extraction:
        extraction.write(0, 0, memoryview(b"on"))
        extraction.write(0, 2, memoryview(b"e"))
        extraction.write(2, 0, memoryview(b"two"))
        assert not folder.exists()
        paths = extraction.release(verified(named))
    assert [path.read_bytes() for path in paths] == [b"one", b"", b"two"]
    assert left_in(tmp_path) == ["document"]
    assert left_in(folder) == ["a.txt", "b.txt", "empty.txt"]
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_stays_without_release(tmp_path: Path) -> None:
    with Extraction(tmp_path / "document", files("a.txt")) as extraction:
        extraction.write(0, 0, memoryview(b"secret"))
    assert left_in(tmp_path) == []


def test_a_thread_that_writes_too_late_writes_nowhere(tmp_path: Path) -> None:
    with Extraction(tmp_path / "document", files("a.txt")) as extraction:
        pass
    with pytest.raises(OutputError):
        extraction.write(0, 0, memoryview(b"late"))
    assert left_in(tmp_path) == []


def test_nothing_stays_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with Extraction(tmp_path / "document", files("a.txt")) as extraction:
            extraction.write(0, 0, memoryview(b"secret"))
            raise ContentsRefusedError("the last chunk was wrong")

    with pytest.raises(ContentsRefusedError):
        fail()
    assert left_in(tmp_path) == []


def test_files_are_released_once_and_only_as_verified(tmp_path: Path, verified: Verified) -> None:
    named = files("a.txt")
    with Extraction(tmp_path / "document", named) as extraction:
        with pytest.raises(ExchangeUsageError):
            extraction.release(verified(files("b.txt")))
        extraction.release(verified(named))
        with pytest.raises(ExchangeUsageError):
            extraction.release(verified(named))
    assert left_in(tmp_path) == ["document"]


@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_nothing_that_exists_is_replaced(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "document"
    if what == "file":
        folder.write_bytes(b"mine")
    elif what == "folder":
        folder.mkdir()
    else:
        folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExistsError):
        Extraction(folder, files("a.txt"))
    assert left_in(tmp_path) == ["document"]


def test_what_appears_meanwhile_is_not_replaced_either(tmp_path: Path, verified: Verified) -> None:
    folder = tmp_path / "document"
    named = files("a.txt")
    with Extraction(folder, named) as extraction:
        folder.mkdir()
        with pytest.raises(OutputExistsError):
            extraction.release(verified(named))
    assert left_in(tmp_path) == ["document"]
    assert left_in(folder) == []


def test_a_folder_that_can_t_be_made_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Extraction(tmp_path / "missing" / "document", files("a.txt"))


def test_names_are_stored_safely(tmp_path: Path, verified: Verified) -> None:
    named = files(".bashrc", "a?.txt", "a*.txt")
    with Extraction(tmp_path / "document", named) as extraction:
        paths = extraction.release(verified(named))
    assert [path.name for path in paths] == ["_.bashrc", "a_.txt", "a_ (2).txt"]


def test_many_files_take_few_descriptors(tmp_path: Path, verified: Verified) -> None:
    named = files(*(f"{number}.txt" for number in range(100)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Extraction(tmp_path / "document", named) as extraction:
        for index in range(100):
            extraction.write(index, 0, memoryview(b"x"))
            extraction.write(index, 1, memoryview(b"y"))
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 8
        extraction.release(verified(named))


def test_a_file_stays_open_until_both_of_its_writers_have_written(
    tmp_path: Path, verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the slower one would write into whatever has that descriptor by then."""
    writing, go_on = threading.Event(), threading.Event()

    def slow(descriptor: int, offset: int, data: memoryview) -> None:
        if data == b"slow":
            writing.set()
            go_on.wait()
        write_at(descriptor, offset, data)

    monkeypatch.setattr("souspli_exchange.extraction.write_at", slow)
    named = files(*(f"{n}.txt" for n in range(10)))
    with Extraction(tmp_path / "document", named) as extraction:
        slower = threading.Thread(target=extraction.write, args=(0, 0, memoryview(b"slow")))
        slower.start()
        writing.wait()
        extraction.write(0, 4, memoryview(b" and quick"))
        for index in range(1, 10):  # more than stay open
            extraction.write(index, 0, memoryview(b"x"))
        go_on.set()
        slower.join()
        paths = extraction.release(verified(named))
    assert [path.read_bytes() for path in paths] == [b"slow and quick", *[b"x"] * 9]


def test_a_link_in_a_file_s_place_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    with Extraction(tmp_path / "document", files("a.txt")) as extraction:
        [made] = tmp_path.glob(".souspli-*/a.txt")
        made.unlink()
        made.symlink_to(tmp_path / "mine")
        with pytest.raises(OutputError):
            extraction.write(0, 0, memoryview(b"theirs"))
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_nothing_is_written_while_the_files_are_released(
    tmp_path: Path, verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that a cancelled reader left behind must not change what was verified."""
    named = files("a.txt")
    refused: list[OutputError] = []
    with Extraction(tmp_path / "document", named) as extraction:
        extraction.write(0, 0, memoryview(b"verified"))

        def write_late(path: Path) -> None:
            try:
                extraction.write(0, 0, memoryview(b"late"))
            except OutputError as error:
                refused.append(error)
            sync_file(path)

        monkeypatch.setattr("souspli_exchange.extraction.sync_file", write_late)
        [path] = extraction.release(verified(named))
    assert len(refused) == 1
    assert path.read_bytes() == b"verified"


def test_a_disk_that_cannot_sync_a_folder_s_name_has_the_folder(
    tmp_path: Path, verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(folder: Path) -> None:
        if folder == tmp_path:
            raise OSError

    monkeypatch.setattr("souspli_exchange.extraction.sync_folder", sync)
    named = files("a.txt")
    with Extraction(tmp_path / "document", named) as extraction:
        [path] = extraction.release(verified(named))
    assert path.exists()


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with Extraction(tmp_path / "document", files("a.txt", "b.txt")) as extraction:
            extraction.write(0, 0, memoryview(b"x"))
            extraction.write(1, 0, memoryview(bytes(10_000)))

    with files_of_at_most(4_096), pytest.raises(OutputError) as failure:
        fill()
    assert failure.value.temporary
    assert left_in(tmp_path) == []


@pytest.fixture
async def reading(practice: Practice) -> tuple[World, PatientSide]:
    world = World(practice)
    invitation = await world.invite()
    sources = [
        BytesSource("é.pdf", "application/pdf", b"%PDF" * 9_000),
        BytesSource("b", "a/b", b""),
    ]
    await world.send(invitation, sources=sources)
    return world, await world.claim(invitation)


async def test_a_received_document_opens_into_a_folder(
    reading: tuple[World, PatientSide], tmp_path: Path
) -> None:
    world, patient = reading
    [delivery] = world.service.deliveries
    receiving = patient.receiving()
    fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
    opened = await open_into_folder(
        receiving, delivery.delivery_id, fetched.cover, tmp_path / "document"
    )
    assert opened.verified.cover is fetched.cover
    assert [path.read_bytes() for path in opened.paths] == [b"%PDF" * 9_000, b""]


@pytest.mark.parametrize("trouble", ["full disk", "byte changed", "cut short", "longer"])
async def test_whatever_goes_wrong_nothing_partial_stays(
    reading: tuple[World, PatientSide], tmp_path: Path, trouble: str
) -> None:
    world, patient = reading
    [delivery] = world.service.deliveries
    deposit = world.service.deposits[delivery.document_id]
    receiving = patient.receiving()
    fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
    sealed = deposit.segments[0]
    if trouble == "byte changed":
        deposit.segments[0] = sealed[:-1] + bytes([sealed[-1] ^ 1])
    elif trouble == "cut short":
        deposit.segments[0] = sealed[:-1]
    elif trouble == "longer":
        deposit.sealed_length += 1
    limit = 20_000 if trouble == "full disk" else 10_000_000
    expected = OutputError if trouble == "full disk" else ContentsRefusedError
    with files_of_at_most(limit), pytest.raises(expected):
        await open_into_folder(
            receiving, delivery.delivery_id, fetched.cover, tmp_path / "document"
        )
    assert left_in(tmp_path) == []
