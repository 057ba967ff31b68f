"""What only a ledger on a disk can meet: killed writers, no room, other copies of the file."""

import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from souspli_storage.disk_ledger import DiskLedger
from souspli_storage.errors import StoreDamagedError


def lines(path: Path, after: str | None = None) -> list[str]:
    return [entry.line for entry in DiskLedger(path).read(after)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    DiskLedger(path).append(["a"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("left", [b"b", b"0" * 150])
def test_a_line_that_a_killed_process_left_half_written_is_none(path: Path, left: bytes) -> None:
    DiskLedger(path).append(["a"])
    with path.open("ab") as file:
        file.write(left)
    assert lines(path) == ["a"]
    DiskLedger(path).append(["c"])
    assert lines(path) == ["a", "c"]


def test_a_half_written_first_line_is_none(path: Path) -> None:
    path.write_bytes(b"half")
    assert lines(path) == []
    DiskLedger(path).append(["a"])
    assert lines(path) == ["a"]


@pytest.mark.parametrize("wrong", [b"A line\n", b"a\x00\n", b"\n", b"\xff\n", b"a" * 201 + b"\n"])
def test_other_bytes_in_the_file_are_damage_and_not_skipped(path: Path, wrong: bytes) -> None:
    DiskLedger(path).append(["a"])
    with path.open("ab") as file:
        file.write(wrong + b"b\n")
    with pytest.raises(StoreDamagedError):
        lines(path)


def test_a_file_that_is_no_ledger_is_not_appended_to(path: Path) -> None:
    path.write_bytes(b"x" * 1000)
    with pytest.raises(StoreDamagedError):
        DiskLedger(path).append(["a"])
    assert path.read_bytes() == b"x" * 1000


def test_a_ledger_put_back_from_an_older_copy_is_read_from_its_beginning(path: Path) -> None:
    ledger = DiskLedger(path)
    ledger.append(["a", "b"])
    older = path.read_bytes()
    ledger.append(["c"])
    (*_, last) = ledger.read()
    path.write_bytes(older)
    ledger.append(["d"])
    assert lines(path, last.position) == ["a", "b", "d"]


def test_without_room_nothing_half_written_stays(path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from souspli_storage.disk_ledger import DiskLedger
        from souspli_storage.errors import StorageFullError
        ledger = DiskLedger(Path(sys.argv[1]))
        ledger.append(["first"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        try:
            ledger.append(["second", "third"])
        except StorageFullError:
            print("full")
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "full\n"
    assert path.read_bytes() == b"first\n"
