"""The operator's terms: read from folders, one version in force (docs/specs/consent.md §7, §8).

A version is a folder with `terms.toml`, `fr.md` and `en.md`. One ships with the
service, so that there are always terms; the operator's own folder adds to it.
"""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from souspli_keys.statements.consent import MAX_VERSION_CHARACTERS
from souspli_mailbox.errors import SettingsError

SHIPPED: Final = Path(__file__).parent
LANGUAGES: Final = ("fr", "en")

NOTICE_SECONDS: Final = 30 * 86_400
"""Between the service's first sight of a version and its coming into force."""

MAX_TEXT_BYTES: Final = 65_536
"""Forty pages, which nobody reads; it keeps the answer small."""


@dataclass(frozen=True, slots=True)
class TermsText:
    """One language's text."""

    text: str = field(repr=False)
    sha256: str
    """Of its very bytes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One version."""

    version: str
    in_force_from: int
    texts: dict[str, TermsText]

    def has(self, terms_hash: str) -> bool:
        """Say whether this is the hash of one of its texts."""
        return any(text.sha256 == terms_hash for text in self.texts.values())


@dataclass(frozen=True, slots=True)
class AllTerms:
    """Every version that the service has, the oldest first."""

    versions: Sequence[Terms]

    def in_force(self, now: int) -> Terms:
        """Return the newest version whose day has come; the shipped one's always has."""
        return [one for one in self.versions if one.in_force_from <= now][-1]

    def announced(self, now: int) -> Terms | None:
        """Return the next version, None if there is none."""
        return next((one for one in self.versions if one.in_force_from > now), None)


def load_terms(folder: Path | None) -> AllTerms:
    """Return the shipped version and those in the folder; SettingsError for one that is wrong."""
    shipped = _read_all(SHIPPED)
    own = () if folder is None else _read_all(folder)
    if folder is not None and not own:
        raise SettingsError("terms_folder holds no version: a folder with terms.toml, fr.md, en.md")
    versions = (*shipped, *own)
    if len({one.version for one in versions}) < len(versions):
        raise SettingsError("terms_folder: two versions of one name")
    if len({one.in_force_from for one in versions}) < len(versions):
        raise SettingsError("terms_folder: two versions come into force on one day")
    return AllTerms(sorted(versions, key=lambda one: one.in_force_from))


def _read_all(folder: Path) -> tuple[Terms, ...]:
    return tuple(_read(path.parent) for path in sorted(folder.glob("*/terms.toml")))


def _read(folder: Path) -> Terms:
    """Return the version in a folder; the words of an error name it by its last part."""
    where = f"terms {folder.name}"
    try:
        facts = tomllib.loads((folder / "terms.toml").read_text(encoding="utf-8"))
        texts = {
            language: _text((folder / f"{language}.md").read_bytes()) for language in LANGUAGES
        }
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failed:
        raise SettingsError(
            f"{where}: terms.toml, fr.md and en.md are needed, in UTF-8"
        ) from failed
    version, day = facts.pop("version", None), facts.pop("in_force_from", None)
    if facts or not isinstance(version, str) or not 1 <= len(version) <= MAX_VERSION_CHARACTERS:
        raise SettingsError(f"{where}: version (1–32 characters) and in_force_from, no more")
    if type(day) is not datetime.date:
        raise SettingsError(f"{where}: in_force_from is a date, as 2027-01-31")
    if any(not 1 <= len(text.text.encode()) <= MAX_TEXT_BYTES for text in texts.values()):
        raise SettingsError(f"{where}: a text has 1 to {MAX_TEXT_BYTES} bytes")
    begins = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return Terms(version, int(begins.timestamp()), texts)


def _text(content: bytes) -> TermsText:
    return TermsText(content.decode("utf-8"), hashlib.sha256(content).hexdigest())


def pairs(versions: Iterable[Terms]) -> list[tuple[Terms, str, str]]:
    """Return version, language and hash of each text."""
    return [
        (one, language, text.sha256) for one in versions for language, text in one.texts.items()
    ]
