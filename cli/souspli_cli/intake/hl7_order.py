"""MSH-9, ORC, OBR, OBX, TXA, TQ1, PRT: which field of them says what of a report.

docs/specs/intake.md §5.3.
"""

from __future__ import annotations

from typing import Final

from souspli_cli.intake.delimited import Part
from souspli_cli.intake.ins import INS_OIDS
from souspli_cli.intake.report_facts import ReportFacts, read_loinc
from souspli_cli.intake.values import Change

# MDM's events (table 0003). `T03` and `T04` change a status; that it is a deletion is told
# by OBX-11 and ORC-1.
_EVENTS: Final = {
    **dict.fromkeys(("T03", "T04", "T07", "T08", "T09", "T10"), Change.REPLACES),
    "T11": Change.WITHDRAWS,
}
_ORDER_CONTROLS: Final = {  # table 0119
    **dict.fromkeys(("RO", "RP", "RU"), Change.REPLACES),
    **dict.fromkeys(("CA", "OC"), Change.WITHDRAWS),
}
_AVAILABILITIES: Final = {"CA": Change.WITHDRAWS}  # table 0273


class OrderReader:
    """Puts what the segments of one report say into `facts`."""

    def __init__(self, facts: ReportFacts, *, facility: str | None) -> None:
        """`facility` (MSH-4) is who gave out a number that names nobody else."""
        self._facts = facts
        self._facility = facility

    def read_mdm_event(self, event: str | None) -> None:
        """MSH-9.2 of an MDM."""
        self._facts.add_change(_EVENTS.get((event or "").upper(), Change.NEW))

    def read_orc(self, orc: Part) -> None:
        """ORC-1 the order control, ORC-3 the laboratory's number."""
        control = (orc.field(1).clean or "").upper()
        self._facts.add_change(_ORDER_CONTROLS.get(control, Change.NEW))
        self._facts.add_number(*self._number(orc.field(3)))

    def read_obr(self, obr: Part) -> None:
        """OBR-3, -4, -5, -7, -25, -27, -28."""
        self._facts.add_number(*self._number(obr.field(3)))
        self._read_service(obr.field(4))
        self._facts.add_date(obr.field(7).component(1).clean)
        self._facts.add_report_status(obr.field(25).clean)
        self._facts.add_priority(obr.field(5).clean)
        self._facts.add_priority(obr.field(27).component(6).clean)
        for copy in obr.field(28).repetitions():
            self._facts.add_copy(copy.component(1).clean)

    def read_obx(self, obx: Part) -> None:
        """OBX-3, -11, -14."""
        self._facts.add_result(
            read_loinc(obx.field(3)),
            status=obx.field(11).component(1).clean,
            date=obx.field(14).component(1).clean,
        )

    def read_tq1(self, tq1: Part) -> None:
        """TQ1-9."""
        self._facts.add_priority(tq1.field(9).component(1).clean)

    def read_txa(self, txa: Part) -> None:
        """TXA-2, -4, -6, -12, -13, -19, -23."""
        self._read_service(txa.field(2))
        self._facts.add_date(txa.field(4).component(1).clean)
        self._facts.add_date(txa.field(6).component(1).clean)
        self._facts.add_document(*self._number(txa.field(12)))
        self._facts.add_parent(*self._number(txa.field(13)))
        availability = (txa.field(19).clean or "").upper()
        self._facts.add_change(_AVAILABILITIES.get(availability, Change.NEW))
        for copy in txa.field(23).repetitions():
            self._facts.add_copy(copy.component(1).clean)

    def read_prt(self, prt: Part) -> None:
        """PRT-4 `RCT` (result copies to), its address in PRT-15."""
        if (prt.field(4).component(1).clean or "").upper() != "RCT":
            return
        person = prt.field(5)
        authority = person.component(9)
        oids = {authority.subcomponent(1).clean, authority.subcomponent(2).clean}
        if oids & INS_OIDS or (person.component(13).clean or "").upper() == "INS":
            return  # the patient's own box
        for telecom in prt.field(15).repetitions():
            self._facts.add_copy(telecom.component(4).clean or telecom.component(1).clean)

    def _read_service(self, service: Part) -> None:
        if not service.empty:
            title = service.component(2).clean or service.component(5).clean
            self._facts.add_service(read_loinc(service), title)

    def _number(self, number: Part) -> tuple[str | None, str | None]:
        authority = number.component(3).clean or number.component(2).clean
        return authority or self._facility, number.component(1).clean
