"""Listings come in pages, of which the store alone says whether another follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from souspli_storage.errors import StoreDamagedError

Page = TypeVar("Page", bound=Mapping[str, object])

# In a row. A page stands for a thousand names at least.
_EMPTY_PAGES: Final = 1_000


def ending(pages: Iterable[Page], *names: str) -> Iterator[Page]:
    """Yield a listing's pages; StoreDamagedError if nothing comes under `names` any more.

    Some pages are empty where much was deleted; but who always says that more is to come,
    and never what, would be asked for ever.
    """
    empty = 0
    for page in pages:
        yield page
        empty = 0 if any(page.get(name) for name in names) else empty + 1
        if empty > _EMPTY_PAGES:
            raise StoreDamagedError("a listing of the store has no end")
