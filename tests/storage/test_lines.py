"""Files of lines: read as they were written, or refused."""

import stat
from pathlib import Path
from typing import Any

import pytest

from souspli_storage.errors import DumpRefusedError
from souspli_storage.lines import Facts, LinesWriter, check_lines, read_lines

VALUES: list[Any] = [{"a": "é\n", "b": None}, {"a": 2**62}, {}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "values.jsonl"


@pytest.fixture
def facts(path: Path) -> Facts:
    with LinesWriter(path) as lines:
        for value in VALUES:
            lines.write(value)
        return lines.close()


def test_what_was_written_is_read(path: Path, facts: Facts) -> None:
    assert list(read_lines(path, facts)) == VALUES
    assert (facts.lines, facts.size) == (3, path.stat().st_size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_left_by_an_attempt_before_is_replaced(path: Path) -> None:
    path.write_text("left")
    with LinesWriter(path) as lines:
        facts = lines.close()
    assert (facts.lines, path.read_bytes()) == (0, b"")


def test_every_file_cut_short_is_refused(path: Path, facts: Facts) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DumpRefusedError):
            check_lines(path, facts)


def test_every_changed_byte_is_refused(path: Path, facts: Facts) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DumpRefusedError):
            check_lines(path, facts)


@pytest.mark.parametrize("more", [b"{}\n", b"x", b"\n"])
def test_a_file_with_more_in_it_is_refused(path: Path, facts: Facts, more: bytes) -> None:
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(DumpRefusedError):
        check_lines(path, facts)


def test_a_missing_file_is_refused(path: Path, facts: Facts) -> None:
    path.unlink()
    with pytest.raises(DumpRefusedError):
        check_lines(path, facts)
