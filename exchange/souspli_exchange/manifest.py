"""The manifest: what a document is, from whom, for whom, and what its contents hash to.

docs/specs/sealed-document.md §3. File names, titles and the patient's identity stand
here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from souspli_exchange.bundle import MAX_CREATED_AT, BundledFile
from souspli_exchange.dates import check_birth_date, check_date
from souspli_exchange.errors import (
    BeyondLimitsError,
    ManifestRefusedError,
    SourceError,
    TooLargeToSendError,
)
from souspli_exchange.filenames import check_names
from souspli_exchange.ids import DocumentId
from souspli_exchange.patterns import INS_MATRICULE, LOINC, MEDIA_TYPE, OID, read_matching
from souspli_keys import canonical
from souspli_keys.errors import FormatError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import Fingerprint, read_fingerprint

VERSION: Final = 1
MAX_HASHED_FILE_BYTES = 67_108_864  # 64 MiB: browsers hash a file in one piece
MAX_TEXT_CHARACTERS = 200
MAX_ORIGIN_CHARACTERS = 253  # of a DNS name
MAX_ADDRESS_CHARACTERS = 254  # RFC 5321: a path of 256 with its angle brackets
MAX_FILES = 1_000
MAX_BYTES = 2_147_483_648  # 2 GiB


class Priority(StrEnum):
    """How soon the reader should look."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class Sex(StrEnum):
    """Administrative sex, as French identity services write it."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


@dataclass(frozen=True, slots=True)
class ContentsFile:
    """One file of the contents."""

    name: str
    media_type: str
    size: int
    sha256: str | None
    """Of the file itself, so that `sha256sum` proves a saved one; None above 64 MiB."""

    def __repr__(self) -> str:
        return "ContentsFile(…)"  # a file's name is health data


@dataclass(frozen=True, slots=True)
class Contents:
    """What `contents.age` holds, and how long it is at each layer."""

    files: tuple[ContentsFile, ...]
    padded_length: int
    sealed_length: int
    tar_length: int
    tree_hash: str

    @property
    def bundled_files(self) -> tuple[BundledFile, ...]:
        """The files as the tar sees them."""
        return tuple(BundledFile(file.name, file.size) for file in self.files)


@dataclass(frozen=True, slots=True, repr=False)
class Ins:
    """The French national health identity."""

    matricule: str
    oid: str


@dataclass(frozen=True, slots=True, repr=False)
class Patient:
    """The person the document is about."""

    birth_name: str
    given_names: str
    birth_date: str
    """YYYY-MM-DD; an unknown month or day is 00."""
    sex: Sex
    ins: Ins | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Description:
    """What the document is, in its author's words: the manifest's `document`."""

    title: str
    date: str
    """Of the act, YYYY-MM-DD."""
    patient: Patient | None
    """None in an offline document that is about nobody in particular."""
    kind: str | None = None
    """A LOINC code."""
    priority: Priority = Priority.ROUTINE
    replaces: DocumentId | None = None
    withdraws: DocumentId | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Sender:
    """Who signed, as their member statement certifies them."""

    address: str
    fingerprint: Fingerprint
    name: str
    organisation: Fingerprint


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """A manifest whose schema holds. That it is genuine is `sealed.open_cover`'s to say."""

    salt: str
    document_id: DocumentId
    origin: str
    created_at: int
    sender: Sender
    recipient: Fingerprint
    contents: Contents
    document: Description


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document may hold. A reader and a writer have limits of their own."""

    max_files: int = MAX_FILES
    max_bytes: int = MAX_BYTES


DEFAULT_LIMITS: Final = Limits()


def check_files(files: list[tuple[str, int]], *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Check (name, size) of all files of a document before any is read.

    Raises FileNameError, or TooLargeToSendError beyond the limits or without a file.
    """
    if not 1 <= len(files) <= limits.max_files:
        raise TooLargeToSendError(f"a document has 1 to {limits.max_files} files")
    if sum(size for _, size in files) > limits.max_bytes:
        raise TooLargeToSendError(f"a document has at most {limits.max_bytes} bytes")
    check_names([name for name, _ in files])


