"""The store in a folder: crashes, a full disk, deletions that fail, permissions."""

import hashlib
import os
import resource
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from souspli_storage.blobs import Part
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import (
    NoSuchObjectError,
    NotDeletedError,
    PartsMissingError,
    StorageFullError,
    StoreDamagedError,
)

PIECES = (b"a" * 100, b"b" * 50)
PARTS = tuple(
    Part(number, len(piece), hashlib.sha256(piece).digest()) for number, piece in enumerate(PIECES)
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def upload(store: DiskBlobs, key: str) -> None:
    store.begin(key)
    for number, piece in enumerate(PIECES):
        store.put_part(key, number, piece, hashlib.sha256(piece).digest())


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_another_process_finds_what_one_has_kept(root: Path, key: str) -> None:
    upload(DiskBlobs(root), key)
    DiskBlobs(root).complete(key, PARTS)
    assert DiskBlobs(root).read(key, 90, 20) == b"a" * 10 + b"b" * 10


def test_files_and_folders_are_for_their_owner_alone(root: Path, key: str) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    store.complete(key, PARTS)
    for path in (root, *root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_file_of_a_killed_writer_is_no_part_and_is_swept(root: Path, key: str) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    old, young = root / "writing" / "old", root / "writing" / "young"
    old.write_bytes(b"half a pa")
    young.write_bytes(b"half a pa")
    os.utime(old, (0, 0))
    assert store.parts(key) == PARTS
    store.sweep()
    assert not old.exists()
    assert young.exists()


def test_a_part_that_the_disk_has_cut_is_asked_for_again(root: Path, key: str) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    os.truncate(files(root / "uploads")[1], 10)
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, PARTS)
    assert refused.value.missing == (1,)
    store.put_part(key, 1, PIECES[1], PARTS[1].sha256)
    store.complete(key, PARTS)
    assert store.read(key, 0, 200) == b"".join(PIECES)


def test_an_object_with_a_part_missing_or_cut_is_damaged_not_shorter(root: Path, key: str) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    store.complete(key, PARTS)
    first, second = files(root / "objects")
    os.truncate(second, 10)
    with pytest.raises(StoreDamagedError):
        store.read(key, 0, 200)
    first.unlink()
    with pytest.raises(StoreDamagedError):
        store.size(key)


def test_a_deletion_that_fails_says_why_hides_the_object_and_goes_on_later(
    root: Path, key: str
) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    store.complete(key, PARTS)
    # The one refusal that is staged: no obstacle on a real file system stops
    # root, who runs tests in containers, and nobody else could set up more.
    script = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from souspli_storage.disk import DiskBlobs
        from souspli_storage.errors import NotDeletedError

        unlink = Path.unlink
        def refused(self, missing_ok=False):
            if self.name.startswith("00001-"):
                raise PermissionError(1, "not permitted", str(self))
            unlink(self, missing_ok)
        Path.unlink = refused
        try:
            DiskBlobs(Path(sys.argv[1])).delete(sys.argv[2])
        except NotDeletedError as error:
            print(*(type(one).__name__ for one in error.failures))
        """
    )
    told = subprocess.run(
        [sys.executable, "-c", script, root, key], check=True, capture_output=True, text=True
    )
    # The file, the folder that is therefore not empty, and the folder above.
    assert told.stdout.split() == ["PermissionError", "OSError", "OSError"]
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    assert list(store.incomplete()) == [key]
    store.delete(key)
    assert list(store.incomplete()) == []
    assert files(root) == []


def test_a_file_size_limit_leaves_nothing_partial(root: Path, key: str) -> None:
    """RLIMIT_FSIZE in a process of its own: a real refusal by the kernel, as root too."""
    script = textwrap.dedent(
        """
        import hashlib, resource, sys
        from pathlib import Path
        from souspli_storage.disk import DiskBlobs
        from souspli_storage.errors import StorageFullError

        store, key = DiskBlobs(Path(sys.argv[1])), sys.argv[2]
        store.begin(key)
        small, large = b"s" * 1000, b"l" * 100_000
        store.put_part(key, 0, small, hashlib.sha256(small).digest())
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        for _ in range(2):
            try:
                store.put_part(key, 1, large, hashlib.sha256(large).digest())
            except StorageFullError as error:
                print("full", error.temporary)
        """
    )
    told = subprocess.run(
        [sys.executable, "-c", script, root, key], check=True, capture_output=True, text=True
    )
    assert told.stdout.split() == ["full", "False"] * 2
    assert [path.stat().st_size for path in files(root)] == [1000]
    assert [one.number for one in DiskBlobs(root).parts(key)] == [0]


def test_a_full_file_system_leaves_nothing_partial_and_has_room_after_a_deletion(
    tmp_path: Path,
) -> None:
    """A tmpfs of one mebibyte where root may mount one; a limit on all files otherwise."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
            check=False,
            capture_output=True,
        ).returncode
        == 0
    )
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, old_limit[1]))
    try:
        store = DiskBlobs(folder / "store")
        first, second = secrets.token_hex(16), secrets.token_hex(16)
        piece = b"x" * (700_000 if mounted else 150_000)
        more = piece if mounted else piece * 2
        checksum = hashlib.sha256(piece).digest()
        store.begin(first)
        store.put_part(first, 0, piece, checksum)
        store.complete(first, [Part(0, len(piece), checksum)])
        store.begin(second)
        with pytest.raises(StorageFullError):
            store.put_part(second, 0, more, hashlib.sha256(more).digest())
        assert store.parts(second) == ()
        assert len(files(folder)) == 1
        assert store.read(first, 0, len(piece)) == piece
        store.delete(first)
        store.put_part(second, 0, piece, checksum)
        assert len(store.parts(second)) == 1
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)


