"""Reads HL7 v2 results and documents: ORU, OUL and MDM, alone or in batches.

docs/specs/intake.md §5. One document for each patient of each message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from souspli_cli.intake.charsets import to_utf_8
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.hl7_order import OrderReader
from souspli_cli.intake.hl7_patient import read_patient
from souspli_cli.intake.hl7_syntax import Message, begins_like_hl7, split_messages
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.observations import Observations, hides_from_patient, is_about_transport
from souspli_cli.intake.report_document import report_document
from souspli_cli.intake.report_facts import ReportFacts
from souspli_cli.intake.values import Document, File, Finding, Format, Traits

MEDIA_TYPE: Final = "text/plain"
"""The registered `application/edi-hl7v2`, unlike this, opens on no reader's machine."""

_MESSAGES: Final = frozenset({"ORU", "OUL", "MDM"})
# What may stand before a message's first patient and goes with each of them.
_ABOUT_THE_MESSAGE: Final = frozenset({b"MSH", b"SFT", b"UAC", b"EVN"})


@dataclass(frozen=True, slots=True)
class _Report:
    """The segments of one patient in one message."""

    message: Message
    indexes: range
    patient: int | None
    """Index of the PID, if there is one."""
    ranges: tuple[tuple[int, int], ...]
    """Where its own bytes stand, the message's header included."""

    @property
    def size(self) -> int:
        """How many bytes those are."""
        return sum(end - start for start, end in self.ranges)

    @property
    def content(self) -> bytes:
        """Those bytes."""
        return b"".join(self.message.content[start:end] for start, end in self.ranges)


def looks_like_hl7(content: bytes) -> bool:
    """Tell whether `content` begins as an HL7 v2 message or batch does."""
    return begins_like_hl7(content)


def read_hl7(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return one document for each patient of each message in the file named `name`.

    `name` may stand in a manifest. Raises NotThisFormatError for anything else than
    results and documents, for a broken header, and where patients can't be told apart;
    BeyondLimitsError for more messages, segments, files or decoded bytes than are taken.
    """
    rewritten = to_utf_8(content)
    if rewritten is None or not begins_like_hl7(content):
        raise NotThisFormatError("no HL7 v2")
    messages = split_messages(rewritten.content, limits=limits)
    reports = [report for message in messages for report in _reports(message)]
    if len(reports) > limits.documents:
        raise BeyondLimitsError("documents")
    # Each patient gets the message's header: five hundred times a long one is a lot.
    if sum(report.size for report in reports) > limits.unpacked_bytes:
        raise BeyondLimitsError("unpacked_bytes")
    alone = len(reports) == 1
    left = limits.unpacked_bytes
    documents: list[Document] = []
    for number, report in enumerate(reports, start=1):
        names = Names(name, part=None if alone else number)
        results = Observations(limits=limits, decoded_bytes=left)
        original = File(
            name=names.original,
            media_type=MEDIA_TYPE,
            content=content if alone else rewritten.restore(report.content),
        )
        documents.append(_read_report(report, names, results, original))
        left = results.decoded_bytes_left
    return tuple(documents)


def _reports(message: Message) -> Iterator[_Report]:
    """Give the message's patients, each with its own bytes."""
    patients = [index for index in range(len(message)) if message.name(index) == b"PID"]
    if len(patients) <= 1:
        patient = patients[0] if patients else None
        whole = (message.start, message.end_with_line)
        yield _Report(message, range(len(message)), patient, (whole,))
        return
    if not {message.name(index) for index in range(patients[0])} <= _ABOUT_THE_MESSAGE:
        raise NotThisFormatError("can't be cut: results before the first of several patients")
    begins = [message.segments[index][0] for index in patients]
    shared = (message.start, begins[0])
    ends = [*begins[1:], message.end_with_line]
    for index, following, begin, end in zip(
        patients, [*patients[1:], len(message)], begins, ends, strict=True
    ):
        yield _Report(message, range(index, following), index, (shared, (begin, end)))


def _read_report(report: _Report, names: Names, results: Observations, original: File) -> Document:
    message = report.message
    kind = (message.header.field(8).component(1).clean or "").upper()
    if kind not in _MESSAGES:
        raise NotThisFormatError("a message of HL7 v2 that is no report")
    sender = message.header.field(3)
    facility = sender.component(2).clean or sender.component(1).clean
    facts = ReportFacts()
    order = OrderReader(facts, facility=facility)
    if kind == "MDM":
        order.read_mdm_event(message.header.field(8).component(2).clean)
    findings = {Finding.CHARSET_GUESSED} if message.charset_guessed else set[Finding]()
    traits = Traits()
    if report.patient is not None:
        traits, found = read_patient(message.segment(report.patient), facility=facility)
        findings |= found
    findings |= _read_segments(report, order, results)
    return report_document(
        facts,
        results,
        of=Format.HL7_V2,
        traits=traits,
        original=original,
        names=names,
        findings=findings,
    )


def _read_segments(report: _Report, order: OrderReader, results: Observations) -> set[Finding]:
    found: set[Finding] = set()
    readers: dict[bytes, tuple[Callable[[Part], None], ...]] = {
        b"ORC": (order.read_orc,),
        b"OBR": (order.read_obr, results.read_obr),
        b"OBX": (order.read_obx, results.read_obx),
        b"NTE": (results.read_nte,),
        b"TQ1": (order.read_tq1,),
        b"TXA": (order.read_txa,),
        b"PRT": (order.read_prt,),
    }
    about_transport = False
    for index in report.indexes:
        name, segment = report.message.name(index), report.message.segment(index)
        if name == b"OBX":
            about_transport = is_about_transport(segment)
            if about_transport and hides_from_patient(segment):
                found.add(Finding.HIDDEN_FROM_PATIENT)
        elif name != b"NTE":
            about_transport = False
        if about_transport:
            continue
        # Others are of no use to us, and stay in the original.
        for read in readers.get(name, ()):
            read(segment)
    return found
