"""Names of files: which a manifest may hold, and how one is shown and stored.

docs/specs/sealed-document.md §3 and §7 rule 5.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from souspli_exchange.errors import FileNameError
from souspli_keys.canonical import check_text
from souspli_keys.errors import CanonicalError

MAX_NAME_BYTES = 255  # what file systems take
MAX_NAME_CHARACTERS = 200

# What Windows, or a shell, makes something else of.
_MEANINGFUL: Final = re.compile(r'[<>:"|?*\\/]')
_DEVICE: Final = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\.|$)", re.IGNORECASE)

# Categories that can't be seen: formats, private use, unassigned. The two joiners
# belong to ordinary spelling (Persian, Hindi) and to emoji.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")


def check_names(names: Sequence[str]) -> Sequence[str]:
    """Return `names` if all of them may stand in one manifest, or raise FileNameError."""
    for name in names:
        _check_name(name)
    if len({fold(name) for name in names}) != len(names):
        # On half of the world's disks one would overwrite the other.
        raise FileNameError("two files have the same name, or differ in case alone")
    return names


def fold(name: str) -> str:
    """Return what two names share if a disk may take them for one."""
    # Lower, then upper: JavaScript has both, and no case folding (§3).
    return unicodedata.normalize("NFC", name).lower().upper()


def safe_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each file that can be shown and stored anywhere.

    The manifest's rules hold for `names`; this goes beyond them: devices of Windows,
    names that begin like an option or a hidden file, characters nobody sees. Names
    that become equal by it get a number.
    """
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        safe = _safe_name(name)
        candidate, number = safe, 2
        while fold(candidate) in taken:
            candidate, number = _with_ending(safe, f" ({number})"), number + 1
        taken.add(fold(candidate))
        result.append(candidate)
    return tuple(result)


def _safe_name(name: str) -> str:
    seen = "".join("_" if _is_unseen(character) else character for character in name)
    safe = _MEANINGFUL.sub("_", seen)
    # Until nothing changes: cut to its length, a name may be a device's, or end in dots.
    while (settled := _with_ending(_settled(safe), "")) != safe:
        safe = settled
    return safe


def _settled(name: str) -> str:
    safe = name.rstrip(". ")  # Windows drops these silently
    if safe.startswith((".", "-", "~")) or _DEVICE.match(safe) or not safe:
        return f"_{safe}"
    return safe


def _with_ending(name: str, ending: str) -> str:
    """Put `ending` before the extension, and cut the stem until it fits."""
    path = PurePosixPath(name)
    stem, suffix = path.stem, path.suffix
    while len(f"{stem}{ending}{suffix}".encode()) > MAX_NAME_BYTES and stem:
        stem = stem[:-1]
    if stem:
        return f"{stem}{ending}{suffix}"
    # An extension as long as a name is none. The ending stays: without it two such names
    # would be made different for ever.
    kept = name.encode()[: MAX_NAME_BYTES - len(ending)].decode(errors="ignore")
    return f"{kept}{ending}"


def _is_unseen(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in _UNSEEN


def _check_name(name: str) -> None:
    try:
        check_text(name)
    except CanonicalError as refused:
        raise FileNameError("a file name with an invisible character, or not in NFC") from refused
    if not name or len(name.encode()) > MAX_NAME_BYTES or len(name) > MAX_NAME_CHARACTERS:
        raise FileNameError("a file name is empty or too long")
    if "/" in name or "\\" in name or name in {".", ".."} or name != name.strip(" "):
        raise FileNameError("a file name that would not stay in its folder")
