"""The mails of a run: small, of every format, each told from all others by its bytes.

Which mail has which number follows from the seed alone.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from intake_samples import cda, hl7, hprim, xdm
from intake_samples.attachments import pdf
from intake_samples.mails import Attachment, mail
from intake_samples.people import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN: Final = "pont.labo.example"
MAILBOX: Final = f"patients@{DOMAIN}"
NOBODY: Final = "personne@exemple.fr"

_NAMES: Final = (
    ("Marchand", "Odette", "F"),
    ("Le Goff-Œuvrard", "Paul", "M"),
    ("D'Aubigné", "Clémence", "F"),
    ("Ferreira", "Tomás", "M"),
    ("Nguyen", "Mai Linh", "F"),
    ("Bernard", "Zoé", "F"),
    ("Bernard", "Hugo", "M"),
    ("Çelik", "Deniz", "M"),
)
STRANGER: Final = Person(
    birth_name="Inconnue", used_name=None, given_names="Nulle", birth_date="1930-01-31",
    sex="F", matricule=None,
)  # fmt: skip


class Kind(Enum):
    """What a mail holds, and so what has to become of it."""

    PDF = "plain mail with a PDF"
    HL7 = "HL7 ORU"
    CDA = "CDA"
    XDM = "XDM"
    HPRIM = "HPRIM Médecin"
    STRANGER = "HL7 of somebody unknown"
    NOBODY = "to an unknown recipient"
    EMPTY = "without anything in it"

    @property
    def is_delivered(self) -> bool:
        """Whether somebody reads it in the end."""
        return self not in {Kind.STRANGER, Kind.NOBODY, Kind.EMPTY}


_WEIGHTS: Final = {
    Kind.PDF: 42, Kind.HL7: 22, Kind.CDA: 12, Kind.XDM: 8, Kind.HPRIM: 10, Kind.STRANGER: 2,
    Kind.NOBODY: 2, Kind.EMPTY: 2,
}  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """One mail as it is handed in, however often."""

    number: int
    kind: Kind
    patient: str
    """The address of who is to read it."""
    recipient: str
    """Of the envelope."""
    content: bytes = field(repr=False)
    original: str
    """SHA-256 of the attachment, hexadecimal."""


def people(count: int) -> tuple[Person, ...]:
    """Give the patients of a run."""
    found: list[Person] = []
    for number in range(count):
        birth_name, given_names, sex = _NAMES[number % len(_NAMES)]
        found.append(
            Person(
                birth_name=birth_name,
                used_name=None,
                given_names=given_names,
                birth_date=f"{1940 + number}-{number % 12 + 1:02}-{number % 28 + 1:02}",
                sex=sex,
                matricule=None,
                local_id=f"L-{number}",
            )
        )
    return tuple(found)


def address_of(number: int) -> str:
    """Give the address of a patient."""
    return f"patient{number}@exemple.fr"


def mail_of(seed: int, number: int, patients: Sequence[Person]) -> Mail:
    """Make a mail anew; always the same bytes."""
    draw = random.Random(f"{seed} {number}")  # noqa: S311  (no secret)
    kind = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    whose = draw.randrange(len(patients))
    person = STRANGER if kind is Kind.STRANGER else patients[whose]
    # Nothing else tells two mails of a lab from each other as surely.
    mark = f"{seed}-{number}"
    content, name, media_type = _attachment(kind, person, mark, draw)
    # A plain mail says nothing of its patient, and HPRIM Médecin has no sex.
    says_who = kind not in {Kind.PDF, Kind.HPRIM}
    by_address = not says_who or (kind is not Kind.STRANGER and draw.random() < 0.3)
    recipient = address_of(whose) if by_address else MAILBOX
    if kind is Kind.NOBODY:
        recipient = NOBODY
    attachments = () if kind is Kind.EMPTY else (Attachment(
        content=content, name=name, media_type=media_type,
    ),)  # fmt: skip
    written = mail(
        *attachments,
        text=None if kind is Kind.EMPTY else "Bonjour,\n\nvoici les résultats.\n",
        subject=f"Résultats {mark}",
        message_id=f"<{mark}@labo.example>" if draw.random() < 0.9 else None,
    )
    return Mail(
        number=number,
        kind=kind,
        patient=address_of(whose),
        recipient=recipient,
        content=b"\r\n".join(written.splitlines()) + b"\r\n",
        original=hashlib.sha256(content).hexdigest(),
    )


def _attachment(
    kind: Kind, person: Person, mark: str, draw: random.Random
) -> tuple[bytes, str, str]:
    """Give its content, name and media type."""
    report = pdf(f"Dossier {mark} " + "x" * draw.randrange(600))
    match kind:
        case Kind.HL7 | Kind.STRANGER:
            message = hl7.oru(person, results=[hl7.ed(report)], number=f"{mark}^LABO")
            return message, f"{mark}.hl7", "text/plain"
        case Kind.CDA:
            document = cda.cda(
                person,
                attached=(cda.Attached(content=report),),
                document_id=f"1.2.250.1.999.7.2|R-{mark}",
                set_id=f"1.2.250.1.999.7.3|S-{mark}",
            )
            return document, f"{mark}.xml", "text/xml"
        case Kind.XDM:
            entry = xdm.Entry(
                uri="DOC0001.PDF", content=report, person=person, unique_id=f"1.2.3^{mark}"
            )
            return xdm.xdm((entry,)), "IHE_XDM.ZIP", "application/zip"
        case Kind.HPRIM:
            text = hprim.medecin(hprim.medecin_report(person, text=(f"Dossier {mark}",)))
            return text, f"{mark}.hpr", "text/plain"
        case _:
            return report, f"resultat-{mark}.pdf", "application/pdf"
