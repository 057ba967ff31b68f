"""FHIR reports, as JSON and as XML."""

import base64
import hashlib
import json
from typing import Any
from xml.sax.saxutils import quoteattr

from intake_samples.attachments import pdf
from intake_samples.cda import BIOLOGY
from intake_samples.people import ALMA, LABORATORY, REAL_NIR, Person, first_name

Resource = dict[str, Any]


def patient(person: Person = ALMA, *, identifier: str = "p") -> Resource:
    """Return a Patient of the French core profile."""
    birth = {
        "use": "official",
        "family": person.birth_name,
        "given": [first_name(person)],
        "extension": [
            {
                "url": "https://hl7.fr/ig/fhir/core/StructureDefinition/"
                "fr-core-patient-birth-list-given-name",
                "valueString": person.given_names,
            }
        ],
    }
    used = {"use": "usual", "family": person.used_name, "given": [first_name(person)]}
    return {
        "resourceType": "Patient",
        "id": identifier,
        "identifier": [
            {"system": f"urn:oid:{REAL_NIR}", "value": person.matricule},
            {"system": f"urn:oid:{LABORATORY}", "value": person.local_id},
        ],
        "name": [birth, used] if person.used_name else [birth],
        "gender": "female" if person.sex == "F" else "male",
        "birthDate": person.birth_date,
    }


def attachment(content: bytes, media_type: str = "application/pdf") -> Resource:
    """Return an Attachment with its hash."""
    sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
    return {
        "contentType": media_type,
        "data": base64.b64encode(content).decode(),
        "hash": base64.b64encode(sha1).decode(),
        "title": "Résultats",
    }


def document_reference(
    person: Person | None = ALMA, *, contents: tuple[bytes, ...] | None = None, **changed: Any
) -> Resource:
    """Return a DocumentReference whose patient is contained in it."""
    contents = (pdf(),) if contents is None else contents
    resource: Resource = {
        "resourceType": "DocumentReference",
        "id": "d",
        "masterIdentifier": {"system": "urn:oid:1.2.250.1.999.7.2", "value": "F-1"},
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": BIOLOGY}]},
        "description": "Compte rendu de biologie",
        "date": "2026-11-27T08:15:00+01:00",
        "content": [{"attachment": attachment(content)} for content in contents],
        "context": {"period": {"start": "2026-11-26"}},
    }
    if person is not None:
        resource["contained"] = [patient(person)]
        resource["subject"] = {"reference": "#p"}
    return resource | changed


def diagnostic_report(**changed: Any) -> Resource:
    """Return a DiagnosticReport that refers to a patient outside of it."""
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "identifier": [{"system": "urn:oid:1.2.250.1.999.7.2", "value": "F-2"}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": BIOLOGY}], "text": "Biologie"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-11-26",
        "presentedForm": [attachment(pdf())],
    } | changed


def bundle(*resources: Resource) -> Resource:
    """Return a Bundle of these."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def as_json(resource: Resource, *, encoding: str = "utf-8") -> bytes:
    """Return the resource as a program writes it."""
    return json.dumps(resource, ensure_ascii=False, indent=1).encode(encoding)


def as_xml(resource: Resource) -> bytes:
    """Return the resource as FHIR's XML."""
    return ('<?xml version="1.0" encoding="UTF-8"?>' + _resource(resource, outermost=True)).encode()


def _resource(resource: Resource, *, outermost: bool = False) -> str:
    kind = resource["resourceType"]
    inside = "".join(_element(name, value) for name, value in resource.items())
    space = ' xmlns="http://hl7.org/fhir"' if outermost else ""
    return f"<{kind}{space}>{inside}</{kind}>"


def _element(name: str, value: Any) -> str:
    if name in {"resourceType", "url"}:
        return ""
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict) and "resourceType" in value:
        return f"<{name}>{_resource(value)}</{name}>"
    if isinstance(value, dict):
        url = f" url={quoteattr(value['url'])}" if "url" in value else ""
        return f"<{name}{url}>{''.join(_element(*item) for item in value.items())}</{name}>"
    return f"<{name} value={quoteattr(str(value))}/>"
