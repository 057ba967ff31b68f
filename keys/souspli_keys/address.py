"""E-mail addresses and the service's name, one spelling each (encoding.md §5)."""

import re
import unicodedata
from functools import lru_cache
from typing import NewType

import idna

from souspli_keys.canonical import check_text
from souspli_keys.errors import AddressError, CanonicalError
from souspli_keys.whitespace import WHITE_SPACE

Address = NewType("Address", str)
"""An e-mail address in its canonical spelling."""

Origin = NewType("Origin", str)
"""The service's name: a lower-case DNS name without port, built into every client."""

# RFC 5322 §3.2.3 takes these in quotes only, which nobody's address has; without them
# mail software reads `marie,dupont@…` as two addresses, and a code would go to the first.
_SPECIALS = frozenset('"(),:;<>[\\]')

_LEAST_BYTES = 3  # a@b
_MOST_BYTES = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_MOST_ORIGIN_BYTES = 253  # RFC 1035 §2.3.4, as text

_ORIGIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def normalise_address(text: str) -> Address:
    """Return the canonical spelling of an e-mail address that somebody typed.

    Trimmed, NFC, lower case, the domain as an A-label. Raises AddressError, whose
    text does not repeat the address.
    """
    trimmed = unicodedata.normalize("NFC", text.strip(WHITE_SPACE))
    folded = unicodedata.normalize("NFC", trimmed.lower())
    local, separator, domain = folded.partition("@")
    if not separator or not local:
        raise AddressError("an address is one name, one @ and one domain")
    # idna takes the final dot of an absolute name: a second spelling of the domain.
    if any(c in WHITE_SPACE for c in folded) or domain.endswith("."):
        raise AddressError("an address holds no space and does not end with a dot")
    if not _SPECIALS.isdisjoint(local):
        raise AddressError("a character that mail gives another meaning")
    try:
        check_text(local)
        address = f"{local}@{_a_labels(domain)}"
    except (CanonicalError, idna.IDNAError):
        raise AddressError("a character that no address contains") from None
    if not _LEAST_BYTES <= len(address.encode("utf-8")) <= _MOST_BYTES:
        raise AddressError(f"an address has {_LEAST_BYTES} to {_MOST_BYTES} bytes")
    return Address(address)


# A domain is nobody's secret, and most people have theirs from a few providers.
@lru_cache(maxsize=256)
def _a_labels(domain: str) -> str:
    return idna.encode(domain).decode("ascii")


def parse_address(text: str) -> Address:
    """Return `text` if it is the canonical spelling of an address; AddressError if not."""
    if normalise_address(text) != text:
        raise AddressError("not the canonical spelling of the address")
    return Address(text)


def parse_origin(text: str) -> Origin:
    """Return `text` as a service's name; AddressError if it is none."""
    if len(text) > _MOST_ORIGIN_BYTES or not _ORIGIN.fullmatch(text):
        raise AddressError("an origin is a lower-case DNS name without port")
    return Origin(text)
