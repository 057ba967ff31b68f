"""What a content is, told by the content alone (docs/specs/intake.md §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from souspli_cli.intake.active import is_active
from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.magic_types import magic_type
from souspli_cli.intake.zip_listing import ZipKind, look_at_zip

PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"
_LOOKED_AT = 65_536
"""Licences and histories of changes stand before the root element of some."""
ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_MOST_PDF_OFFSET = 1_024  # as Adobe's readers have always taken them

# libmagic's words for what has no type: of text, our own rules have the last one.
_TELLS_NOTHING: Final = frozenset({"application/x-empty", "inode/x-empty", TEXT})

# Where each begins, and with what: the formats' own specifications.
_SIGNATURES: Final = (
    (0, b"%PDF-", PDF),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"{\\rtf", "text/rtf"),
    (128, b"DICM", "application/dicom"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
)
_EXTENSIONS: Final = {
    PDF: ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "text/rtf": ".rtf",
    "application/dicom": ".dcm",
    "application/zip": ".zip",
    "application/xml": ".xml",
    "application/json": ".json",
    "text/html": ".html",
    TEXT: ".txt",
}
# The root element behind a declaration, comments and instructions; no DTD, which is refused.
_ROOT: Final = re.compile(
    r"\s*+(?:<\?.*?\?>\s*+|<!--.*?-->\s*+)*+<(?:[A-Za-z_][\w.-]*+:)?([A-Za-z_][\w.-]*+)[\s/>]",
    re.DOTALL,
)
_DOCTYPE: Final = re.compile(
    r"\s*+(?:<\?.*?\?>\s*+|<!--.*?-->\s*+)*+<!DOCTYPE\s++([\w:.-]++)", re.DOTALL | re.IGNORECASE
)
# Mail programs also write the inside of a page alone.
_HTML: Final = frozenset(
    {"html", "head", "body", "title", "meta", "style", "script", "base", "link", "iframe"}
    | {"p", "div", "span", "table", "font", "center", "br", "hr", "img", "a", "b", "i", "u"}
    | {"h1", "h2", "h3", "h4", "ul", "ol", "li", "pre", "strong", "em", "form", "blockquote"}
)
_JSON_BEGINNINGS: Final = frozenset('"{[}]')
# Beside the controls that printers, HL7 (0x1C) and DOS (0x1A) still use.
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x19]")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a content is."""

    media_type: str
    executable: bool = False
    """A program, a script, or something that brings one along."""
    zip_kind: ZipKind | None = None
    root: str | None = None
    """Of XML: the root element's local name."""

    @property
    def extension(self) -> str:
        """What a file of this kind is called like, with a dot; empty if that is not known."""
        return _EXTENSIONS.get(self.media_type, "")


def sniff(content: bytes, *, name: str = "", quickly: bool = False) -> Kind:
    """Return what `content` is; `name` only counts for what no content can show: scripts.

    `quickly`: without libmagic's millisecond, for what a file may hold fifty thousand of.
    """
    kind = _kind(content, quickly=quickly)
    if is_active(content, name=name, media_type=kind.media_type):
        return Kind(kind.media_type, executable=True, zip_kind=kind.zip_kind, root=kind.root)
    return kind


def by_signature(start: bytes) -> str | None:
    """Return the media type that the first bytes alone show; None if they show none."""
    for at, signature, media_type in _SIGNATURES:
        if start.startswith(signature, at):
            return media_type
    return None


def _kind(content: bytes, *, quickly: bool) -> Kind:
    if signed := by_signature(content):
        return Kind(signed)
    if content.startswith(ZIPS):
        look = look_at_zip(content)
        return Kind(look.media_type, executable=look.executable, zip_kind=look.kind)
    told = _text_kind(content)
    if told is None or told.media_type == TEXT:
        # Last of all: the first bytes of a stored zip's first PDF are there, too.
        if content.find(b"%PDF-", 0, _MOST_PDF_OFFSET) >= 0:
            return Kind(PDF)
        return told or Kind(UNKNOWN if quickly else _of_magic(content))
    return told


def _of_magic(content: bytes) -> str:
    told = magic_type(content)
    return UNKNOWN if told is None or told in _TELLS_NOTHING else told


def _text_kind(content: bytes) -> Kind | None:
    text = _beginning_as_text(content)
    if text is None:
        return None
    beginning = text.lstrip("\ufeff \t\r\n")
    if beginning.startswith("<"):
        return _markup_kind(beginning)
    if beginning.startswith(("{", "[")) and beginning[1:].lstrip()[:1] in _JSON_BEGINNINGS:
        return Kind("application/json")
    return Kind(TEXT)


def _markup_kind(beginning: str) -> Kind:
    doctype, root = _DOCTYPE.match(beginning), _ROOT.match(beginning)
    name = root[1] if root else None
    is_fragment = not beginning.startswith("<?xml") and (name or "").lower() in _HTML
    if is_fragment or "html" in {(name or "").lower(), doctype and doctype[1].lower()}:
        return Kind("text/html")
    if root:
        return Kind("image/svg+xml" if name == "svg" else "application/xml", root=name)
    return Kind("application/xml" if beginning.startswith(("<?xml", "<!")) else TEXT)


def _beginning_as_text(content: bytes) -> str | None:
    """Return the first characters, None if they are of no text in any character set."""
    start = content[:_LOOKED_AT]
    if not start:
        return None
    for mark, charset in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            return start.decode(charset, "ignore")
    if start.startswith((b"<\x00", b"{\x00")):
        return start.decode("utf-16-le", "ignore")
    if start.startswith((b"\x00<", b"\x00{")):
        return start.decode("utf-16-be", "ignore")
    # Not final: the first bytes may end inside a letter.
    text, _ = decode_text(start[: len(start) - 3] if len(start) == _LOOKED_AT else start)
    return None if _NO_TEXT.search(text) else text
