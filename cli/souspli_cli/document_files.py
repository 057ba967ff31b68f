"""The files of a document: everything that can be refused is refused before anything happens."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused
from souspli_cli.words import visible
from souspli_exchange.errors import FileNameError
from souspli_exchange.filenames import check_names, fold
from souspli_exchange.manifest import MAX_BYTES, MAX_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class DocumentFile:
    """A file that may be sent, as it was when it was looked at."""

    path: Path
    name: str
    """In NFC, as manifests want it: some systems list names decomposed."""
    size: int


def check(paths: Sequence[Path], *, max_bytes: int = MAX_BYTES) -> list[DocumentFile]:
    """Give the files, or refuse the first that can't be sent, by its name.

    Raises:
        Refused: Missing, a folder, no ordinary file, unreadable, of a name that
            can't travel or that another has; too many, or too large together.
    """
    if len(paths) > MAX_FILES:
        raise Refused("files_too_many", limit=MAX_FILES)
    found = [_check_one(path) for path in paths]
    seen: set[str] = set()
    for file in found:
        if fold(file.name) in seen:
            raise Refused("file_names_same", name=file.name)
        seen.add(fold(file.name))
    if sum(file.size for file in found) > max_bytes:
        raise Refused("files_too_large", limit=-(-max_bytes // 1024**2))
    return found


def title_of(file: DocumentFile) -> str:
    """Give the title of a document that was given none: its first file's name.

    Without the characters that join letters invisibly, which a name may have and a
    title may not.
    """
    shown = "".join(c for c in Path(file.name).stem if visible(c) == c).strip()
    return shown or "Document"


def _check_one(path: Path) -> DocumentFile:
    try:
        # Non-blocking, or a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as failure:
        raise _in_words(failure, path) from None
    except ValueError:  # a NUL in the name
        raise Refused("file_name_refused", path=str(path)) from None
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise Refused("file_is_folder", path=str(path))
    if not stat.S_ISREG(status.st_mode):
        raise Refused("file_not_regular", path=str(path))
    name = unicodedata.normalize("NFC", path.name)
    try:
        check_names([name])
    except FileNameError:
        raise Refused("file_name_refused", path=str(path)) from None
    return DocumentFile(path, name, status.st_size)


def _in_words(failure: OSError, path: Path) -> CliError:
    match failure:
        case FileNotFoundError() | NotADirectoryError():
            return Refused("file_not_found", path=str(path))
        case IsADirectoryError():
            return Refused("file_is_folder", path=str(path))
        case _:
            return Refused("file_unreadable", path=str(path))
