"""The one way in which intake reads XML (docs/specs/intake.md §4).

No entity is resolved, no DTD read, nothing fetched, and what might grow is counted before
a tree is built. A document with a DTD is refused altogether: none of the formats has one,
and everything that goes wrong with XML begins there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from lxml import etree

from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_cli.intake.limits import Limits

# lxml has no public name for what all its functions return.
Element: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

DEPTH_FACTOR = 10
"""Elements in elements, for each of `Limits.depth`."""
_DECLARATION: Final = re.compile(r"\s*+<\?xml\s[^>]*?>", re.DOTALL)
_ENCODING: Final = re.compile(r"encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_MOST_DECLARATION = 400
_MOST_ORDINARY_CHARACTERS: Final = 10_000_000  # libxml2's XML_MAX_TEXT_LENGTH
_WIDE_STARTS: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


def read_xml(content: bytes, *, limits: Limits) -> tuple[Element, bool]:
    """Return the root element, and whether the character set had to be guessed.

    Raises NotThisFormatError if it is not well-formed or has a DTD, BeyondLimitsError if it
    has more elements or is deeper than `limits`.
    """
    text, guessed = _as_text(content)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise NotThisFormatError("XML with a DTD")
    # Elements and attributes are what a tree is made of, and each has one of these.
    if text.count("<") + text.count("=") > limits.elements:
        raise BeyondLimitsError("elements: XML with too many elements")
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever it declares: it has been decoded
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        # libxml2 ends a text at 10 MB, and a scanned report in base64 may be longer. What this
        # switches off beside that, the bounds above and below hold closer.
        huge_tree=len(text) > _MOST_ORDINARY_CHARACTERS,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError, UnicodeEncodeError):
        raise NotThisFormatError("XML that is not well-formed") from None
    _check_depth(root, limits.depth * DEPTH_FACTOR)
    return root, guessed


def _as_text(content: bytes) -> tuple[str, bool]:
    """Decode it ourselves: what is checked and what is parsed must be the same text."""
    declared = next((name for mark, name in _WIDE_STARTS if content.startswith(mark)), "")
    if not declared:
        found = _ENCODING.search(content[:_MOST_DECLARATION].decode("latin-1"))
        # XML's own default; without it, a guess is one.
        declared = found[1] if found else "utf-8"
    text, guessed = decode_text(content, declared)
    text = text.lstrip("\ufeff")
    # Cut out, or lxml would refuse the second of two that contradict.
    beginning = _DECLARATION.sub("", text[:_MOST_DECLARATION], count=1)
    return beginning + text[_MOST_DECLARATION:], guessed


def _check_depth(root: Element, most: int) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > most:
            raise BeyondLimitsError("depth: XML elements in elements, too many times")


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    """Return an element's namespace, empty if it has none."""
    return etree.QName(element).namespace or ""


def text_of(element: Element | None, *, most: int = 2_000) -> str | None:
    """Return the text in an element and its children, cut; None if there is no element."""
    if element is None:
        return None
    pieces: list[str] = []
    length = 0
    for piece in _texts(element):
        pieces.append(piece[:most])
        length += len(pieces[-1])
        if length >= most:
            break
    return "".join(pieces)[:most]


def _texts(element: Element) -> Iterator[str]:
    for piece in element.itertext():
        yield str(piece)
