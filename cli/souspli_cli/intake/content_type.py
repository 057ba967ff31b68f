"""The media type of a file by its content; what was declared counts where that says nothing.

docs/specs/intake.md §1.4. A short list of what laboratories send.
"""

from __future__ import annotations

import re
from typing import Final

from souspli_cli.intake.charsets import find_charset, utf_16_of

PDF: Final = "application/pdf"
TEXT: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"
EXECUTABLE_TYPES: Final = frozenset(
    {"application/vnd.microsoft.portable-executable", "application/x-executable"}
)

EXTENSIONS: Final = {
    PDF: ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "image/gif": ".gif",
    "text/rtf": ".rtf",
    "application/xml": ".xml",
    "text/html": ".html",
    "application/zip": ".zip",
    "application/dicom": ".dcm",
    TEXT: ".txt",
}

# Where each begins, and with what: the formats' own specifications.
_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"GIF8", "image/gif"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"{\\rtf", "text/rtf"),
    (128, b"DICM", "application/dicom"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"#!", "application/x-executable"),
)
_LOOKED_AT: Final = 1024
"""Readers look for a PDF's header that far in; printers' software puts lines before it."""
_HTML: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_XML: Final = re.compile(rb"<(?:\?xml\b|[A-Za-z_][\w.:-]*[\s/>])")
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\r\n\x0c\x1b"))


def media_type_of(content: bytes) -> str:
    """Return the media type that `content` has, `UNKNOWN` if it is none of the list."""
    for at, signature, media_type in _SIGNATURES:
        if content.startswith(signature, at):
            return media_type
    if content.startswith(b"MZ") and b"\x00" in content[:64]:
        return "application/vnd.microsoft.portable-executable"
    if b"%PDF-" in content[:_LOOKED_AT]:
        return PDF
    start = content[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")
    if _HTML.match(start):
        return "text/html"
    if _XML.match(start):
        return "application/xml"
    return TEXT if _is_text(content) else UNKNOWN


def extension_of(media_type: str) -> str:
    """Return what a file name of this media type ends with."""
    return EXTENSIONS.get(media_type, ".bin")


def _is_text(content: bytes) -> bool:
    if not content:
        return False
    if utf_16_of(content):
        return True
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if controls:
        return False
    # Compressed bytes are everything, and valid nowhere but in sets that take everything.
    return not find_charset(content).guessed or _mostly_ascii(content)


def _mostly_ascii(content: bytes) -> bool:
    ascii_only = content.translate(None, bytes(range(128, 256)))
    return len(ascii_only) * 10 >= len(content) * 7
