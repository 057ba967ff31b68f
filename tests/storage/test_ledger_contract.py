"""What every Ledger promises (souspli_storage/ledger.py), on each driver."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from s3_server import S3Server

from souspli_storage.disk_ledger import DiskLedger
from souspli_storage.ledger import Ledger
from souspli_storage.memory_ledger import MemoryLedger
from souspli_storage.s3 import open_s3_ledger

LINES = [f"{number:012d}.line-{number}" for number in range(5)]


@pytest.fixture(params=["disk", "memory", "s3"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        return open_s3_ledger(server.place())
    drivers: dict[str, Callable[[], Ledger]] = {
        "disk": lambda: DiskLedger(tmp_path / "ledger"),
        "memory": MemoryLedger,
    }
    return drivers[request.param]()


def lines(ledger: Ledger, after: str | None = None) -> list[str]:
    return [entry.line for entry in ledger.read(after)]


def test_an_empty_ledger_has_no_lines(ledger: Ledger) -> None:
    ledger.append([])
    assert lines(ledger) == []


def test_lines_are_read_in_the_order_in_which_they_were_appended(ledger: Ledger) -> None:
    ledger.append(LINES[:3])
    ledger.append(LINES[3:])
    assert lines(ledger) == LINES


def test_reading_on_from_each_position_finds_what_came_behind_it(ledger: Ledger) -> None:
    ledger.append(LINES)
    for number, entry in enumerate(list(ledger.read())):
        assert lines(ledger, entry.position) == LINES[number + 1 :]
    (*_, last) = ledger.read()
    ledger.append(["more"])
    assert lines(ledger, last.position) == ["more"]


def test_a_position_of_another_ledger_misses_nothing(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(LINES)
    other = DiskLedger(tmp_path / "other")
    other.append([line[::-1] for line in LINES])
    memory = MemoryLedger()
    memory.append([line[::-1] for line in LINES])
    for foreign in [*other.read(), *memory.read()]:
        assert lines(ledger, foreign.position) == LINES
    for nonsense in ("", "0", "7", "7.", "999999.0000000000000000", "-1", "x", "³"):
        assert lines(ledger, nonsense) == LINES


def test_a_line_appended_again_does_no_harm(ledger: Ledger) -> None:
    ledger.append(LINES[:1])
    ledger.append(LINES[:1])
    assert set(lines(ledger)) == set(LINES[:1])


@pytest.mark.parametrize("bad", ["", "two\nlines", "UPPER", "a b", "é", "a" * 201, "a/b", "a\x00"])
def test_what_is_not_a_line_is_refused_and_nothing_is_kept(ledger: Ledger, bad: str) -> None:
    with pytest.raises(ValueError, match="200"):
        ledger.append([LINES[0], bad])
    assert lines(ledger) == []


def test_the_longest_lines_are_kept_whole(ledger: Ledger) -> None:
    longest = ["a" * 200, "b" * 200]
    ledger.append(longest)
    (first, _) = ledger.read()
    assert lines(ledger) == longest
    assert lines(ledger, first.position) == longest[1:]


def test_of_many_that_append_at_once_every_line_is_kept(ledger: Ledger) -> None:
    def run(who: int) -> None:
        for number in range(20):
            ledger.append([f"{who}-{number}", f"{who}-{number}-b"])

    threads = [threading.Thread(target=run, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"{who}-{n}{end}" for who in range(4) for n in range(20) for end in ("", "-b")}
    assert sorted(lines(ledger)) == sorted(expected)
