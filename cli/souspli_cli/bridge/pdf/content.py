"""What a PDF will do to whoever opens it, as pypdf sees it (docs/specs/bridge.md §10).

Runs in `pdf_process` alone: no key, no socket, little memory. pypdf raises anything at
all on hostile files, or never comes back; whoever started the process draws the
conclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from pypdf import PasswordType, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    PdfObject,
    TextStringObject,
)

from souspli_cli.bridge.pdf import words
from souspli_cli.intake.active import has_active_name

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_OBJECTS: Final = 200_000  # a long report has thousands; a bomb has more
MOST_VALUES: Final = 2_000_000  # of all dictionaries and lists: 20 s of a slow machine
MOST_PAGES: Final = 20_000

_SCRIPTS: Final = frozenset({"/JavaScript"})
# Programs, and what is filled in sent to an address of the author's.
_LAUNCHES: Final = frozenset({"/Launch", "/SubmitForm", "/ImportData"})
_FILE_NAMES: Final = ("/UF", "/F", "/DOS", "/Mac", "/Unix")


@dataclass(frozen=True)
class PdfContent:
    """What was seen."""

    findings: frozenset[str]
    """Words of `pdf_words`."""
    pages: int | None
    """None where they can't be counted."""


UNREADABLE: Final = PdfContent(frozenset({words.UNREADABLE}), None)


class _BeyondBoundsError(Exception):
    """There is more of it than anybody looks at."""


def look_at(content: bytes) -> PdfContent:
    """Say what is in a PDF. Raises MemoryError, and nothing else."""
    try:
        return _look_at(content)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (pypdf raises anything at all; RecursionError among it)
        return UNREADABLE


def _look_at(content: bytes) -> PdfContent:
    reader = PdfReader(BytesIO(content), strict=False)
    # Many files that may be read but not printed or changed open without a password.
    if reader.is_encrypted and not _opens_without_password(reader):
        return PdfContent(frozenset({words.ENCRYPTED}), None)
    found: set[str] = set()
    form = _resolved(reader.root_object.get("/AcroForm"))
    if isinstance(form, DictionaryObject) and "/XFA" in form:
        found.add(words.FORM)
    for dictionary in _dictionaries(reader):
        found.update(_in_dictionary(dictionary))
    pages = reader.get_num_pages()
    if not 0 < pages <= MOST_PAGES:
        return UNREADABLE
    return PdfContent(frozenset(found), pages)


def _opens_without_password(reader: PdfReader) -> bool:
    try:
        return reader.decrypt("") is not PasswordType.NOT_DECRYPTED
    except (PyPdfError, NotImplementedError, ValueError, KeyError, TypeError, AttributeError):
        return False  # by a method that nobody here knows: it may be opened elsewhere


def _dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Give every dictionary: what runs hides in compressed objects, out of sight of a search."""
    ids = [(n, g) for g, entries in reader.xref.items() for n in entries]
    ids += [(n, 0) for n in reader.xref_objStm]
    if len(ids) > MOST_OBJECTS:
        raise _BeyondBoundsError
    left = MOST_VALUES
    # Not only the objects: a trailer may hold a whole catalogue in place.
    waiting: list[PdfObject] = [reader.trailer]
    for number, generation in ids:
        try:
            read = IndirectObject(number, generation, reader).get_object()
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError):
            continue  # one damaged object says nothing about the others
        if read is not None:
            waiting.append(read)
        # Direct objects inside: actions are often written in place. No recursion, so that
        # no depth of them is too much.
        while waiting:
            item = waiting.pop()
            if isinstance(item, DictionaryObject):
                yield item
                inside = list(item.values())
            elif isinstance(item, ArrayObject):
                inside = list(item)
            else:
                continue
            left -= len(inside)
            if left < 0:
                raise _BeyondBoundsError
            waiting += [one for one in inside if isinstance(one, (DictionaryObject, ArrayObject))]


def _in_dictionary(dictionary: DictionaryObject) -> Iterator[str]:
    action = _resolved(dictionary.get("/S"))
    if action in _SCRIPTS or "/JS" in dictionary:
        yield words.JAVASCRIPT
    if action in _LAUNCHES:
        yield words.LAUNCH
    if _resolved(dictionary.get("/Type")) == "/EmbeddedFile" or "/EF" in dictionary:
        yield words.EMBEDDED_FILES
        names = [_resolved(dictionary.get(key)) for key in _FILE_NAMES]
        if any(has_active_name(name) for name in names if isinstance(name, TextStringObject)):
            yield words.EMBEDDED_PROGRAM


def _resolved(item: object) -> object:
    if not isinstance(item, IndirectObject):
        return item
    try:
        found = item.get_object()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    return found if isinstance(found, (NameObject, TextStringObject, DictionaryObject)) else None
