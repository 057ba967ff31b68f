"""What all our formats are made of, for hypothesis to draw from: ids, texts, moments, keys."""

import unicodedata
from functools import cache

from hypothesis import strategies as st

from souspli_exchange.ids import DocumentId
from souspli_keys.canonical import MAX_INTEGER, check_text
from souspli_keys.errors import CanonicalError
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint

DAY = 86_400
# A little short of what canonical JSON takes, so that sums of moments fit as well.
MOMENTS = st.integers(0, MAX_INTEGER - 400 * DAY)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
FINGERPRINTS = HASHES.map(Fingerprint)
DOCUMENT_IDS = IDS.map(DocumentId)
ORIGINS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{1,9}){0,2}", fullmatch=True)
ADDRESSES = st.from_regex(r"[a-zé0-9+_]{1,20}@[a-z0-9]{1,9}(\.[a-z]{2,5}){1,2}", fullmatch=True)


@cache
def identity(number: int) -> Identity:
    """Return one of a few identities, whose keys are not derived each time."""
    return Identity.from_root(bytes([number]) * 32)


PUBLIC_IDENTITIES = st.integers(0, 5).map(lambda number: identity(number).public)


def _may_stand_in_json(text: str) -> bool:
    try:
        check_text(text)
    except CanonicalError:
        return False
    return True


def texts(most: int, *, least: int = 1) -> st.SearchStrategy[str]:
    """Draw texts of `least` to `most` characters that canonical JSON may hold."""
    characters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Cs"))
    drawn = st.text(characters, min_size=least, max_size=most)
    # The normal form of a text may be longer, by up to two characters for each.
    normal = drawn.map(lambda text: unicodedata.normalize("NFC", text)[:most])
    return normal.filter(lambda text: len(text) >= least and _may_stand_in_json(text))


def or_none(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    """Draw from a strategy, or nothing."""
    return st.none() | strategy


KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,5}|payloadType", fullmatch=True)
JSON_OBJECTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts(8, least=0),
        lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
        max_leaves=6,
    ).filter(lambda value: _depth(value) <= 7),
    max_size=5,
)


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
    return 0