@pytest.mark.parametrize("after", ["rename", "fsync"])
def test_a_process_killed_while_completing_is_finished_by_the_repeat(
    root: Path, key: str, after: str
) -> None:
    """Killed with SIGKILL right after the n-th system call of its kind, for every n."""
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from souspli_storage.blobs import Part
        from souspli_storage.disk import DiskBlobs

        root, key, after, count = sys.argv[1:]
        store = DiskBlobs(Path(root))
        left = int(count)
        def killing(call):
            def called(*args, **kwargs):
                global left
                left -= 1
                call(*args, **kwargs)
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return called
        if after == "rename":
            Path.rename = killing(Path.rename)
        else:
            os.fsync = killing(os.fsync)
        store.complete(key, store.parts(key))
        """
    )
    killed = 0
    for count in range(1, 20):
        upload(DiskBlobs(root), key)
        done = subprocess.run(
            [sys.executable, "-c", script, root, key, after, str(count)], check=False
        )
        killed += done.returncode == -signal.SIGKILL
        store = DiskBlobs(root)
        store.complete(key, PARTS)
        assert store.read(key, 0, 200) == b"".join(PIECES)
        store.delete(key)
        if done.returncode == 0:
            break
    assert killed >= 1
    assert files(root) == []


def test_a_process_killed_while_deleting_leaves_no_shorter_object(root: Path, key: str) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from souspli_storage.disk import DiskBlobs

        unlink = Path.unlink
        def killing(self, missing_ok=False):
            unlink(self, missing_ok)
            os.kill(os.getpid(), signal.SIGKILL)
        Path.unlink = killing
        DiskBlobs(Path(sys.argv[1])).delete(sys.argv[2])
        """
    )
    store = DiskBlobs(root)
    upload(store, key)
    store.complete(key, PARTS)
    done = subprocess.run([sys.executable, "-c", script, root, key], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(files(root)) == 1
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 200)
    assert list(store.incomplete()) == [key]
    store.delete(key)
    assert files(root) == []


def test_a_lost_folder_is_an_error_of_the_store_without_its_path(root: Path, key: str) -> None:
    store = DiskBlobs(root)
    upload(store, key)
    shutil.rmtree(root / "writing")
    with pytest.raises(Exception, match="the store failed") as failed:
        store.put_part(key, 0, PIECES[0], PARTS[0].sha256)
    assert str(root) not in str(failed.value)


def test_not_deleted_is_worth_another_try() -> None:
    assert NotDeletedError(failures=[]).temporary
