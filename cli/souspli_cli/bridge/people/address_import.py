"""Which rows of a file can be taken into the list, and what they replace.

docs/specs/bridge.md §13. Nobody is taken in who could be mistaken for somebody else: two
with the same traits are told apart by an INS of each, and an address is one person's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from souspli_cli.bridge.people import address_file
from souspli_cli.bridge.people.address_file import BadRow, GoodRow
from souspli_cli.errors import Temporary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from souspli_cli.bridge.people.address_file import Table
    from souspli_cli.bridge.people.addresses import Addresses, Entry
    from souspli_cli.bridge.people.known_person import Digester, Digests, KnownPerson

SAME_PERSON = "same_person"
SAME_INS = "same_ins"
SAME_ADDRESS = "same_address"
REASONS = (*address_file.REASONS, SAME_PERSON, SAME_INS, SAME_ADDRESS)
"""Of every bad row."""


@dataclass(frozen=True)
class Plan:
    """What an import does."""

    add: list[GoodRow] = field(repr=False)
    replaced: dict[int, int]
    """Places of rows of the list, by the lines that take theirs."""
    forget: list[int]
    """Places of all rows that go."""
    bad: list[BadRow]
    repeated: int
    """Rows that say again what another one says."""


def plan(
    rows: Sequence[GoodRow], there: Sequence[Entry], digester: Digester, *, replace: bool
) -> Plan:
    """Say what is taken; `replace`: what the file does not hold goes. Pure."""
    first: dict[tuple[object, ...], GoodRow] = {}
    for row in rows:
        first.setdefault(_value(row), row)
    new = [_New(row, digester.of_person(row.known)) for row in first.values()]
    bad = _unlike_each_other(new)
    good = [one for one in new if one.row.line not in bad]
    if replace:
        replaced = dict[int, int]()
    else:
        replaced = _against_list(good, there, bad)
        good = [one for one in good if one.row.line not in bad]
    return Plan(
        add=[one.row for one in good],
        replaced=replaced,
        forget=[entry.place for entry in there] if replace else sorted(replaced.values()),
        bad=sorted(bad.values(), key=lambda one: one.line),
        repeated=len(rows) - len(first),
    )


def take(addresses: Addresses, table: Table, *, replace: bool, skip_bad: bool) -> Plan:
    """Do what `plan` says, in one transaction; nothing if a row is bad, unless `skip_bad`.

    Raises:
        Temporary: Another import was quicker, twice; nothing has changed.
        StorageError, BoxDamaged.
    """
    for _ in range(2):
        there = addresses.entries()
        planned = plan(table.good, there, addresses.digester, replace=replace)
        if not skip_bad and (planned.bad or table.bad):
            return planned
        add = [_with_older_ins(addresses, row, planned) for row in planned.add]
        if addresses.change(seen=there, forget=planned.forget, add=add):
            return planned
    raise Temporary("bridge_addresses_busy")


@dataclass(frozen=True, slots=True)
class _New:
    row: GoodRow
    digests: Digests


def _value(row: GoodRow) -> tuple[object, ...]:
    known = row.known
    return known.address, known.ins, *msgspec.structs.astuple(known.traits)


def _unlike_each_other(new: Iterable[_New]) -> dict[int, BadRow]:
    """Give the rows of one file that could be mistaken for each other."""
    by_ins: dict[bytes, list[_New]] = defaultdict(list)
    by_traits: dict[bytes, list[_New]] = defaultdict(list)
    by_address: dict[bytes, list[_New]] = defaultdict(list)
    for one in new:
        for digest, known in (
            (one.digests.ins, by_ins),
            (one.digests.traits, by_traits),
            (one.digests.address, by_address),
        ):
            if digest is not None:
                known[digest].append(one)
    bad: dict[int, BadRow] = {}
    for group in by_ins.values():
        _all_bad(group, SAME_INS, bad)
    for group in by_traits.values():
        # With an INS each they are two people; their numbers differ, or they were above.
        if any(one.digests.ins is None for one in group):
            _all_bad(group, SAME_PERSON, bad)
    for group in by_address.values():
        _all_bad(group, SAME_ADDRESS, bad)
    return bad


def _all_bad(group: Sequence[_New], reason: str, bad: dict[int, BadRow]) -> None:
    if len(group) > 1:
        for one in group:
            other = next(each for each in group if each is not one)
            bad.setdefault(one.row.line, BadRow(one.row.line, reason, other.row.line))


class _List:
    """The list's rows by their digests."""

    def __init__(self, there: Iterable[Entry]) -> None:
        self._by_ins: dict[bytes, Entry] = {}
        self._by_address: dict[bytes, Entry] = {}
        self._by_traits: dict[bytes, list[Entry]] = defaultdict(list)
        for entry in there:
            if entry.digests.ins is not None:
                self._by_ins[entry.digests.ins] = entry
            if entry.digests.address is not None:
                self._by_address[entry.digests.address] = entry
            if entry.digests.traits is not None:
                self._by_traits[entry.digests.traits].append(entry)

    def same(self, digests: Digests) -> list[Entry]:
        """Give who this is: by the INS, or else by the traits."""
        known = None if digests.ins is None else self._by_ins.get(digests.ins)
        return self.alike(digests) if known is None else [known]

    def alike(self, digests: Digests) -> list[Entry]:
        """Give those who can't be told from this one by their traits and INS."""
        some = [] if digests.traits is None else self._by_traits.get(digests.traits, [])
        return [entry for entry in some if digests.ins is None or entry.digests.ins is None]

    def in_the_way(self, digests: Digests, going: set[int]) -> str | None:
        """Say why a person can't be added once the rows at some places are gone."""
        owner = None if digests.address is None else self._by_address.get(digests.address)
        if owner is not None and owner.place not in going:
            return SAME_ADDRESS
        if any(entry.place not in going for entry in self.alike(digests)):
            return SAME_PERSON
        return None


