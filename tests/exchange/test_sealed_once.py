"""A chunk index is sealed once, also when the source changes between two attempts.

docs/specs/sealed-document.md §2. Two plaintexts under one key and nonce would give both
away. Sealed segments are either sent again as they are, or lost together with their keys.
"""

import hashlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange.faults import Fault
from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW, Practice
from exchange.world import World

from souspli_exchange.errors import SourceChangedError
from souspli_exchange.ids import DocumentId
from souspli_exchange.invitation import NewInvitation
from souspli_exchange.port_errors import UnavailableError
from souspli_exchange.segments import SEGMENT_BYTES, START_BYTES
from souspli_exchange.send import resume, send
from souspli_exchange.sources import PathSource
from souspli_exchange.spool import SpooledDocument

LENGTH = 2 * SEGMENT_BYTES + 100_000
SEGMENTS = 3
# Of a send: look up, open, then the first segment; the next one is not kept any more.
SECOND_SEGMENT = 3


def content(number: int) -> bytes:
    return random.Random(number).randbytes(LENGTH)  # noqa: S311  (no secret)


def change(path: Path) -> None:
    """What somebody else does to the file."""
    path.write_bytes(content(2))


def lose(path: Path) -> None:
    """What somebody else does to the file at last."""
    path.unlink()


class Killed(BaseException):
    """The end of the process, as far as one process can play it."""


class RecordingSpool(MemorySpool):
    """Remembers every segment that was ever sealed, beyond `discard` and `restart`."""

    def __init__(self) -> None:
        super().__init__()
        self.sealed: dict[tuple[DocumentId, int], list[str]] = {}
        self.starts: list[bytes] = []
        """Header and nonce of every file begun: what its file key and nonce are known by."""
        self.killed_at_commit = False
        self._lock = threading.Lock()

    def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes | bytearray | memoryview
    ) -> None:
        with self._lock:
            versions = self.sealed.setdefault((document_id, index), [])
            versions.append(hashlib.sha256(sealed).hexdigest())
            if index == 0:
                self.starts.append(bytes(sealed[:START_BYTES]))
        super().put_segment(document_id, index, sealed)

    def commit(self, document: SpooledDocument) -> None:
        if self.killed_at_commit:
            raise Killed
        super().commit(document)

    def discard(self, document_id: DocumentId) -> None:
        # Whoever is killed cleans up nothing; `restart` does, at the next start.
        if not self.killed_at_commit:
            super().discard(document_id)

    @property
    def documents_begun(self) -> set[DocumentId]:
        return {document_id for document_id, _ in self.sealed}

    def assert_sealed_once(self, *, files: int) -> None:
        """So many files were begun, each under keys of its own, and each index once."""
        assert len(self.starts) == len(set(self.starts)) == files
        assert len(self.documents_begun) == files
        assert [len(versions) for versions in self.sealed.values()] == [1] * files * SEGMENTS


@pytest.fixture
def world(practice: Practice) -> World:
    made = World(practice)
    made.spool = RecordingSpool()
    return made


@pytest.fixture
def spool(world: World) -> RecordingSpool:
    assert isinstance(world.spool, RecordingSpool)
    return world.spool


@pytest.fixture
async def invitation(world: World) -> NewInvitation:
    return await world.invite()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "scan.bin"
    found.write_bytes(content(1))
    return found


@pytest.fixture
def source(path: Path) -> Iterator[PathSource]:
    with PathSource(path, media_type="a/b") as opened:
        yield opened


async def send_path(world: World, invitation: NewInvitation, path: Path) -> None:
    with PathSource(path, media_type="a/b") as opened:
        await send(world.sending(), [opened], DESCRIPTION, [world.addressee(invitation)], now=NOW)


async def test_killed_before_the_commit_everything_is_begun_anew(
    world: World, spool: RecordingSpool, invitation: NewInvitation, path: Path
) -> None:
    spool.killed_at_commit = True
    with pytest.raises(Killed):
        await send_path(world, invitation, path)
    assert len(spool.segments) == SEGMENTS
    spool.killed_at_commit = False
    spool.restart()
    assert not spool.segments
    assert not spool.documents()

    change(path)
    await send_path(world, invitation, path)
    spool.assert_sealed_once(files=2)
    # Of what was sealed first, nothing ever left.
    [arrived] = {document_id for document_id, _ in world.service.sealed_versions}
    assert arrived in spool.documents_begun
    assert arrived == world.service.deliveries[0].document_id
    patient = await world.claim(invitation)
    assert await patient.read_all() == [{"scan.bin": content(2)}]


async def test_killed_after_the_commit_the_very_same_bytes_go_out_again(
    world: World, spool: RecordingSpool, invitation: NewInvitation, path: Path
) -> None:
    """Both times the upload stops in the middle; the file changes, then is gone."""
    stopped = dict.fromkeys(range(SECOND_SEGMENT, 100), Fault.NOT_APPLIED)
    # One more arrives, of which the sender never hears.
    stopped[SECOND_SEGMENT] = Fault.APPLIED
    with PathSource(path, media_type="a/b") as source, pytest.raises(UnavailableError):
        await send(
            world.sending(stopped),
            [source],
            DESCRIPTION,
            [world.addressee(invitation)],
            now=NOW,
        )
    change(path)
    spool.restart()
    [spooled] = spool.documents()
    # This time: open, look at the invitation, and no more.
    stopped = dict.fromkeys(range(2, 100), Fault.NOT_APPLIED)
    with pytest.raises(UnavailableError):
        await resume(world.sending(stopped), spooled, world.own_copies, now=NOW)
    lose(path)
    spool.restart()
    [spooled] = spool.documents()
    await resume(world.sending(), spooled, world.own_copies, now=NOW)

    spool.assert_sealed_once(files=1)
    assert len(world.service.sealed_versions) == SEGMENTS
    assert all(len(versions) == 1 for versions in world.service.sealed_versions.values())
    patient = await world.claim(invitation)
    assert await patient.read_all() == [{"scan.bin": content(1)}]


async def test_a_source_that_changes_while_it_is_sealed_is_sealed_anew_or_not_at_all(
    world: World,
    spool: RecordingSpool,
    invitation: NewInvitation,
    path: Path,
    source: PathSource,
) -> None:
    change(path)
    addressees = [world.addressee(invitation)]
    with pytest.raises(SourceChangedError):
        await send(world.sending(), [source], DESCRIPTION, addressees, now=NOW)
    assert not spool.segments
    assert not world.service.deposits
    await send_path(world, invitation, path)
    spool.assert_sealed_once(files=2)
    patient = await world.claim(invitation)
    assert await patient.read_all() == [{"scan.bin": content(2)}]
