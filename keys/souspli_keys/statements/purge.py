"""The purge statement: the service says that a letter and all that waited for it is gone.

docs/specs/pending.md §5. It proves that the operator said so, and when; that no copy
exists anywhere nobody can prove.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.audit import AuditKey
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, read_fingerprint
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import open_statement, read_payload, write_payload
from souspli_keys.values import ID_BYTES, check_hex

MAX_DOCUMENTS = 10_000
"""Of which the ids are listed: more would not fit into a signed payload of 1 MiB."""


class PurgeReason(StrEnum):
    """Why."""

    NOT_ACTIVATED = "not-activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeStatement:
    """Signed by the service's audit key, for the organisation whose letter it was."""

    payload_type: ClassVar[PayloadType] = PayloadType.PURGE

    line: Line
    """Its subject is the invitation's id; it has one statement."""
    organisation: Fingerprint
    reason: PurgeReason
    begun_at: int
    ended_at: int
    """From when on the live service held nothing of it."""
    deliveries: int
    documents: tuple[str, ...]
    """Ids of the documents that waited for the letter, in order; 10,000 at most."""
    objects_deleted: int
    objects_kept: int
    """Contents that stay because they wait for another recipient too."""
    backups_until: int
    """Until when backups of the operator may hold what was deleted, sealed as it was."""

    @property
    def invitation_id(self) -> str:
        """Of the letter."""
        return self.line.subject

    @classmethod
    def parse(cls, payload: bytes) -> "PurgeStatement":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "backups_until": self.backups_until,
            "begun_at": self.begun_at,
            "deliveries": self.deliveries,
            "documents": list(self.documents),
            "ended_at": self.ended_at,
            "objects_deleted": self.objects_deleted,
            "objects_kept": self.objects_kept,
            "organisation": self.organisation,
            "reason": self.reason.value,
        }
        return write_payload(self.line, fields)


def verify_purge(
    statement: Envelope,
    *,
    audit_key: AuditKey,
    organisation: Fingerprint,
    invitation_id: str,
    origin: Origin,
) -> PurgeStatement:
    """Return the statement if the pinned audit key signed it about this very letter.

    Raises StatementError.
    """
    purge = open_statement(statement, PurgeStatement, signer=audit_key, origin=origin)
    if (purge.organisation, purge.invitation_id) != (organisation, invitation_id):
        raise ChainError("a statement about another letter")
    return purge


def _read(fields: Fields) -> PurgeStatement:
    purge = PurgeStatement(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        reason=fields.choice("reason", PurgeReason),
        begun_at=fields.integer("begun_at"),
        ended_at=fields.integer("ended_at"),
        deliveries=fields.integer("deliveries"),
        documents=tuple(map(_document_id, fields.list("documents", most=MAX_DOCUMENTS))),
        objects_deleted=fields.integer("objects_deleted"),
        objects_kept=fields.integer("objects_kept"),
        backups_until=fields.integer("backups_until"),
    )
    if purge.line.sequence != 1:
        raise SchemaError("a letter is purged once")
    if not purge.begun_at <= purge.ended_at <= purge.backups_until:
        raise SchemaError("a purge ends after it began, and its backups after that")
    if list(purge.documents) != sorted(set(purge.documents)):
        raise SchemaError("documents are listed in order, each once")
    return purge


def _document_id(value: object) -> str:
    if not isinstance(value, str):
        raise SchemaError("a document's id is a text")
    return check_hex(value, length=ID_BYTES)