def _against_list(
    new: Sequence[_New], there: Sequence[Entry], bad: dict[int, BadRow]
) -> dict[int, int]:
    """Give whose place each row takes; rows that can't be told from others become bad."""
    known = _List(there)
    places: dict[int, int] = {}
    takers: dict[int, list[_New]] = defaultdict(list)
    for one in new:
        same = known.same(one.digests)
        if len(same) > 1:
            bad[one.row.line] = BadRow(one.row.line, SAME_PERSON)
        elif same:
            places[one.row.line] = same[0].place
            takers[same[0].place].append(one)
    for group in takers.values():
        _all_bad(group, SAME_PERSON, bad)
    left = [one for one in new if one.row.line not in bad]
    # A row that is not taken leaves the one whose place it would have taken, which may be
    # in another one's way: until nothing changes any more.
    while True:
        going = {places[one.row.line] for one in left if one.row.line in places}
        for one in left:
            reason = known.in_the_way(one.digests, going)
            if reason is not None:
                bad[one.row.line] = BadRow(one.row.line, reason)
        fewer = [one for one in left if one.row.line not in bad]
        if len(fewer) == len(left):
            return {one.row.line: places[one.row.line] for one in left if one.row.line in places}
        left = fewer


def _with_older_ins(addresses: Addresses, row: GoodRow, planned: Plan) -> KnownPerson:
    """Give a row's person; an INS that was known stays known where the file has none."""
    place = planned.replaced.get(row.line)
    if place is None or row.known.ins is not None:
        return row.known
    older = addresses.at(place)
    if older is None:
        return row.known
    return msgspec.structs.replace(row.known, ins=older.ins)


def all_bad(planned: Plan, table: Table) -> list[BadRow]:
    """Give all bad rows in the order of the file."""
    return sorted([*table.bad, *planned.bad], key=lambda one: one.line)
