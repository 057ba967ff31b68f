"""Of two namesakes nobody is found alone, whatever can't be read, and when."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from bridge.test_people_book import INS, JEANNE, KEY, PAUL, SECRET, invite

from souspli_cli import files
from souspli_cli.addressbook import AddressBook
from souspli_cli.box import MAX_BOX_BYTES, BoxDamaged
from souspli_cli.bridge.people import book_index
from souspli_cli.bridge.people.book_index import BookIndex
from souspli_cli.bridge.people.routes import RoutesFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TWINS = ("one@exemple.fr", "two@exemple.fr")
OTHER = "paul@exemple.fr"


class World:
    """An address book with two namesakes and somebody else; time passes by hand."""

    def __init__(self, folder: Path) -> None:
        (folder / "book").mkdir()
        self.book = AddressBook(folder / "book", SECRET)
        self.routes = RoutesFile(folder / "routes.sealed", SECRET)
        for address in TWINS:
            invite(self.book, address, JEANNE)
        invite(self.book, OTHER, PAUL)
        self.routes.add_ins(INS[0], TWINS[0])
        self.now = 0.0
        self.index = BookIndex(self.book, self.routes, clock=lambda: self.now)

    def entry(self, address: str) -> Path:
        return self.book.folder / self.book._patient_name(address)

    def found(self) -> list[str]:
        self.now += book_index.LEAST_SECONDS
        return sorted(person.address for person in self.index.with_traits(KEY))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """With nobody asked for yet."""
    return World(tmp_path)


def failing(
    monkeypatch: pytest.MonkeyPatch, path: Path, number: int, times: float = float("inf")
) -> None:
    """Have a file that can't be read, some times."""
    real, left = files.read, [times]

    def read(asked: Path, *, limit: int) -> bytes:
        if asked == path and left[0] > 0:
            left[0] -= 1
            raise OSError(number, "as a disk or a kernel says it")
        return real(asked, limit=limit)

    monkeypatch.setattr(files, "read", read)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
@pytest.mark.parametrize("address", TWINS)
def test_a_listing_that_was_broken_off_is_begun_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, address: str, number: int
) -> None:
    """Whichever of the two the folder lists first; with the clock standing still."""
    failing(monkeypatch, world.entry(address), number, times=1)
    with pytest.raises(OSError, match="as a disk"):
        world.index.with_traits(KEY)
    assert sorted(person.address for person in world.index.with_traits(KEY)) == [*TWINS]


def cut_short(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes()[:100])


def zeroed(entry: Path) -> None:
    """As some file systems leave it after a power cut; larger than any entry."""
    entry.write_bytes(bytes(MAX_BOX_BYTES + 1))


def a_folder(entry: Path) -> None:
    entry.unlink()
    entry.mkdir()


@pytest.mark.parametrize("damage", [cut_short, zeroed, a_folder])
@pytest.mark.parametrize("known", [False, True], ids=["at the start", "later"])
def test_nobody_is_found_by_traits_while_an_entry_is_damaged(
    world: World, damage: Callable[[Path], None], *, known: bool
) -> None:
    """It may be anybody's. By address, and by INS, only its own patient waits."""
    if known:
        assert world.found() == [*TWINS]
    entry = world.entry(TWINS[1])
    whole = entry.read_bytes()
    damage(entry)
    for _ in range(2):
        with pytest.raises((BoxDamaged, OSError)):
            world.found()
    with pytest.raises((BoxDamaged, OSError)):
        world.index.person(TWINS[1])
    assert world.index.person(OTHER) is not None
    assert [person.address for person in world.index.with_ins(INS[0])] == [TWINS[0]]
    if entry.is_dir():
        entry.rmdir()
    entry.write_bytes(whole)
    assert world.found() == [*TWINS]


def test_an_entry_of_somebody_else_that_is_damaged_counts_as_well(world: World) -> None:
    """Nobody knows whose it was, until it is removed."""
    cut_short(world.entry(OTHER))
    with pytest.raises(BoxDamaged):
        world.found()
    world.entry(OTHER).unlink()
    assert world.found() == [*TWINS]


def test_who_is_found_by_an_ins_is_not_guessed_if_their_entry_is_damaged(world: World) -> None:
    cut_short(world.entry(TWINS[0]))
    with pytest.raises(BoxDamaged):
        world.index.with_ins(INS[0])


def test_an_entry_that_a_disk_gives_again_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the folder has changed. Until it is listed again nobody is guessed."""
    failing(monkeypatch, world.entry(TWINS[1]), errno.EIO, times=1)
    with pytest.raises(BoxDamaged):
        world.found()
    with pytest.raises(BoxDamaged):
        world.index.with_traits(KEY)
    assert world.found() == [*TWINS]
