"""Contents that do something when they are opened: programs, scripts, macros.

docs/specs/intake.md §4. They travel all the same, to a person at the laboratory first:
nothing here tells a virus, and no medical document is one of these.
"""

from __future__ import annotations

import re
from typing import Final

from souspli_cli.intake.names import extension_of

_PROGRAMS: Final = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",  # Mach-O, both widths in both orders
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # Mach-O for several processors, and Java
    b"\x00asm",
    b"#!",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a shortcut of Windows
    b"ITSF",  # help of Windows, with scripts
    b"dex\n",
)
_DOS_HEADER_BYTES = 64
"""Of DOS and Windows; with a zero in it, which tells it from a text that begins like that."""
_PROGRAM_TYPES: Final = re.compile(
    r"application/(x-(dosexec|executable|pie-executable|sharedlib|object|mach-binary|msi"
    r"|java-applet|elf|shellscript|bat|ms-shortcut)|vnd\.microsoft\.portable-executable)"
    r"|text/x-(shellscript|msdos-batch|python|perl|ruby|php)"
)
# What Windows runs with a double click, whatever is in it.
_EXTENSIONS: Final = frozenset(
    {
        ".exe",
        ".com",
        ".scr",
        ".pif",
        ".cpl",
        ".msi",
        ".msp",
        ".bat",
        ".cmd",
        ".ps1",
        ".psm1",
        ".vbs",
        ".vbe",
        ".js",
        ".jse",
        ".wsf",
        ".wsh",
    }
    | {
        ".hta",
        ".lnk",
        ".url",
        ".scf",
        ".reg",
        ".jar",
        ".chm",
        ".sh",
        ".command",
        ".app",
        ".dll",
        ".sys",
        ".iso",
        ".img",
        ".vhd",
        ".vhdx",
    }
    | {".xll", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".pptm", ".potm", ".ppam"}
)
_OLE_MACROS: Final = (
    "_VBA_PROJECT".encode("utf-16-le"),
    # The class of a Windows installer.
    b"\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46",
)
_ACTIVE_HTML: Final = re.compile(
    rb"<\s*+(?:[a-z][\w.-]*+:)?+(?:script|iframe|object|embed|applet|base|form)\b|javascript:|vbscript:"
    rb"|[\s\"'/]on[a-z]{3,24}\s*+=|http-equiv\s*+=\s*+[\"']?refresh",
    re.IGNORECASE,
)
_PAGES: Final = frozenset({"text/html", "image/svg+xml", "application/xhtml+xml"})
_PAGE_EXTENSIONS: Final = frozenset({".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml", ".svg"})
_XHTML: Final = b"http://www.w3.org/1999/xhtml"
_RTF_OBJECT: Final = re.compile(rb"\\obj(?:data|autlink|update|ocx)\b", re.IGNORECASE)


def is_active(content: bytes, *, name: str, media_type: str) -> bool:
    """Say whether opening `content`, under this name, may run something of its sender's."""
    if _is_program(content) or _PROGRAM_TYPES.fullmatch(media_type) or has_active_name(name):
        return True
    if media_type in _PAGES or extension_of(name) in _PAGE_EXTENSIONS:
        return bool(_ACTIVE_HTML.search(_as_ascii(content)))
    match media_type:
        case "application/xml":
            # A browser runs it for the sake of its namespace, under whatever root.
            ascii_only = _as_ascii(content)
            return _XHTML in ascii_only and bool(_ACTIVE_HTML.search(ascii_only))
        case "text/rtf":
            return bool(_RTF_OBJECT.search(content))
        case "application/x-ole-storage":
            return any(mark in content for mark in _OLE_MACROS)
        case _:
            return False


def _is_program(content: bytes) -> bool:
    if content.startswith(b"MZ"):
        return b"\x00" in content[:_DOS_HEADER_BYTES]
    return content.startswith(_PROGRAMS)


def _as_ascii(content: bytes) -> bytes:
    """Return UTF-16, too, as the ASCII that is looked for."""
    return content.replace(b"\x00", b"")


def has_active_name(name: str) -> bool:
    """Say whether a file is run because of its name alone."""
    return extension_of(name) in _EXTENSIONS
