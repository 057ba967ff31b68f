"""Electronic or paper: which of two people's words is in force (consent.md §1)."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How an organisation's documents go to a patient."""

    ELECTRONIC = "electronic"
    PAPER = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one statement said, and when it was signed."""

    way: Way
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The way that counts, since when, and whether the patient signed it themselves."""

    way: Way
    since: int
    by_patient: bool


def in_force(*, consent: Said | None, choice: Said | None) -> InForce | None:
    """Return what counts of the practice's note and the patient's own choice.

    The later one; at the same moment paper, which harms nobody. None if nobody said
    anything.
    """
    said = [
        InForce(way=one.way, since=one.at, by_patient=by_patient)
        for one, by_patient in ((choice, True), (consent, False))
        if one is not None
    ]
    return max(said, key=lambda one: (one.since, one.way is Way.PAPER), default=None)
