"""HL7 v2's composite types where they stand alone, in slots of ebXML (intake.md §7).

CX (an identifier), XPN (a name), XTN (a telecom). No message is around them, so the
separators are always HL7's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from souspli_cli.intake.addresses import mail_address
from souspli_cli.intake.cleaning import clean_text
from souspli_cli.intake.patient import given_names_of

_MOST_CHARACTERS = 2_000
_MOST_REPETITIONS = 20
_ESCAPES: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPE: Final = re.compile(r"\\([FSTRE])\\")
# Table 0200. In France `L` is the name of birth; untyped, it may be any, so the one in use.
_BIRTH_TYPES: Final = ("B", "M", "L")
_USED_TYPES: Final = ("D", "N", "")


def identifier_of(cx: str) -> tuple[str, str] | None:
    """Return (authority's OID or name, number) of a CX, None if it has no number."""
    components = _components(cx)
    number = _text(components, 0)
    if not number:
        return None
    parts = (components[3] if len(components) > 3 else "").split("&")
    authority = parts[1] if len(parts) > 1 and parts[1] else parts[0]
    return authority.strip(), number.strip()


def repetitions(field: str) -> list[str]:
    """Return a field's repetitions, up to a number that no patient has."""
    return field[:_MOST_CHARACTERS].split("~")[:_MOST_REPETITIONS]


def names_of(names: Iterable[str]) -> tuple[str | None, str | None, str | None, bool]:
    """Return birth name, used name, given names, and whether two birth names contradict."""
    families: dict[str, str] = {}
    given: dict[str, str] = {}
    differ = False
    for name in names:
        components = _components(name)
        kind = _text(components, 6).upper()
        if family := clean_text(_text(components, 0).split("&")[0]):
            differ |= families.setdefault(kind, family) != family
        if text := given_names_of(_text(components, 1), [_text(components, 2)]):
            given.setdefault(kind, text)
    birth = next((families[kind] for kind in _BIRTH_TYPES if kind in families), None)
    used = next((families[kind] for kind in _USED_TYPES if kind in families), None)
    order = (*_BIRTH_TYPES, *_USED_TYPES, *given)
    given_names = next((given[kind] for kind in order if kind in given), None)
    return birth, None if used == birth else used, given_names, differ


def mail_addresses_in(value: str) -> list[str]:
    """Return the practitioners' addresses in `organisation|person|telecom`."""
    pieces = re.split(r"[|^&~]", value[:_MOST_CHARACTERS])
    return [address for address in map(mail_address, pieces) if address]


def _components(value: str) -> list[str]:
    return value[:_MOST_CHARACTERS].split("^")


def _text(components: list[str], index: int) -> str:
    if index >= len(components):
        return ""
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], components[index]).strip()
