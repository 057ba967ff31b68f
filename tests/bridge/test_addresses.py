"""The laboratory's own list: read as software writes it, unambiguous, sealed, found by index."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from souspli_cli.bridge.people.address_file import BadRow, GoodRow, Table, read_table
from souspli_cli.bridge.people.address_import import all_bad, plan, take
from souspli_cli.bridge.people.addresses import Addresses
from souspli_cli.bridge.people.known_person import Digester
from souspli_cli.bridge.routing import TraitsKey
from souspli_cli.bridge.verbs import addresses as address_verbs
from souspli_cli.errors import Refused, Temporary
from souspli_storage import sqlite
from souspli_storage.errors import RowRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.world import Laboratory

SECRET = b"s" * 32
HEAD = (
    "Nom de naissance;Nom d’usage;Prénoms;Date de naissance;Sexe;INS;OID;E-mail;Mobile;"
    "Adresse postale"
)
JEANNE = (
    "Durand;Martin;Jeanne Marie;02/03/1961;F;;;Jeanne@Exemple.fr;06 12 34 56 78;"
    "4, rue Haute|29200 BREST"
)
PAUL = "Le Goff-Œuvrard;;Paul;1950-12-11;M;;;paul@exemple.fr;;"
KEY = TraitsKey("DURAND", "JEANNE", "1961-03-02", "F")


def matricule(thirteen: str) -> str:
    """A matricule with its key."""
    return f"{thirteen}{97 - int(thirteen) % 97:02}"


HERS, OTHER = matricule("2610375123456"), matricule("2610375123457")


def table(*rows: str, country: str | None = "33") -> Table:
    """Read rows under the usual head."""
    return read_table("\r\n".join([HEAD, *rows]).encode(), country=country)


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[Addresses]:
    """An empty list."""
    with Addresses(tmp_path / "addresses.sqlite", SECRET) as opened:
        yield opened


def taken(addresses: Addresses, *rows: str, replace: bool = False) -> list[BadRow]:
    """Take rows in, or give the bad ones."""
    read = table(*rows)
    return all_bad(take(addresses, read, replace=replace, skip_bad=False), read)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_a_table_is_read_however_it_is_written(encoding: str, delimiter: str) -> None:
    head = HEAD.replace("’", "'").replace(";", delimiter)
    row = JEANNE.replace("4, rue", "4 rue").replace(";", delimiter)
    read = read_table(f"{head}\n{row}\n\n".encode(encoding), country="33")
    (good,) = read.good
    known = good.known
    assert (good.line, known.address, known.traits.phone) == (
        2,
        "jeanne@exemple.fr",
        "+33612345678",
    )
    assert known.traits.given_names == "Jeanne Marie"
    assert known.traits.birth_date == "1961-03-02"
    assert known.traits.postal_address == ("4 rue Haute", "29200 BREST")
    assert not read.bad
    assert not read.ignored


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Durand;", "42;", "birth_name"),
        ("Jeanne Marie", "", "given_names"),
        ("Jeanne Marie", "Jeanne\u202e", "given_names"),
        ("02/03/1961", "31/02/1961", "birth_date"),
        (";F;", ";X;", "sex"),
        ("Jeanne@Exemple.fr", "jeanne", "address"),
        ("06 12 34 56 78", "6 12", "phone"),
        (";F;;;", ";F;261037512345678;;", "ins"),
        (";F;;;", f";M;{HERS};;", "ins"),
        (";F;;;", f";F;{HERS};1.2.3;", "oid"),
        ("29200 BREST", "1|2|3|4|5|6|7", "postal"),
        ("29200 BREST", "29200 BREST;x", "columns"),
        (";F;;;Jeanne@Exemple.fr;", ";U;;;;", "too_little"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_what_is_wrong(old: str, new: str, reason: str) -> None:
    read = table(PAUL, JEANNE.replace(old, new))
    assert read.bad == [BadRow(3, reason)]
    assert [row.line for row in read.good] == [2]


def test_a_number_without_its_country_is_not_guessed() -> None:
    assert table(JEANNE, country=None).bad == [BadRow(2, "phone")]


def test_a_row_of_several_lines_is_told_by_the_first_of_them() -> None:
    several = PAUL.replace(";;", ';"a\nb";', 1)
    assert [one.line for one in table(several, JEANNE.replace(";F;", ";X;")).bad] == [2, 4]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "bridge_addresses_columns"),
        (b"Nom;E-mail\nx;y", "bridge_addresses_columns"),
        (f"{HEAD};Courriel\n".encode(), "bridge_addresses_columns_twice"),
        (b"\x81\x8d", "bridge_addresses_encoding"),
        (b"a\0b", "bridge_addresses_encoding"),
        (f'{HEAD}\n"'.encode() + b"x" * 200_000, "bridge_addresses_table"),
    ],
)
def test_what_is_no_such_table_is_refused_whole(content: bytes, name: str) -> None:
    with pytest.raises(Refused, match=name):
        read_table(content, country=None)


def test_columns_that_nobody_knows_are_said_and_ignored() -> None:
    read = read_table(f"Dossier;{HEAD}\n7;{PAUL}".encode(), country=None)
    assert read.ignored == ("Dossier",)
    assert len(read.good) == 1


@pytest.mark.parametrize(
    ("other", "reason", "alone"),
    [
        # A homonym of the same day, and nothing that tells them apart. One after the other
        # they are taken for one person.
        ("DURAND;;Jeanne;02/03/1961;F;;;jeanne.bis@exemple.fr;;", "same_person", []),
        (f"DURAND;;Jeanne;02/03/1961;F;{HERS};;;;", "same_person", []),
        (
            "Petit;;Anne;01/01/1970;F;;;jeanne@exemple.fr;;",
            "same_address",
            [BadRow(2, "same_address")],
        ),
    ],
)
def test_who_could_be_mistaken_for_somebody_is_not_taken_nor_is_the_other(
    addresses: Addresses, other: str, reason: str, alone: list[BadRow]
) -> None:
    assert taken(addresses, JEANNE, other, PAUL) == [BadRow(2, reason, 3), BadRow(3, reason, 2)]
    assert addresses.count() == 0
    read = table(JEANNE, other, PAUL)
    take(addresses, read, replace=False, skip_bad=True)
    assert [known.address for known in addresses.some(9)] == ["paul@exemple.fr"]
    # Against the list as within one file.
    assert not taken(addresses, JEANNE)
    assert taken(addresses, other) == alone


def test_two_with_the_same_traits_are_told_apart_by_their_ins(addresses: Addresses) -> None:
    hers = JEANNE.replace(";F;;", f";F;{HERS};")
    other = f"Durand;;Jeanne;02/03/1961;F;{OTHER};;autre@exemple.fr;;"
    assert not taken(addresses, hers, other)
    assert len(addresses.with_traits(KEY)) == 2
    assert [one.address for one in addresses.with_ins(OTHER)] == ["autre@exemple.fr"]
    # Neither of them alone: nobody knows which.
    assert taken(addresses, JEANNE) == [BadRow(2, "same_person")]
    assert taken(addresses, hers, other.replace(OTHER, HERS)) == [
        BadRow(2, "same_ins", 3),
        BadRow(3, "same_ins", 2),
    ]


def test_a_line_about_somebody_known_takes_their_place_and_keeps_their_ins(
    addresses: Addresses,
) -> None:
    assert not taken(addresses, JEANNE.replace(";F;;", f";F;{HERS};"), PAUL, PAUL)
    assert not taken(addresses, JEANNE.replace("Jeanne@", "nouvelle@"))
    (known,) = addresses.with_traits(KEY)
    assert (known.address, known.ins and known.ins[0]) == ("nouvelle@exemple.fr", HERS)
    assert addresses.with_address("jeanne@exemple.fr") is None
    # By the INS, whatever else has changed.
    assert not taken(addresses, f"Durant;;Jeanne;02/03/1961;F;{HERS};;nouvelle@exemple.fr;;")
    assert addresses.count() == 2


def test_addresses_may_be_exchanged_and_not_taken_from_somebody(addresses: Addresses) -> None:
    assert not taken(addresses, JEANNE, PAUL)
    swapped = [
        JEANNE.replace("Jeanne@Exemple.fr", "paul@exemple.fr"),
        PAUL.replace("paul@exemple.fr", "jeanne@exemple.fr"),
    ]
    assert taken(addresses, swapped[0]) == [BadRow(2, "same_address")]
    assert not taken(addresses, *swapped)
    (known,) = addresses.with_traits(KEY)
    assert known.address == "paul@exemple.fr"


def test_replace_forgets_whom_the_file_does_not_hold(addresses: Addresses) -> None:
    assert not taken(addresses, JEANNE)
    assert not taken(addresses, PAUL, replace=True)
    assert [known.address for known in addresses.some(9)] == ["paul@exemple.fr"]


def test_an_import_that_another_one_overtook_changes_nothing(addresses: Addresses) -> None:
    seen = addresses.entries()
    assert not taken(addresses, PAUL)
    (row,) = table(JEANNE).good
    assert not addresses.change(seen=seen, forget=[], add=[row.known])
    assert addresses.count() == 1


def test_a_change_that_fails_half_way_leaves_the_list(addresses: Addresses) -> None:
    assert not taken(addresses, JEANNE)
    (paul,) = table(PAUL).good
    seen = addresses.entries()
    with pytest.raises(RowRefusedError):
        addresses.change(seen=seen, forget=[seen[0].place], add=[paul.known, paul.known])
    assert [known.address for known in addresses.some(9)] == ["jeanne@exemple.fr"]


def test_who_has_it_open_sees_each_change_and_nothing_is_readable(
    addresses: Addresses, tmp_path: Path
) -> None:
    with Addresses(tmp_path / "addresses.sqlite", SECRET) as other:
        assert other.with_traits(KEY) == []
        assert not taken(addresses, JEANNE.replace(";F;;", f";F;{HERS};"))
        (known,) = other.with_traits(KEY)
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        for word in (b"Durand", b"DURAND", b"jeanne", HERS.encode(), b"1961", b"+336", b"BREST"):
            assert word not in kept, word
        assert other.remove(known)
        assert addresses.with_address("jeanne@exemple.fr") is None
    assert not taken(addresses, PAUL)
    with (
        Addresses(tmp_path / "addresses.sqlite", b"x" * 32) as wrong,
        pytest.raises(Refused, match="file_damaged"),
    ):
        wrong.some(1)


def test_planning_is_told_apart_from_doing() -> None:
    rows = [GoodRow(one.line, one.known) for one in table(JEANNE, JEANNE, PAUL).good]
    planned = plan(rows, [], Digester.of(SECRET), replace=False)
    assert (len(planned.add), planned.repeated, planned.bad) == (2, 1, [])
    assert "durand" not in repr(dataclasses.replace(planned)).lower()


# --- two at once ------------------------------------------------------------------------


@contextlib.contextmanager
def another_import(path: Path) -> Iterator[None]:
    """Hold the list's lock, as an import does for half a minute with 400,000 rows."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_whoever_looks_or_starts_a_bridge_does_not_wait_for_an_import(
    addresses: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken(addresses, JEANNE) == []
    monkeypatch.setattr(sqlite, "PRAGMAS", [*sqlite.PRAGMAS, "PRAGMA busy_timeout=1"])
    path = tmp_path / "addresses.sqlite"
    with another_import(path), Addresses(path, SECRET) as opened:
        assert opened.count() == 1
        assert opened.with_traits(KEY)


def test_a_second_import_is_told_to_come_later_and_not_that_the_list_is_damaged(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PRAGMAS", [*sqlite.PRAGMAS, "PRAGMA busy_timeout=1"])
    path = tmp_path / "patients.csv"
    path.write_text(f"{HEAD}\n{PAUL}\n", encoding="utf-8")
    words = ["import", str(path), "--profile", str(laboratory.profile)]
    runner = CliRunner()
    assert runner.invoke(address_verbs.addresses, words, catch_exceptions=False).exit_code == 0
    with another_import(laboratory.folder.addresses), pytest.raises(Temporary) as told:
        runner.invoke(address_verbs.addresses, [*words, "--replace"], catch_exceptions=False)
    assert told.value.name == "bridge_addresses_busy"
