"""OBX: the files and texts that a report carries (docs/specs/intake.md §5.4).

HL7 v2 and HPRIM Santé have the same record, between delimiters of their own.
"""

from __future__ import annotations

from typing import Final

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.declared import CERTAIN
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.result_text import ResultText
from souspli_cli.intake.sniff import PDF, TEXT, Kind, sniff
from souspli_cli.intake.values import File, Finding

_FREE_TEXT: Final = frozenset({"TX", "FT", "ST"})
_CODED: Final = frozenset({"CE", "CWE", "CNE", "CF"})
_POINTERS: Final = frozenset({"RP", "FIC"})
_WITHDRAWN: Final = frozenset({"D", "W"})  # table 0085
_FINAL: Final = frozenset({"", "F"})
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
        self._files: list[tuple[Kind, list[bytes]]] = []
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
        status = (obx.field(11).component(1).clean or "").upper()
        if status in _WITHDRAWN:
            return  # deleted, or another patient's: it must not be read once more
        kind = (obx.field(2).clean or "").upper()
        value = obx.field(5)
        if kind == "ED" or value.content.startswith(_ENCODED_PDF, value.start):
            for data in value.repetitions():
                self._read_encapsulated(data)
            return
        label = obx.field(3).component(2).clean or obx.field(3).component(1).clean
        if status not in _FINAL:
            label = f"{label or ''} [statut {status}]".strip()
        if kind in _FREE_TEXT and obx.field(6).empty:
            if value.empty:
                self._text.paragraph(label, "")  # an empty line of a layout
            for paragraph in value.repetitions():
                self._text.paragraph(label, self._claimed(paragraph).text)
        elif kind in _POINTERS:
            # To another computer, or a file that comes by itself: nothing is fetched.
            self._text.comment(f"{label or ''} : {self._claimed(value).text}")
        else:
            # Whatever the type: a text that leaves out a result would be a wrong one.
            shown = [_shown(self._claimed(one), kind) for one in value.repetitions()]
            unit = obx.field(6)
            self._text.result(
                label,
                ", ".join(shown),
                unit=unit.component(1).clean or unit.component(2).clean,
                bounds=obx.field(7).clean,
                flags=obx.field(8).component(1).clean or "",
            )

    def files(self, names: Names) -> list[File]:
        """Return what was found; the text only where no file was sent that says the same."""
        if not self._files and (text := self._text.content):
            self._files.append((Kind(TEXT), [text]))
        files: list[File] = []
        for kind, pieces in self._files:
            if kind.executable:
                self.findings.add(Finding.EXECUTABLE)
            content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            name = names.derived(kind.extension or ".bin")
            files.append(File(name=name, media_type=kind.media_type, content=content, derived=True))
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
        if not content:
            return  # an escape that stands for nothing
        kind = sniff(content, quickly=True)
        if declared == PDF and not _is_a_file(kind) and self._continues(content):
            return
        if declared not in {None, kind.media_type}:
            self.findings.add(Finding.MEDIA_TYPE_DIFFERS)
        if len(self._files) >= self._most_files:
            raise BeyondLimitsError("files")
        self._files.append((sniff(content), [content]))

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
        if not _is_a_file(sniff(content, quickly=True)):
            return self._claimed(value).text.encode("utf-8", "replace")
        if repaired:
            self.findings.add(Finding.BASE64_REPAIRED)
        return content

    def _continues(self, content: bytes) -> bool:
        """Tell whether `content` goes on with an unfinished PDF, and if so take it there.

        Systems with short segments send a PDF as several results.
        """
        if not self._files or self._files[-1][0].media_type != PDF:
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


def _is_a_file(kind: Kind) -> bool:
    """Tell what its content shows to be a file from what any bytes may look like."""
    return kind.executable or (kind.media_type in CERTAIN and kind.media_type != TEXT)


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
