"""What the records about one report say of it, and what follows from all of them together.

docs/specs/intake.md §5.3, §6.2. Shared by the formats whose records are OBR and OBX; each
reader knows in which of its fields a fact stands.
"""

from __future__ import annotations

import re
from typing import Final

from souspli_cli.intake.cleaning import clean_date, clean_loinc, clean_text
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.values import Change
from souspli_exchange.manifest import Priority

_WITHDRAWN: Final = frozenset({"D", "W"})  # table 0085: deleted; wrong, as of another patient
_CORRECTED: Final = "C"

_PRIORITIES: Final = {
    **dict.fromkeys(("S", "STAT", "U", "UR", "URGENT"), Priority.URGENT),
    **dict.fromkeys(("A", "ASAP", "T"), Priority.SOON),
}
_RANK: Final = {Priority.URGENT: 2, Priority.SOON: 1, Priority.ROUTINE: 0}
_CHANGE_RANK: Final = {Change.WITHDRAWS: 2, Change.REPLACES: 1, Change.NEW: 0}

_ADDRESS: Final = re.compile(
    r"[^\s@<>\"(),:;\[\]\\]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_MOST_ADDRESS_CHARACTERS: Final = 254
_OF_PATIENTS: Final = "@patient.mssante.fr"
"""Patients' own boxes, named in the same way as practitioners'."""
_MOST_COPIES: Final = 100
_MOST_NUMBERS: Final = 100
_MOST_TITLES: Final = 20


class ReportFacts:
    """Collects facts as they come; the first of several dates or numbers counts."""

    def __init__(self) -> None:
        """Begin with a new report of which nothing is known."""
        self.priority = Priority.ROUTINE
        self.copies: dict[str, None] = {}
        self._change = Change.NEW
        self._numbers: dict[str, None] = {}
        self._documents: dict[str, None] = {}
        self._parents: dict[str, None] = {}
        self._kinds: set[str | None] = set()
        self._result_kinds: set[str | None] = set()
        self._titles: dict[str, None] = {}
        self._date: str | None = None
        self._observed_date: str | None = None
        self._statuses: set[str] = set()

    def add_change(self, change: Change) -> None:
        """Something says that the whole report is new, corrected or withdrawn."""
        self._change = max(self._change, change, key=_CHANGE_RANK.__getitem__)

    def add_report_status(self, code: str | None) -> None:
        """The status of all of it: `C` is a correction."""
        if (code or "").upper() == _CORRECTED:
            self.add_change(Change.REPLACES)

    def add_result(self, kind: str | None, *, status: str | None, date: str | None) -> None:
        """One result: its LOINC code if it has one, its status, its moment."""
        self._statuses.add((status or "").upper())
        self._observed_date = self._observed_date or clean_date(date)
        if len(self._result_kinds) < 2:
            self._result_kinds.add(kind)

    def add_service(self, kind: str | None, title: str | None) -> None:
        """What was ordered or documented; a kind of None is in another system than LOINC."""
        if len(self._kinds) < 3:
            self._kinds.add(kind)
        if title is not None and len(self._titles) < _MOST_TITLES:
            self._titles[title] = None

    def add_date(self, date: str | None) -> None:
        """When something was taken or done."""
        self._date = self._date or clean_date(date)

    def add_number(self, authority: str | None, number: str | None) -> None:
        """The laboratory's number of the report: the same in every version."""
        _add(self._numbers, authority, number)

    def add_document(self, authority: str | None, number: str | None) -> None:
        """The number of the document: another one in every version."""
        _add(self._documents, authority, number)

    def add_parent(self, authority: str | None, number: str | None) -> None:
        """The number of the document that this one comes after."""
        _add(self._parents, authority, number)

    def add_priority(self, code: str | None) -> None:
        """How soon it was wanted; the most pressing one counts."""
        priority = _PRIORITIES.get((code or "").upper(), Priority.ROUTINE)
        self.priority = max(self.priority, priority, key=_RANK.__getitem__)

    def add_copy(self, address: str | None) -> None:
        """Somebody who gets a copy; what is no address, or a patient's, is left out."""
        if (
            address is not None
            and len(address) <= _MOST_ADDRESS_CHARACTERS
            and _ADDRESS.fullmatch(address)
            and not address.lower().endswith(_OF_PATIENTS)
            and len(self.copies) < _MOST_COPIES
        ):
            self.copies[address] = None

    @property
    def change(self) -> Change:
        """What the report does; the stronger one if several are said."""
        if self._statuses and self._statuses <= _WITHDRAWN:
            return Change.WITHDRAWS
        # One result withdrawn among others corrects the report.
        if self._change is Change.NEW and self._statuses & (_WITHDRAWN | {_CORRECTED}):
            return Change.REPLACES
        return self._change

    @property
    def report_id(self) -> str | None:
        """The document's number, or the first of the laboratory's."""
        return next(iter(self._documents), None) or next(iter(self._numbers), None)

    @property
    def replaces(self) -> tuple[str, ...]:
        """The reports that are corrected or withdrawn; none of a new one."""
        if self.change is Change.NEW:
            return ()
        if self._documents and self._parents and self.change is Change.REPLACES:
            return tuple(self._parents)
        return tuple(self._documents or self._numbers)

    @property
    def kind(self) -> str | None:
        """The LOINC code of all that was ordered, or of all results; None if they differ."""
        codes = self._kinds if self._kinds - {None} else self._result_kinds
        return next(iter(codes)) if len(codes) == 1 else None

    @property
    def title(self) -> str | None:
        """What was ordered, as the laboratory calls it."""
        return clean_text(", ".join(self._titles))

    @property
    def date(self) -> str | None:
        """When something was taken or done; else, when it was observed."""
        return self._date or self._observed_date


def read_loinc(coded: Part) -> str | None:
    """Return the LOINC code of a coded field, in either of its two places."""
    for code, system in ((1, 3), (4, 6)):
        if (coded.component(system).clean or "LN").upper() not in {"LN", "LOINC"}:
            continue
        if loinc := clean_loinc(coded.component(code).clean):
            return loinc
    return None


def _add(numbers: dict[str, None], authority: str | None, number: str | None) -> None:
    if number is not None and len(numbers) < _MOST_NUMBERS:
        numbers[f"{authority or ''}|{number}"] = None
