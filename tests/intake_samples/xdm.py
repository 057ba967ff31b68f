"""IHE XDM zips as MSSanté sends them, with what happens to zips on the way."""

import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import escape

from intake_samples.cda import BIOLOGY, cda
from intake_samples.people import ALMA, LABORATORY, REAL_NIR, Person, first_name
from intake_samples.zipped import zipped

_TYPE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
_CLASS = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
_PATIENT = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
_UNIQUE = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
JUNK = (
    ("__MACOSX/IHE_XDM/SUBSET01/._METADATA.XML", b"\x00\x05\x16\x07"),
    (".DS_Store", b"\x00\x00\x00\x01Bud1"),
    ("IHE_XDM/SUBSET01/Thumbs.db", b"\xd0\xcf\x11\xe0"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document of the zip."""

    uri: str = "DOC0001.XML"
    content: bytes = b""
    person: Person | None = ALMA
    title: str = "CR d’examens biologiques"
    code: str = BIOLOGY
    coding: str = "2.16.840.1.113883.6.1"
    unique_id: str = "1.2.250.1.999.7.2^R-1"
    sha1: str | None = None
    size: int | None = None
    replaces: str | None = None
    nir: str | None = None
    there: bool = True


def with_cda(person: Person = ALMA, *, uri: str = "DOC0001.XML", number: int = 1) -> Entry:
    """Return an entry that is a CDA."""
    return Entry(
        uri=uri,
        content=cda(person, document_id=f"1.2.250.1.999.7.2|R-{number}", set_id=None),
        person=person,
        unique_id=f"1.2.250.1.999.7.2^R-{number}",
    )


def xdm(
    entries: tuple[Entry, ...] | None = None,
    *,
    top: str = "",
    lower: bool = False,
    extra: tuple[tuple[str, bytes], ...] = (),
    recipients: tuple[str, ...] = (),
    metadata_prefix: str = "",
) -> bytes:
    """Return the zip; `top` is a folder around everything, as when somebody zips a folder."""
    chosen = (with_cda(),) if entries is None else entries
    files = [
        ("README.TXT", b"XDM"),
        ("INDEX.HTM", b"<html><body>Documents</body></html>"),
        ("IHE_XDM/SUBSET01/METADATA.XML", metadata(chosen, recipients, prefix=metadata_prefix)),
        *((f"IHE_XDM/SUBSET01/{entry.uri}", entry.content) for entry in chosen if entry.there),
        *extra,
    ]
    return zipped((top + (path.lower() if lower else path), content) for path, content in files)


def metadata(
    entries: tuple[Entry, ...], recipients: tuple[str, ...] = (), *, prefix: str = ""
) -> bytes:
    """Return METADATA.XML."""
    objects = "".join(_object(number, entry) for number, entry in enumerate(entries))
    links = "".join(
        f'<Association associationType="urn:ihe:iti:2007:AssociationType:RPLC"'
        f' sourceObject="D{number}" targetObject="{entry.replaces}"/>'
        for number, entry in enumerate(entries)
        if entry.replaces
    )
    to = "".join(
        f"<Value>LABO^^^^^^^^^1|^Martin^Jeanne|^^Internet^{address}</Value>"
        for address in recipients
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{prefix}<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">
<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
{objects}
<RegistryPackage id="set">{_slot("intendedRecipient", to)}</RegistryPackage>{links}
</RegistryObjectList></lcm:SubmitObjectsRequest>
""".encode()


def _object(number: int, entry: Entry) -> str:
    sha1 = entry.sha1 or hashlib.sha1(entry.content, usedforsecurity=False).hexdigest()
    size = len(entry.content) if entry.size is None else entry.size
    slots = "".join(
        _slot(name, f"<Value>{value}</Value>")
        for name, value in (
            *(("creationTime", "20261127081500"), ("serviceStartTime", "20261126")),
            *(("URI", escape(entry.uri)), ("size", str(size)), ("hash", sha1)),
        )
    )
    return f"""<ExtrinsicObject id="D{number}" mimeType="text/xml"
 objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">{slots}{_patient(entry)}
<Name><LocalizedString value="{escape(entry.title)}"/></Name>
<Classification classificationScheme="{_CLASS}" nodeRepresentation="10">
{_slot("codingScheme", "<Value>1.2.250.1.213.1.1.4.1</Value>")}</Classification>
<Classification classificationScheme="{_TYPE}" nodeRepresentation="{entry.code}">
{_slot("codingScheme", f"<Value>{entry.coding}</Value>")}
<Name><LocalizedString value="un type"/></Name></Classification>
<ExternalIdentifier identificationScheme="{_UNIQUE}" value="{entry.unique_id}"/>
</ExtrinsicObject>"""


def _patient(entry: Entry) -> str:
    person = entry.person
    if person is None:
        return ""
    given = f"{first_name(person)}^{person.given_names}"
    used = f"<Value>PID-5|{person.used_name}^{given}^^^^D</Value>" if person.used_name else ""
    values = (
        f"<Value>PID-3|{person.local_id}^^^&amp;{LABORATORY}&amp;ISO^PI</Value>"
        f"<Value>PID-5|{person.birth_name}^{given}^^^^L</Value>{used}"
        f"<Value>PID-7|{person.compact_birth_date}</Value><Value>PID-8|{person.sex}</Value>"
    )
    ins = f"{entry.nir or person.matricule}^^^&amp;{REAL_NIR}&amp;ISO^NH"
    return (
        _slot("sourcePatientInfo", values)
        + f'<ExternalIdentifier identificationScheme="{_PATIENT}" value="{ins}"/>'
    )


def _slot(name: str, values: str) -> str:
    return f'<Slot name="{name}"><ValueList>{values}</ValueList></Slot>'