def encode_manifest(manifest: Manifest, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the payload to sign; a reader with the same limits accepts it.

    Raises FileNameError or TooLargeToSendError for what `check_files` refuses, and
    ManifestRefusedError for anything else that a reader would refuse.
    """
    check_files([(file.name, file.size) for file in manifest.contents.files], limits=limits)
    fields = _manifest_fields(manifest)
    try:
        payload = canonical.encode(fields)
    except FormatError as refused:
        raise ManifestRefusedError("a text or number that no manifest may hold") from refused
    # What a reader decodes is equal to these: `encode` promises it.
    _check_manifest(fields, limits=limits)
    return payload


def parse_manifest(payload: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """Return the manifest that `payload`, whose signatures hold, is canonical JSON of.

    Raises ManifestRefusedError if it breaks any rule of §3 (BeyondLimitsError for the
    limits). That its lengths belong together, and to the contents, is checked when those
    are opened.
    """
    try:
        fields = canonical.decode(payload)
    except FormatError as refused:
        raise ManifestRefusedError("the manifest is not one that may be read") from refused
    return _check_manifest(fields, limits=limits)


def _check_manifest(value: Mapping[str, object], *, limits: Limits) -> Manifest:
    try:
        manifest = read_object(value, _read_manifest)
        check_files([(f.name, f.size) for f in manifest.contents.files], limits=limits)
    except TooLargeToSendError as refused:
        raise BeyondLimitsError("more files or bytes than this reader takes") from refused
    except (FormatError, SourceError) as refused:
        raise ManifestRefusedError("the manifest is not one that may be read") from refused
    return manifest


def _read_manifest(fields: Fields) -> Manifest:
    fields.constant("version", VERSION)
    fields.constant("checkpoint", None)
    return Manifest(
        salt=fields.id("salt"),
        document_id=DocumentId(fields.id("document_id")),
        origin=fields.text("origin", most=MAX_ORIGIN_CHARACTERS),
        created_at=fields.integer("created_at", most=MAX_CREATED_AT),
        sender=read_object(fields.take("sender"), _read_sender),
        recipient=read_fingerprint(fields, "recipient"),
        contents=read_object(fields.take("contents"), _read_contents),
        document=read_object(fields.take("document"), _read_description),
    )


def _read_sender(fields: Fields) -> Sender:
    fields.constant("on_behalf_of", None)
    return Sender(
        address=fields.text("address", most=MAX_ADDRESS_CHARACTERS),
        fingerprint=read_fingerprint(fields, "fingerprint"),
        name=fields.text("name", most=MAX_TEXT_CHARACTERS),
        organisation=read_fingerprint(fields, "organisation"),
    )


def _read_contents(fields: Fields) -> Contents:
    # How many files there may be is the limits' to say; canonical JSON ends at 1 MiB.
    files = fields.list("files", least=1)
    return Contents(
        files=tuple(read_object(file, _read_file) for file in files),
        padded_length=fields.integer("padded_length"),
        sealed_length=fields.integer("sealed_length"),
        tar_length=fields.integer("tar_length"),
        tree_hash=fields.hash("tree_hash"),
    )


def _read_file(fields: Fields) -> ContentsFile:
    size = fields.integer("size")
    sha256 = fields.hash("sha256") if size <= MAX_HASHED_FILE_BYTES else None
    if sha256 is None:
        fields.constant("sha256", None)
    return ContentsFile(
        name=fields.text("name", most=MAX_TEXT_CHARACTERS),
        media_type=read_matching(fields, "media_type", MEDIA_TYPE, most=100),
        size=size,
        sha256=sha256,
    )


def _read_description(fields: Fields) -> Description:
    replaces = fields.or_null("replaces", fields.id)
    withdraws = fields.or_null("withdraws", fields.id)
    return Description(
        title=fields.text("title", most=MAX_TEXT_CHARACTERS),
        date=check_date(fields.text("date", most=10)),
        patient=fields.or_null(
            "patient", lambda name: read_object(fields.take(name), _read_patient)
        ),
        kind=fields.or_null("kind", lambda name: read_matching(fields, name, LOINC, most=9)),
        priority=fields.choice("priority", Priority),
        replaces=None if replaces is None else DocumentId(replaces),
        withdraws=None if withdraws is None else DocumentId(withdraws),
    )


def _read_patient(fields: Fields) -> Patient:
    return Patient(
        birth_name=fields.text("birth_name", most=MAX_TEXT_CHARACTERS),
        given_names=fields.text("given_names", most=MAX_TEXT_CHARACTERS),
        birth_date=check_birth_date(fields.text("birth_date", most=10)),
        sex=fields.choice("sex", Sex),
        ins=fields.or_null("ins", lambda name: read_object(fields.take(name), _read_ins)),
    )


def _read_ins(fields: Fields) -> Ins:
    return Ins(
        matricule=read_matching(fields, "matricule", INS_MATRICULE, most=15),
        oid=read_matching(fields, "oid", OID, most=64),
    )


def _manifest_fields(manifest: Manifest) -> dict[str, object]:
    sender, contents = manifest.sender, manifest.contents
    return {
        "checkpoint": None,
        "contents": {
            "files": [
                {
                    "media_type": file.media_type,
                    "name": file.name,
                    "sha256": file.sha256,
                    "size": file.size,
                }
                for file in contents.files
            ],
            "padded_length": contents.padded_length,
            "sealed_length": contents.sealed_length,
            "tar_length": contents.tar_length,
            "tree_hash": contents.tree_hash,
        },
        "created_at": manifest.created_at,
        "document": _description_fields(manifest.document),
        "document_id": manifest.document_id,
        "origin": manifest.origin,
        "recipient": manifest.recipient,
        "salt": manifest.salt,
        "sender": {
            "address": sender.address,
            "fingerprint": sender.fingerprint,
            "name": sender.name,
            "on_behalf_of": None,
            "organisation": sender.organisation,
        },
        "version": VERSION,
    }


def _description_fields(description: Description) -> dict[str, object]:
    patient = description.patient
    return {
        "date": description.date,
        "kind": description.kind,
        "patient": None if patient is None else _patient_fields(patient),
        "priority": description.priority.value,
        "replaces": description.replaces,
        "title": description.title,
        "withdraws": description.withdraws,
    }


def _patient_fields(patient: Patient) -> dict[str, object]:
    ins = patient.ins
    return {
        "birth_date": patient.birth_date,
        "birth_name": patient.birth_name,
        "given_names": patient.given_names,
        "ins": None if ins is None else {"matricule": ins.matricule, "oid": ins.oid},
        "sex": patient.sex.value,
    }
