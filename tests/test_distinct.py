"""A place where something is killed that has another's name is refused, whoever adds it."""

from __future__ import annotations

import pytest
from bridge import bridge_process
from distinct import distinct, table, together


def test_a_name_that_is_there_twice_is_refused() -> None:
    assert table(("a", 1), ("b", 2)) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match=r"named twice: a$"):
        table(("a", 1), ("b", 2), ("a", 3))


def test_a_name_that_is_in_two_tables_is_refused() -> None:
    assert together({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match=r"named twice: b$"):
        together({"a": 1, "b": 2}, {"b": 3})


def test_names_alone_are_looked_at_as_well() -> None:
    distinct(["a", "b"])
    with pytest.raises(ValueError, match=r"named twice: a$"):
        distinct(["a", "b", "a"])


def test_every_place_of_the_bridge_is_in_the_one_table() -> None:
    tables = (bridge_process.PLACES, bridge_process.OF_WITHDRAWALS, bridge_process.INVITING)
    assert len(bridge_process.ALL) == sum(map(len, tables))
