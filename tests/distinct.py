"""Tables by name, such as places where a program is killed: no name stands for two.

In a dictionary the later one would win without a word, and the other never be tried.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = TypeVar("Value")


def table(*entries: tuple[str, Value]) -> dict[str, Value]:
    """Give the table; ValueError if a name is there twice."""
    distinct(name for name, _ in entries)
    return dict(entries)


def together(*tables: Mapping[str, Value]) -> dict[str, Value]:
    """Give the tables as one; ValueError if a name is in two of them."""
    return table(*(entry for one in tables for entry in one.items()))


def distinct(names: Iterable[str]) -> None:
    """Raise ValueError if a name is there twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")
