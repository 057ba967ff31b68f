"""Lengths that people type: `500M`, `5G`, in binary units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from souspli_exchange.manifest import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE = re.compile(r"([1-9][0-9]{0,12})([KMGT]?)", re.ASCII)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class Size(click.ParamType[int]):
    """Bytes, from text such as `5G`."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Give the number of bytes; click's own refusal for anything else."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value.upper())
        if found is None:
            self.fail(value, param, ctx)
        return int(found[1]) * _UNITS[found[2]]


def max_size_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--max-size`: how much one document may hold."""
    return click.option(
        "--max-size",
        type=Size(),
        default=MAX_BYTES,
        envvar="SOUSPLI_MAX_SIZE",
        metavar="SIZE",
    )(function)
