"""What a mail was read as: documents, each with what is known of its patient.

Pure values (docs/specs/intake.md §2). All texts are the laboratory's own, cleaned of
control characters and cut to what a manifest may hold; nothing in them is believed yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from souspli_exchange.manifest import Ins, Priority, Sex


class Format(StrEnum):
    """As what a file was read."""

    PLAIN = "plain"
    """Nothing that names a patient: a PDF, an image, a text."""
    XDM = "xdm"
    CDA = "cda"
    HL7_V2 = "hl7v2"
    HPRIM_MEDECIN = "hprim-medecin"
    HPRIM_SANTE = "hprim-sante"
    FHIR = "fhir"


class Change(StrEnum):
    """What a document says it does to an earlier one."""

    NEW = "new"
    REPLACES = "replaces"
    WITHDRAWS = "withdraws"


class Finding(Enum):
    """What was odd about a mail or a file; ``bridge.finding_<value>`` in the texts.

    A finding never stops a document. Those of `UNCERTAIN` send it to quarantine.
    """

    # Repaired on the way, or of no consequence
    BASE64_REPAIRED = "base64_repaired"
    CHARSET_GUESSED = "charset_guessed"
    MEDIA_TYPE_DIFFERS = "media_type_differs"
    NAME_CHANGED = "name_changed"
    ENTRIES_IGNORED = "entries_ignored"
    HASH_DIFFERS = "hash_differs"
    INS_OF_TEST = "ins_of_test"
    # Nothing is certain any more
    BROKEN = "broken"
    """Looks like a format that names a patient, and can't be read as one."""
    TRAITS_DIFFER = "traits_differ"
    """Two places of one document name different patients."""
    INS_REFUSED = "ins_refused"
    """A matricule whose key is wrong, or that contradicts the traits."""
    EXECUTABLE = "executable"
    HIDDEN_FROM_PATIENT = "hidden_from_patient"
    """Its author asks that the patient, or who acts for them, does not see it (yet)."""


UNCERTAIN = frozenset(
    {
        Finding.BROKEN,
        Finding.TRAITS_DIFFER,
        Finding.INS_REFUSED,
        Finding.EXECUTABLE,
        Finding.HIDDEN_FROM_PATIENT,
    }
)
"""Whoever sees one of these asks a person."""


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Traits:
    """What a document says of its patient. None: it does not say."""

    birth_name: str | None = None
    used_name: str | None = None
    given_names: str | None = None
    """Separated by spaces, as the manifest has them."""
    birth_date: str | None = None
    """YYYY-MM-DD, unknown parts 00; a calendar date otherwise."""
    sex: Sex | None = None
    ins: Ins | None = None
    """Its key holds; the OID is one of a real INS, or of a test one with `INS_OF_TEST`."""
    local_ids: tuple[str, ...] = ()
    """The laboratory's own numbers: ``<assigning authority>|<number>``."""
    address: str | None = None
    """The one e-mail address that it gives of them, canonical."""
    phone: str | None = None
    """Their mobile telephone, E.164."""


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class File:
    """A file as it will travel inside the sealed document."""

    name: str
    """Passes `exchange.filenames.check_names` together with the others of its document."""
    media_type: str
    """Told by the content, never by what was declared."""
    content: bytes
    derived: bool = False
    """Made from another file of the same document, which travels beside it."""


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Document:
    """One report about one patient (or about nobody that it names)."""

    format: Format
    files: tuple[File, ...]
    """What a reader opens first comes first; then the originals."""
    traits: Traits = field(default_factory=Traits)
    title: str | None = None
    kind: str | None = None
    """A LOINC code, checked (sealed-document.md §3)."""
    date: str | None = None
    """Of the act, YYYY-MM-DD."""
    priority: Priority = Priority.ROUTINE
    report_id: str | None = None
    """What the laboratory calls this report in every version of it."""
    change: Change = Change.NEW
    replaces: tuple[str, ...] = ()
    """`report_id`s of the reports that it corrects or withdraws."""
    copies_to: tuple[str, ...] = ()
    """E-mail addresses of practitioners that the document itself names."""
    findings: frozenset[Finding] = frozenset()


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Mail:
    """Everything that one mail holds."""

    message_id: str | None
    """Without its angle brackets; None if there is none that can be used."""
    documents: tuple[Document, ...]
    """At least one: what nobody can read is a `PLAIN` one with its findings."""
    findings: frozenset[Finding] = frozenset()
    is_reply_of_a_program: bool = False
    """`Auto-Submitted: auto-replied` (RFC 3834): whoever answers it may answer for ever."""
    date: str | None = None
    """Its Date, as it stands there; None if it is none."""
