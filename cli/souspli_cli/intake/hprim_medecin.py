"""Reads HPRIM Médecin: a header of twelve lines, a text, a mark; once for each patient.

docs/specs/intake.md §6.1. Not one of the lines says what it is: the header is believed
only if its dates stand where they should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from souspli_cli.intake.charsets import find_charset, to_utf_8
from souspli_cli.intake.cleaning import clean_birth_date, clean_date, clean_text
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.result_text import ResultText
from souspli_cli.intake.sniff import TEXT
from souspli_cli.intake.values import Document, File, Finding, Format, Traits

MOST_LINES: Final = 100_000
"""Of one file."""
HEADER_LINES: Final = 12

# Some write one star too few.
_MARK: Final = re.compile(rb"\*{3,5} ?(FINFICHIER|FIN|LAB) ?\*{3,5}", re.IGNORECASE)
_MARKED_LINE: Final = re.compile(
    rb"(?:^|[\r\n])[ \t]{0,20}\*{3,5} ?(?:FINFICHIER|FIN|LAB) ?\*{3,5}", re.IGNORECASE
)
_LINE_END: Final = re.compile(rb"\r?\r?\n|\r")
_DATE: Final = re.compile(rb"[0-9]{2}[/.-][0-9]{2}[/.-](?:[0-9]{4}|[0-9]{2})")
_CODE_CHARACTERS: Final = 10
"""Of the sender's line; its name follows."""


@dataclass(slots=True, repr=False)
class _Report:
    """The lines of one patient."""

    start: int
    end: int
    lines: list[bytes]
    """From the code of the patient on, without marks and line ends."""
    coded: list[bytes]
    """Those behind `****LAB****`."""


def looks_like_hprim_medecin(content: bytes) -> bool:
    """Tell whether one of the format's marks stands in `content`."""
    rewritten = to_utf_8(content)
    return rewritten is not None and bool(_MARKED_LINE.search(rewritten.content))


def read_hprim_medecin(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return one document for each patient of the file named `name`.

    `name` may stand in a manifest. Raises NotThisFormatError if a header is none, if a
    report's end is missing, or if patients can't be told apart; BeyondLimitsError for
    more patients or lines than are taken.
    """
    rewritten = to_utf_8(content)
    if rewritten is None:
        raise NotThisFormatError("no text")
    text = rewritten.content
    charset = find_charset(text)
    reports = list(_reports(text))
    if len(reports) > limits.documents:
        raise BeyondLimitsError("documents")
    if not reports:
        raise NotThisFormatError("no HPRIM Médecin")
    findings = frozenset({Finding.CHARSET_GUESSED} if charset.guessed else ())
    alone = len(reports) == 1
    documents: list[Document] = []
    for number, report in enumerate(reports, start=1):
        names = Names(name, part=None if alone else number)
        own = content if alone else rewritten.restore(text[report.start : report.end])
        original = File(name=names.original, media_type=TEXT, content=own)
        documents.append(_read_report(report, charset.codec, names, original, findings))
    return tuple(documents)


def _reports(text: bytes) -> Iterator[_Report]:
    """Give the patients' lines; each ends with its mark."""
    lines: list[bytes] = []
    coded: list[bytes] = []
    current = lines
    start = 0
    for begin, end, following in _lines(text):
        line = text[begin:end]
        mark = _MARK.fullmatch(line.strip())
        if mark is None:
            current.append(line)
        elif (kind := mark[1].upper()) == b"LAB":
            current = coded
        else:
            if any(line.strip() for line in lines):
                yield _Report(start, following, _from_header(lines), coded)
            lines, coded, start = [], [], following
            current = lines
            if kind == b"FINFICHIER":
                break
    # Behind the last mark: nothing, or the footer of a mail, which is nobody's.
    if any(line.strip() for line in lines):
        raise NotThisFormatError("its end is missing")


def _lines(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Give each line's beginning and end, and where the next one begins."""
    begin = 0
    for number, match in enumerate(_LINE_END.finditer(text)):
        if number >= MOST_LINES:
            raise BeyondLimitsError("lines")
        yield begin, match.start(), match.end()
        begin = match.end()
    if begin < len(text):
        yield begin, len(text), len(text)


def _from_header(lines: list[bytes]) -> list[bytes]:
    """Return `lines` from the header's first one on, or raise NotThisFormatError.

    The first line, the patient's code, may be empty; so may some before it.
    """
    empty = next(index for index, line in enumerate(lines) if line.strip())
    for skipped in range(min(empty, 20) + 1):
        header = lines[skipped : skipped + HEADER_LINES]
        if len(header) == HEADER_LINES and _is_header(header):
            return lines[skipped:]
    raise NotThisFormatError("no header")


def _is_header(lines: list[bytes]) -> bool:
    """A name, a given name, and both dates where they belong (one of them may be empty)."""
    birth, report = lines[6].strip(), lines[9].strip()
    dates = [date for date in (birth, report) if date]
    return (
        bool(lines[1].strip() and lines[2].strip())
        and bool(dates)
        and all(_DATE.fullmatch(date) for date in dates)
    )


def _read_report(
    report: _Report, codec: str, names: Names, original: File, findings: frozenset[Finding]
) -> Document:
    header = [line.decode(codec, "replace") for line in report.lines[:HEADER_LINES]]
    sender = clean_text(header[10][:_CODE_CHARACTERS]) or clean_text(header[10])
    number = clean_text(header[8])
    code = clean_text(header[0])
    body = _body(report, codec)
    derived = (
        [File(name=names.derived(".txt"), media_type=TEXT, content=body, derived=True)]
        if body
        else []
    )
    return Document(
        format=Format.HPRIM_MEDECIN,
        files=(*derived, original),
        traits=Traits(
            # Of birth or in use: the format does not say.
            used_name=clean_text(header[1]),
            given_names=clean_text(header[2]),
            birth_date=clean_birth_date(header[6]),
            # Line 8 is the number of whoever is insured: a parent's, often. No INS.
            local_ids=(f"{sender or ''}|{code}",) if code else (),
        ),
        date=clean_date(header[9]),
        report_id=f"{sender or ''}|{number}" if number else None,
        findings=findings,
    )


def _body(report: _Report, codec: str) -> bytes:
    """Return the text in UTF-8, or, if there is none, the coded lines that repeat it."""
    text = ResultText()
    written = report.lines[HEADER_LINES:]
    if any(line.strip() for line in written):
        for line in written:
            text.claim(len(line))
            text.paragraph(None, line.decode(codec, "replace"))
        return text.content
    for line in report.coded:
        text.claim(len(line))
        _add_coded(text, line.decode(codec, "replace"))
    return text.content


def _add_coded(text: ResultText, line: str) -> None:
    kind, _, rest = line.partition("|")
    if kind.strip() == "TEX":
        text.paragraph(None, rest)
    elif kind.strip() == "RES":
        # Label, code, type, value, unit, low, high, normality, status.
        fields = [*(clean_text(field) for field in rest.split("|", 9)), *[None] * 9]
        label, _code, _type, value, unit, low, high, normality = fields[:8]
        if value is not None:
            bounds = f"{low or ''} - {high or ''}" if low or high else None
            text.result(label, value, unit=unit, bounds=bounds, flags=normality or "")
