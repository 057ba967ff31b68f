"""Whether what a file was declared as contradicts what it is (docs/specs/intake.md §1.4)."""

from __future__ import annotations

import re
from typing import Final

# What programs write that do not know, or do not care.
_SAYS_NOTHING: Final = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/binary"}
    | {"application/x-unknown", "application/download", "application/force-download"}
    | {"application/unknown", "unknown/unknown", "application/x-download"}
)
_ALIASES: Final = {
    "application/x-pdf": "application/pdf",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/tif": "image/tiff",
    "application/x-zip-compressed": "application/zip",
    "application/x-zip": "application/zip",
    "application/rtf": "text/rtf",
    "text/richtext": "text/rtf",
    "text/xml": "application/xml",
    "application/vnd.ms-tnef": "application/ms-tnef",
    "application/msword": "application/x-ole-storage",
    "application/vnd.ms-excel": "application/x-ole-storage",
}
# What a signature or a spelling of its own shows; libmagic's word on the rest is a hint.
_CERTAIN: Final = frozenset(
    {"application/pdf", "application/dicom", "application/zip", "application/x-ole-storage"}
    | {"image/png", "image/jpeg", "image/gif", "image/tiff", "image/svg+xml"}
    | {"text/rtf", "text/html", "text/plain", "application/xml", "application/json"}
    | {"application/gzip", "application/ms-tnef"}
)
_CONTAINER: Final = re.compile("zip|office|opendocument|ole-storage")
_TEXTS: Final = ("text/", "application/xml", "application/json", "application/hl7", "message/")


def differs(declared: str, told: str) -> bool:
    """Say whether a media type was declared that the content is not.

    Only for what the content shows without doubt: text is told from text by its reader,
    and what nobody knows may well be what it says.
    """
    known = _ALIASES.get(declared.lower(), declared.lower())
    if known in _SAYS_NOTHING or told not in _CERTAIN or known == told:
        return False
    if _is_text(known) and _is_text(told):
        return False
    # One zip is another, and so is one file of an old text processor.
    return not (_CONTAINER.search(known) and _CONTAINER.search(told))


def _is_text(media_type: str) -> bool:
    return media_type.startswith(_TEXTS) or media_type.endswith(("+xml", "+json"))
