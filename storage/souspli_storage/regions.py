"""Names that stores give to their regions in the European Union.

A region's name is the store's word; no request proves where a disk stands. Names of
stores of one's own are unknown here: their operator knows, and lists them in settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

EU_REGIONS: Final = (
    # AWS. Not eu-west-2 (London) and not eu-central-2 (Zurich): Europe, but not the Union.
    "eu-west-1",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eusc-*",
    # OVHcloud: Gravelines, Roubaix, Strasbourg, Frankfurt, Warsaw, Paris, Milan.
    "gra",
    "rbx",
    "sbg",
    "de",
    "waw",
    "eu-west-par",
    "eu-south-mil",
    # Scaleway: Paris, Amsterdam, Warsaw, Milan.
    "fr-par",
    "nl-ams",
    "pl-waw",
    "it-mil",
)


def is_allowed(region: str, *, allowed: Sequence[str] = EU_REGIONS) -> bool:
    """Say whether a region is one of these names, of which `*` stands for anything."""
    return any(fnmatchcase(region.lower(), name.lower()) for name in allowed)
