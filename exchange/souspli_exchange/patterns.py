"""Texts of one fixed form inside manifests (sealed-document.md §3)."""

import re
from typing import Final

from souspli_keys.errors import SchemaError
from souspli_keys.fields import Fields

LOINC: Final = re.compile(r"[0-9]{1,7}-[0-9]")
MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
INS_MATRICULE: Final = re.compile(r"[0-9]{6}[0-9AB][0-9]{8}")  # 2A, 2B: Corsica
OID: Final = re.compile(r"[0-9]+(\.[0-9]+)+")


def read_matching(fields: Fields, name: str, pattern: re.Pattern[str], *, most: int) -> str:
    """Return the field if all of it matches `pattern`, or raise SchemaError."""
    text = fields.text(name, most=most)
    if not pattern.fullmatch(text):
        raise SchemaError(f"field {name} has another form")
    return text
