"""Names of files: what a mail, a zip or a format calls one, made into one that may travel.

docs/specs/intake.md §4; what may travel is sealed-document.md §3's to say.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from souspli_cli.intake.cleaning import may_stand
from souspli_cli.intake.values import Document, Finding
from souspli_exchange.filenames import MAX_NAME_CHARACTERS, safe_names

_PATH: Final = re.compile(r"[/\\]")
_SPACES: Final = re.compile(r"\s+")
_ROOM_FOR_A_NUMBER = 10
_MOST_LOOKED_AT: Final = 4 * MAX_NAME_CHARACTERS
_MOST_EXTENSION_CHARACTERS = 12
_DEFAULT_STEM = "document"
TEXT_STEM = "message"
OUR_STEMS: Final = frozenset({_DEFAULT_STEM, TEXT_STEM})
"""Of files that come without a name."""


def clean_name(given: str | None, *, extension: str) -> tuple[str, bool]:
    """Return a name for a file, and whether it is another than it was `given`.

    Only the last part of a path is its name. A file without one is called `document`,
    and that is no change.
    """
    if given is None or not given.strip():
        return f"{_DEFAULT_STEM}{extension}", False
    last = _PATH.split(given[-_MOST_LOOKED_AT:].rstrip("/\\"))[-1]
    seen = "".join(letter if may_stand(letter) else "_" for letter in last)
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", seen)).strip(" ")
    # Before it is cut: what makes a name safe may make it longer.
    (safe,) = safe_names([name])
    stem, dot, suffix = safe.rpartition(".")
    if not dot or len(suffix) > _MOST_EXTENSION_CHARACTERS:
        stem, suffix = safe, ""
    room = MAX_NAME_CHARACTERS - _ROOM_FOR_A_NUMBER - len(dot + suffix if suffix else "")
    if len(stem) > room:
        stem = stem[:room].rstrip(" " if suffix else ". ")
    safe = f"{stem}.{suffix}" if suffix else stem
    return safe, safe != given


def with_unique_names(document: Document) -> Document:
    """Return `document` with names that pass `check_names` together."""
    given = [file.name for file in document.files]
    named = safe_names([clean_name(name, extension="")[0] for name in given])
    if list(named) == given:
        return document
    files = tuple(
        replace(file, name=name) for file, name in zip(document.files, named, strict=True)
    )
    # A number behind a name of our own changes nothing that anybody wrote.
    ours = all(
        name == new or stem_of(name) in OUR_STEMS for name, new in zip(given, named, strict=True)
    )
    findings = frozenset[Finding]() if ours else {Finding.NAME_CHANGED}
    return replace(document, files=files, findings=document.findings | findings)


def extension_of(name: str) -> str:
    """Return the extension in lower case, with its dot, or nothing."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def stem_of(name: str) -> str:
    """Return a name without its extension."""
    return name[: len(name) - len(extension_of(name))]
