"""OBX: the files and texts that a report carries (docs/specs/intake.md §5.4).

HL7 v2 and HPRIM Santé have the same record, between delimiters of their own.
"""

from __future__ import annotations

from typing import Final

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.content_type import (
    EXECUTABLE_TYPES,
    PDF,
    TEXT,
    UNKNOWN,
    extension_of,
    media_type_of,
)
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.result_text import ResultText
from souspli_cli.intake.values import File, Finding

_FREE_TEXT: Final = frozenset({"TX", "FT", "ST"})
_CODED: Final = frozenset({"CE", "CWE", "CNE", "CF"})
_PLAIN: Final = frozenset({"NM", "SN", "DT", "TM", "TS", "DTM", "ID", "IS", "SI"})
_ENCODED_PDF: Final = b"JVBERi0"  # `%PDF-` in base64
_HIDING: Final = frozenset({"INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX"})
_END_OF_PDF: Final = b"%%EOF"

# Subtypes of ED (table 0291 and what is written instead); those not here declare nothing.
_DECLARED: Final = {
    "PDF": PDF,
    "XML": "application/xml",
    "X-HL7-CDA-LEVEL-ONE": "application/xml",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "TIF": "image/tiff",
    "GIF": "image/gif",
    "RTF": "text/rtf",
    "HTML": "text/html",
    "DICOM": "application/dicom",
}


def is_about_transport(obx: Part) -> bool:
    """Tell whether an OBX is one of the French profile's: what is to be done with the rest."""
    return (obx.field(3).component(3).clean or "").upper() == "METADMPMSS"


def hides_from_patient(obx: Part) -> bool:
    """Tell whether such an OBX asks that the patient, or who acts for them, sees nothing."""
    code = (obx.field(3).component(1).clean or "").upper()
    return code in _HIDING and (obx.field(5).component(1).clean or "").upper() == "Y"


class Observations:
    """Collects what the OBX segments of one report hold, in their order."""

    def __init__(self, *, limits: Limits, decoded_bytes: int) -> None:
        """`decoded_bytes` may still be decoded of this file."""
        self.findings: set[Finding] = set()
        self.decoded_bytes_left = decoded_bytes
        self._most_files = limits.files - 1  # the original is one
        self._files: list[tuple[str, list[bytes]]] = []
        self._text = ResultText()

    def read_obr(self, obr: Part) -> None:
        """OBR-4: a heading."""
        self._text.heading(obr.field(4).component(2).clean or obr.field(4).component(1).clean)

    def read_nte(self, nte: Part) -> None:
        """NTE-3: a remark."""
        for comment in nte.field(3).repetitions():
            self._text.comment(self._claimed(comment).text)

    def read_obx(self, obx: Part) -> None:
        """OBX-2, -3, -5 to -8."""
        kind = (obx.field(2).clean or "").upper()
        value = obx.field(5)
        if kind == "ED" or value.content.startswith(_ENCODED_PDF, value.start):
            for data in value.repetitions():
                self._read_encapsulated(data)
            return
        label = obx.field(3).component(2).clean or obx.field(3).component(1).clean
        if kind in _FREE_TEXT and obx.field(6).empty:
            if value.empty:
                self._text.paragraph(label, "")  # an empty line of a layout
            for paragraph in value.repetitions():
                self._text.paragraph(label, self._claimed(paragraph).text)
        elif kind in _FREE_TEXT | _CODED | _PLAIN:
            shown = [_shown(self._claimed(one), kind) for one in value.repetitions()]
            unit = obx.field(6)
            self._text.result(
                label,
                ", ".join(shown),
                unit=unit.component(1).clean or unit.component(2).clean,
                bounds=obx.field(7).clean,
                flags=obx.field(8).component(1).clean or "",
            )
        # RP points to another computer: nothing is fetched. Other types stay in the original.

    def files(self, names: Names) -> list[File]:
        """Return what was found; the text only where no file was sent that says the same."""
        if not self._files and (text := self._text.content):
            self._files.append((TEXT, [text]))
        files: list[File] = []
        for media_type, pieces in self._files:
            if media_type in EXECUTABLE_TYPES:
                self.findings.add(Finding.EXECUTABLE)
            content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            name = names.derived(extension_of(media_type))
            files.append(File(name=name, media_type=media_type, content=content, derived=True))
        return files

    def _read_encapsulated(self, data: Part) -> None:
        # Without its components it is the data itself, as some write it.
        bare = data.component(2).start >= data.end
        value = data.component(1) if bare else data.component(5)
        if value.empty:
            return
        declared = None if bare else _declared(data)
        try:
            content = self._decode(value, "" if bare else data.component(4).clean or "")
        except NotThisFormatError:
            self.findings.add(Finding.BROKEN)
            return
        media_type = media_type_of(content)
        if declared == PDF and media_type in {UNKNOWN, TEXT} and self._continues(content):
            return
        if declared not in {None, media_type}:
            self.findings.add(Finding.MEDIA_TYPE_DIFFERS)
        if len(self._files) >= self._most_files:
            raise BeyondLimitsError("files")
        self._files.append((media_type, [content]))

    def _decode(self, value: Part, encoding: str) -> bytes:
        match encoding.upper():
            case "HEX":
                content = _from_hexadecimal(value.raw)
            case "A" | "":
                content = self._decode_undeclared(value)
            case _:
                content, repaired = decode_base64(value.raw)
                if repaired:
                    self.findings.add(Finding.BASE64_REPAIRED)
        self._count(len(content))
        return content

    def _decode_undeclared(self, value: Part) -> bytes:
        """Return the text; or what it encodes, if that is a file of a known kind."""
        raw = value.raw
        try:
            content, repaired = decode_base64(raw)
        except NotThisFormatError:
            content, repaired = b"", False
        if media_type_of(content) in {TEXT, UNKNOWN}:
            return self._claimed(value).text.encode("utf-8", "replace")
        if repaired:
            self.findings.add(Finding.BASE64_REPAIRED)
        return content

    def _continues(self, content: bytes) -> bool:
        """Tell whether `content` goes on with an unfinished PDF, and if so take it there.

        Systems with short segments send a PDF as several results.
        """
        if not self._files or self._files[-1][0] != PDF:
            return False
        pieces = self._files[-1][1]
        if _END_OF_PDF in pieces[-1][-2048:]:
            return False
        pieces.append(content)
        return True

    def _claimed(self, value: Part) -> Part:
        self._text.claim(value.end - value.start)
        return value

    def _count(self, length: int) -> None:
        self.decoded_bytes_left -= length
        if self.decoded_bytes_left < 0:
            raise BeyondLimitsError("unpacked_bytes")


def _declared(data: Part) -> str | None:
    """Return the media type that ED-2 and ED-3 claim, where they claim one."""
    for number in (3, 2):
        subtype = (data.component(number).clean or "").upper().rpartition("/")[2]
        if subtype in _DECLARED:
            return _DECLARED[subtype]
    return None


def _from_hexadecimal(raw: bytes) -> bytes:
    try:
        return bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        raise NotThisFormatError("no hexadecimal") from None


def _shown(value: Part, kind: str) -> str:
    if kind in _CODED:
        meant = value.component(2) if not value.component(2).empty else value.component(9)
        return (meant if not meant.empty else value.component(1)).text
    if kind == "SN":  # >^100, or 1^:^128
        return "".join(value.component(number).text for number in range(1, 5))
    return value.text
