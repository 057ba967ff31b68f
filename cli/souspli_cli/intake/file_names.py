"""Names of what is derived from a file, and of its parts, beside the file itself."""

from __future__ import annotations

from typing import Final

from souspli_exchange.filenames import fold

_MOST_STEM_BYTES: Final = 180  # of the 255 that a name may have: room for what is added

_MOST_EXTENSION_CHARACTERS: Final = 16


class Names:
    """Gives out names that may stand in one document together."""

    def __init__(self, name: str, *, part: int | None = None) -> None:
        """`name` is the original's, and may stand in a manifest; `part` numbers its parts."""
        stem, dot, extension = name.rpartition(".")
        if not stem or len(extension) > _MOST_EXTENSION_CHARACTERS:
            stem, dot, extension = name, "", ""  # a name with a dot in it
        self._stem = _cut(stem)
        if part is not None:
            self._stem = f"{self._stem}-{part}"
            name = f"{self._stem}{dot}{extension}"
        self.original: Final = name
        self._taken = {fold(name)}

    def derived(self, extension: str) -> str:
        """Return a name with `extension` that none of the others has."""
        candidate, number = f"{self._stem}{extension}", 2
        while fold(candidate) in self._taken:
            candidate, number = f"{self._stem} ({number}){extension}", number + 1
        self._taken.add(fold(candidate))
        return candidate


def _cut(stem: str) -> str:
    while len(stem.encode()) > _MOST_STEM_BYTES or len(stem) > _MOST_STEM_BYTES // 2:
        stem = stem[:-1]
    return stem.rstrip(" ") or "document"
