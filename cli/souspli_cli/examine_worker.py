"""The process that looks into files for ``examine.py``: one line of JSON for each.

Run as ``python -m souspli_cli.examine_worker`` with NUL-separated paths on stdin.
It may die on any file; whoever started it draws the conclusion. It imports nothing
of ours that knows a key.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import warnings
from typing import IO, TYPE_CHECKING

from souspli_cli.intake.magic_types import magic_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdf import PdfReader

MEMORY_BYTES = 2 * 1024**3  # 17 hostile PDFs stayed below
CPU_SECONDS = 20  # for each file; they took 1.1 s at most
SNIFFED_BYTES = 65_536  # libmagic wants 2 KiB or more
MAX_OBJECTS = 200_000  # a long report has thousands; a bomb has more


def main() -> None:
    """Examine the files named on stdin."""
    paths = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS * len(paths), CPU_SECONDS * len(paths)))
    warnings.simplefilter("ignore")
    logging.disable()
    for path in paths:
        with open(path, "rb") as file:  # noqa: PTH123  (the name may be no valid text)
            start = file.read(SNIFFED_BYTES)
            media_type = magic_type(start) or "application/octet-stream"
            findings: list[str] = []
            if not start:
                findings = ["empty"]
            elif media_type == "application/pdf" or path.lower().endswith(".pdf"):
                file.seek(0)
                findings = pdf_findings(file)
        line = json.dumps({"media_type": media_type, "findings": findings})
        print(line, flush=True)  # noqa: T201  (the answer to our parent)


def pdf_findings(file: IO[bytes]) -> list[str]:
    """Say what a viewer will make of a PDF."""
    import pypdf  # noqa: PLC0415

    try:
        reader = pypdf.PdfReader(file, strict=False)
        if reader.is_encrypted:
            return ["encrypted"]
        findings: list[str] = []
        form = reader.root_object.get("/AcroForm")
        if form is not None and "/XFA" in form.get_object():
            findings.append("xfa")
        if any(_is_javascript(item) for item in _objects(reader)):
            findings.append("javascript")
        if len(reader.pages) == 0 or reader.pages[0].mediabox is None:
            findings.append("broken")
    except MemoryError:
        raise  # the parent says "not examined"
    except Exception:  # noqa: BLE001  (pypdf raises anything at all on hostile files)
        return ["broken"]
    return findings


def _objects(reader: PdfReader) -> Iterator[object]:
    """Give every object: JavaScript hides in compressed ones, out of sight of a search."""
    from pypdf.errors import PyPdfError  # noqa: PLC0415
    from pypdf.generic import IndirectObject  # noqa: PLC0415

    ids = [(n, g) for g, entries in reader.xref.items() for n in entries]
    ids += [(n, 0) for n in reader.xref_objStm]
    for number, generation in ids[:MAX_OBJECTS]:
        try:
            yield IndirectObject(number, generation, reader).get_object()
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError):
            continue  # one damaged object says nothing about the others


def _is_javascript(item: object) -> bool:
    from pypdf.generic import ArrayObject, DictionaryObject  # noqa: PLC0415

    if isinstance(item, DictionaryObject):
        if item.get("/S") == "/JavaScript" or "/JS" in item:
            return True
        # Direct objects inside: actions are often written in place.
        return any(
            _is_javascript(value)
            for value in item.values()
            if isinstance(value, (DictionaryObject, ArrayObject))
        )
    if isinstance(item, ArrayObject):
        return any(
            _is_javascript(value)
            for value in list(item)
            if isinstance(value, (DictionaryObject, ArrayObject))
        )
    return False


if __name__ == "__main__":
    main()
