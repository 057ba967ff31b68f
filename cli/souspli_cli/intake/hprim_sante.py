"""Reads HPRIM Santé results (ORU), of one patient or of several in one file.

docs/specs/intake.md §6.2. Fields are counted from 0, the record's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from souspli_cli.intake.charsets import to_utf_8
from souspli_cli.intake.cleaning import clean_birth_date, clean_text
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.hprim_sante_syntax import (
    Message,
    Record,
    begins_like_hprim_sante,
    split_messages,
)
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.observations import Observations
from souspli_cli.intake.report_document import report_document
from souspli_cli.intake.report_facts import ReportFacts, read_loinc
from souspli_cli.intake.values import Document, File, Finding, Format, Traits
from souspli_exchange.manifest import Sex

MEDIA_TYPE: Final = "text/plain"
_SEXES: Final = {"M": Sex.MALE, "F": Sex.FEMALE}


@dataclass(frozen=True, slots=True, repr=False)
class _Patient:
    """The records about one patient, and the message that they stand in."""

    message: Message
    records: list[Record]
    laboratory: str | None
    """H-4: who sends, by its code or its name."""
    requester: str | None
    """H-9: who is sent to."""

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """What the file has about this patient, between its header and its end."""
        pieces = [self.message.header, *self.message.before, *self.records]
        if self.message.trailer is not None:
            pieces.append(self.message.trailer)
        return [(piece.start, piece.end) for piece in pieces]


def looks_like_hprim_sante(content: bytes) -> bool:
    """Tell whether `content` begins as an HPRIM Santé message does."""
    return begins_like_hprim_sante(content)


def read_hprim_sante(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return one document for each patient of the file named `name`.

    `name` may stand in a manifest. Raises NotThisFormatError for anything else than
    results, for a file whose end is missing, and where patients can't be told apart;
    BeyondLimitsError for more patients, lines, files or decoded bytes than are taken.
    """
    rewritten = to_utf_8(content)
    if rewritten is None or not begins_like_hprim_sante(content):
        raise NotThisFormatError("no HPRIM Santé")
    messages, guessed = split_messages(rewritten.content)
    patients = [patient for message in messages for patient in _patients(message)]
    if len(patients) > limits.documents:
        raise BeyondLimitsError("documents")
    # Each patient gets the file's header: five hundred times a long one is a lot.
    sizes = (end - start for patient in patients for start, end in patient.ranges)
    if sum(sizes) > limits.unpacked_bytes:
        raise BeyondLimitsError("unpacked_bytes")
    findings = {Finding.CHARSET_GUESSED} if guessed else set[Finding]()
    alone = len(patients) == 1
    left = limits.unpacked_bytes
    documents: list[Document] = []
    for number, patient in enumerate(patients, start=1):
        names = Names(name, part=None if alone else number)
        observations = Observations(limits=limits, decoded_bytes=left)
        own = content if alone else rewritten.restore(_own(rewritten.content, patient.ranges))
        original = File(name=names.original, media_type=MEDIA_TYPE, content=own)
        facts = _read_records(patient, observations)
        documents.append(
            report_document(
                facts,
                observations,
                of=Format.HPRIM_SANTE,
                traits=_read_traits(patient),
                original=original,
                names=names,
                findings=findings,
            )
        )
        left = observations.decoded_bytes_left
    return tuple(documents)


def _patients(message: Message) -> list[_Patient]:
    """Return the patients of a whole message of results."""
    header = message.header.part(message.dialect)
    kind = header.field(6).component(1).clean
    if (kind or "").upper() != "ORU":
        raise NotThisFormatError("a message of HPRIM Santé that is no report")
    if message.trailer is None:
        raise NotThisFormatError("its end is missing")
    # Some count nothing; whoever counts patients, and has others, lost one on the way.
    counted = message.trailer.part(message.dialect).field(3).clean or "0"
    if counted.isdecimal() and int(counted[:9]) not in {0, len(message.patients)}:
        raise NotThisFormatError("it counts other patients than it has")
    if not message.patients:
        raise NotThisFormatError("no patient")
    if message.before and len(message.patients) > 1:
        raise NotThisFormatError("can't be cut: something stands before the first patient")
    laboratory, requester = _party(header.field(4)), _party(header.field(9))
    return [_Patient(message, records, laboratory, requester) for records in message.patients]


def _party(named: Part) -> str | None:
    return named.component(1).clean or named.component(2).clean


def _own(content: bytes, ranges: list[tuple[int, int]]) -> bytes:
    return b"".join(content[start:end] for start, end in ranges)


def _read_records(patient: _Patient, observations: Observations) -> ReportFacts:
    facts = ReportFacts()
    laboratory, dialect = patient.laboratory, patient.message.dialect
    for record in (*patient.message.before, *patient.records[1:]):
        part = record.part(dialect)
        match record.name:
            case b"OBR":
                _read_obr(part, facts, laboratory)
                observations.read_obr(part)
            case b"OBX":
                _read_obx(part, facts)
                observations.read_obx(part)
            case b"C":
                observations.read_nte(part)
            case _:
                pass  # of accounts and insurances; it stays in the original
    return facts


def _read_traits(patient: _Patient) -> Traits:
    """P-2 and -3 the numbers, -5 the name, -6 the name of birth, -7 and -8."""
    record = patient.records[0].part(patient.message.dialect)
    name = record.field(5)
    birth_name = record.field(6).component(1).clean
    used_name = name.component(1).clean
    given = (name.component(number).clean for number in (2, 3))
    sex = record.field(8).clean
    numbers = [(patient.laboratory, record.field(3)), (patient.requester, record.field(2))]
    return Traits(
        birth_name=birth_name,
        used_name=None if used_name == birth_name else used_name,
        given_names=clean_text(" ".join(filter(None, given))),
        birth_date=clean_birth_date(record.field(7).component(1).clean),
        sex=None if sex is None else _SEXES.get(sex.upper(), Sex.UNKNOWN),
        local_ids=tuple(
            f"{authority or ''}|{number}"
            for authority, field in numbers
            if (number := field.component(1).clean)
        ),
    )


def _read_obr(obr: Part, facts: ReportFacts, laboratory: str | None) -> None:
    """OBR-3 the numbers of sample and request, -4 the analyses, -5, -7, -25."""
    number = obr.field(3)
    facts.add_number(laboratory, number.component(2).clean or number.component(1).clean)
    for analysis in obr.field(4).repetitions():
        title = analysis.component(2).clean or analysis.component(1).clean
        facts.add_service(read_loinc(analysis), title)
    facts.add_priority(obr.field(5).clean)
    taken = next(obr.field(7).repetitions(), None)
    facts.add_date(None if taken is None else taken.component(1).clean)
    facts.add_report_status(obr.field(25).clean)


def _read_obx(obx: Part, facts: ReportFacts) -> None:
    facts.add_result(
        read_loinc(obx.field(3)),
        status=obx.field(11).component(1).clean,
        date=obx.field(14).component(1).clean,
    )
