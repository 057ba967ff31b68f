"""The text that is read to a patient before they agree (docs/specs/consent.md §3).

Versioned: what a patient agreed to stays what it was. Another text is another version;
a test holds both hashes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from souspli_cli.words import Language

VERSION = "2026-12"


@dataclass(frozen=True)
class ConsentText:
    """The text of one language."""

    version: str
    text: str
    sha256: str
    """Of its very bytes."""


def load(language: Language) -> ConsentText:
    """Read the text of a language."""
    path = Path(__file__).with_name("texts") / f"consent.{language.value}.txt"
    content = path.read_bytes()
    return ConsentText(VERSION, content.decode("utf-8"), hashlib.sha256(content).hexdigest())
