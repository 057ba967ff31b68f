"""CDA R2 documents, in the shapes of the French profiles and in odd ones."""

import base64
import zlib
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from intake_samples.attachments import pdf
from intake_samples.people import ALMA, LABORATORY, REAL_NIR, Person, first_name

BIOLOGY = "11502-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file inside a CDA."""

    content: bytes
    media_type: str = "application/pdf"
    compressed: bool = False
    cut: int = 0
    """Bytes that are missing at its end."""

    def text(self, element: str) -> str:
        """Return the element that holds it."""
        content, compression = self.content, ""
        if self.compressed:
            packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            content = packer.compress(content) + packer.flush()
            content = content[: len(content) - self.cut]
            compression = ' compression="DF"'
        encoded = base64.encodebytes(content).decode()
        return (
            f'<{element} mediaType="{self.media_type}" representation="B64"{compression}>\n'
            f"{encoded}</{element}>"
        )


def cda(
    person: Person | None = ALMA,
    *,
    attached: tuple[Attached, ...] = (Attached(content=pdf()),),
    structured: bool = False,
    title: str = "Compte rendu d'examens biologiques",
    code: str = BIOLOGY,
    document_id: str = "1.2.250.1.999.7.2|R-1",
    set_id: str | None = "1.2.250.1.999.7.3|S-1",
    version: int = 1,
    replaces: str | None = None,
    recipients: tuple[str, ...] = (),
    ins_oid: str = REAL_NIR,
    nir: str | None = None,
    other_person: Person | None = None,
    encoding: str = "UTF-8",
    before_root: str = "",
    inside: str = "",
) -> bytes:
    """Return a CDA of level 1, or of level 3 (`structured`), with these files in it."""
    targets = "".join(
        _patient(one, ins_oid, nir if one is person else None)
        for one in (person, other_person)
        if one is not None
    )
    related = (
        f'<relatedDocument typeCode="RPLC"><parentDocument>{_id("id", replaces)}'
        if replaces
        else ""
    )
    related += "</parentDocument></relatedDocument>" if replaces else ""
    copies = "".join(
        "<informationRecipient><intendedRecipient>"
        f"<telecom value={quoteattr(f'mailto:{address}')}/></intendedRecipient>"
        "</informationRecipient>"
        for address in recipients
    )
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
<?xml-stylesheet type="text/xsl" href="http://example.invalid/style.xsl"?>
{before_root}<ClinicalDocument xmlns="urn:hl7-org:v3">
<!-- écrit par un générateur -->
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
{_id("id", document_id)}
<code code="{code}" codeSystem="2.16.840.1.113883.6.1"/>
<title>{escape(title)}</title>
<effectiveTime value="20261127081500+0100"/>
{_id("setId", set_id) if set_id else ""}<versionNumber value="{version}"/>
{targets}{copies}
<documentationOf><serviceEvent><effectiveTime><low value="20261126"/></effectiveTime>
</serviceEvent></documentationOf>{related}{inside}
<component>{_structured(attached) if structured else _unstructured(attached)}</component>
</ClinicalDocument>
"""
    return text.encode(encoding)


def _id(element: str, identifier: str | None) -> str:
    root, _, extension = (identifier or "").partition("|")
    return f'<{element} root="{root}"{f" extension={quoteattr(extension)}" if extension else ""}/>'


def _patient(person: Person, ins_oid: str, nir: str | None) -> str:
    used = f'<family qualifier="SP">{person.used_name}</family>' if person.used_name else ""
    return f"""<recordTarget><patientRole>
<id root="{ins_oid}" extension="{nir or person.matricule}"/>
<id root="{LABORATORY}" extension="{person.local_id}"/>
<patient><name>
<family qualifier="BR">{person.birth_name}</family>{used}
<given>{person.given_names}</given><given qualifier="BR">{first_name(person)}</given>
</name>
<administrativeGenderCode code="{person.sex}" codeSystem="2.16.840.1.113883.5.1"/>
<birthTime value="{person.compact_birth_date}"/>
</patient></patientRole></recordTarget>"""


def _unstructured(attached: tuple[Attached, ...]) -> str:
    return f"<nonXMLBody>{''.join(one.text('text') for one in attached)}</nonXMLBody>"


def _structured(attached: tuple[Attached, ...]) -> str:
    media = "".join(
        f"<entry><observationMedia>{one.text('value')}</observationMedia></entry>"
        for one in attached
    )
    return (
        "<structuredBody><component><section><title>Biochimie</title>"
        f"<text>Glycémie 5,2 mmol/L</text>{media}</section></component></structuredBody>"
    )
