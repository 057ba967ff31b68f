"""All words that people read, in their language, from one file per language.

Rules of the words (``texts/fr.toml``, ``texts/en.toml``):
1. What happened, then what to do. Short sentences, no jargon, no blame.
2. The same keys and the same placeholders in both files (a test compares them).
3. Values are put in as they are, made harmless: a name from a file or from the
   service can't move the cursor, change a colour or turn the line around.
4. Never a secret. Traits of a patient only where the user needs them to decide.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Categories that a terminal obeys instead of showing: controls (C0, C1),
# formats (bidirectional overrides, zero width), lone surrogates, separators of
# lines and paragraphs.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# A section's heading: `[help.seal]` belongs to the section `help`.
_SECTION = re.compile(r"^\[([a-z_]+)[a-z_.]*\]$", re.MULTILINE)


class Language(Enum):
    """The languages that every text exists in."""

    FRENCH = "fr"
    ENGLISH = "en"


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: str | int) -> str:
        """Give the text for a key, its placeholders filled with harmless values.

        Raises:
            KeyError: No such key; the tests read every key used in the code.
        """
        safe = {name: visible(v) if isinstance(v, str) else v for name, v in values.items()}
        return self.texts[key].format_map(safe)

    def get(self, key: str) -> str | None:
        """Give the text for a key, or None where there is none."""
        return self.texts.get(key)


def visible(text: str) -> str:
    """Give a text whose every character is shown and none obeyed by a terminal."""
    return "".join("\ufffd" if unicodedata.category(c) in _OBEYED else c for c in text)


def load(language: Language) -> Words:
    """Read the texts of a language."""
    # Not importlib.resources: it takes 10 ms to find what lies beside this file.
    path = Path(__file__).with_name("texts") / f"{language.value}.toml"
    return Words(language, Texts(path.read_text(encoding="utf-8")))


class Texts(Mapping[str, str]):
    """The texts of a TOML file, each of its sections parsed when it is first asked for.

    Parsing all of them takes a tenth of a small command's time, which needs two.
    """

    def __init__(self, source: str) -> None:
        """Take the whole file; a test compares what comes out with tomllib's own reading."""
        self._unparsed: dict[str, str] = {}
        starts = [(found.start(), found[1]) for found in _SECTION.finditer(source)]
        for (start, name), (end, _) in zip(starts, [*starts[1:], (len(source), "")], strict=True):
            self._unparsed[name] = self._unparsed.get(name, "") + source[start:end]
        self._texts: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        self._parse(key.partition(".")[0])
        return self._texts[key]

    def __iter__(self) -> Iterator[str]:
        for section in tuple(self._unparsed):
            self._parse(section)
        return iter(self._texts)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _parse(self, section: str) -> None:
        unparsed = self._unparsed.get(section)
        if unparsed is not None:
            self._texts.update(_leaves(tomllib.loads(unparsed), ""))
            # Last: another thread that asks meanwhile parses it once more, and finds it.
            self._unparsed.pop(section, None)


def _leaves(tree: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    leaves: list[tuple[str, str]] = []
    for name, value in tree.items():
        if isinstance(value, str):
            leaves.append((prefix + name, value.strip("\n")))
        elif isinstance(value, dict):
            leaves += _leaves(cast("Mapping[str, object]", value), f"{prefix}{name}.")
    return leaves


def choose(arguments: Sequence[str]) -> Language:
    """Choose the language: ``--lang``, then SOUSPLI_LANG, then the locale, then French.

    The arguments are looked at before they are parsed, since even the message
    that they can't be parsed has a language.
    """
    wanted = [_lang_option(arguments), os.environ.get("SOUSPLI_LANG")]
    wanted += [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    for value in wanted:
        for language in Language:
            if value and value.lower().split("_")[0].split(".")[0] == language.value:
                return language
    return Language.FRENCH


def _lang_option(arguments: Sequence[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None
