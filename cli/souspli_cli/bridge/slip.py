"""What is kept of an accepted mail beside its sealed contents (docs/specs/bridge.md §5).

Values, and how they are spelt in a box. A document's slip holds the key that opens its
contents, and everything that routing and a manifest need: nothing is read twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.intake.values import UNCERTAIN, Change, Document, Finding, Format
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.ids import DocumentId
from souspli_exchange.manifest import Contents, ContentsFile, Ins, Priority, Sex
from souspli_keys.values import decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_exchange.contents_sealer import SealedContents

VERSION: Final = 1

# What routing uses of lists that a mail makes as long as it likes; all of it travels in
# the original. A box holds 1 MiB, and 300 addresses take 100 KB.
MOST_LISTED: Final = 300


class KeptTraits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`intake.Traits`, as far as they are compared."""

    birth_name: str | None
    used_name: str | None
    given_names: str | None
    birth_date: str | None
    sex: Sex | None
    ins: tuple[str, str] | None
    """Matricule and OID."""

    @property
    def as_ins(self) -> Ins | None:
        """The INS as a manifest has it."""
        return None if self.ins is None else Ins(*self.ins)


class _KeptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    media_type: str
    size: int
    sha256: str | None


class KeptContents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`exchange.manifest.Contents`, the key that opens them, and the segments' checksums."""

    document_key: str
    files: tuple[_KeptFile, ...]
    padded_length: int
    sealed_length: int
    tar_length: int
    tree_hash: str
    checksums: tuple[str, ...]

    @property
    def key(self) -> HybridIdentity:
        """The document key."""
        return HybridIdentity.parse(self.document_key)

    @property
    def contents(self) -> Contents:
        """What a manifest says of them."""
        return Contents(
            files=tuple(
                ContentsFile(file.name, file.media_type, file.size, file.sha256)
                for file in self.files
            ),
            padded_length=self.padded_length,
            sealed_length=self.sealed_length,
            tar_length=self.tar_length,
            tree_hash=self.tree_hash,
        )

    @property
    def segment_checksums(self) -> tuple[bytes, ...]:
        """SHA-256 of every sealed segment, in order."""
        return tuple(decode_base64(one, length=32) for one in self.checksums)

    def __repr__(self) -> str:
        return "KeptContents(…)"


class DocumentSlip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document of a mail."""

    version: int = VERSION
    document_id: str
    contents: KeptContents
    format: Format
    traits: KeptTraits
    title: str | None
    kind: str | None
    date: str | None
    priority: Priority
    report_id: str | None
    change: Change
    replaces: tuple[str, ...]
    copies_to: tuple[str, ...]
    findings: tuple[Finding, ...]
    contact: tuple[str, str | None] | None = None
    """The patient's e-mail address and mobile telephone, as the message has them."""

    @property
    def id(self) -> DocumentId:
        """Its id, as the exchange has it."""
        return DocumentId(self.document_id)

    @property
    def is_uncertain(self) -> bool:
        """Whether intake saw something after which nothing is certain any more."""
        return not UNCERTAIN.isdisjoint(self.findings)

    def __repr__(self) -> str:
        return f"DocumentSlip({self.document_id})"


class MailSlip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all documents of one mail have in common."""

    version: int = VERSION
    queue_id: str
    account: str
    mail_from: str
    recipients: tuple[str, ...]
    """Of the envelope, as they were given."""
    message_id: str | None
    date: str | None = None
    """The mail's own; as the Message-ID, for notices alone."""
    is_notice: bool = False
    """From nobody, or a program's reply: no notice is ever sent about it (RFC 3834)."""
    received_at: int
    order: int
    """Microseconds of the same moment; of two mails taken in one run, more for the later."""
    repeat: str
    """The repeat digest (bridge.md §4), hexadecimal."""
    documents: int

    def __repr__(self) -> str:
        return f"MailSlip({self.queue_id})"


@dataclass(frozen=True)
class MailSlips:
    """All slips of one mail."""

    slip: MailSlip
    documents: tuple[DocumentSlip, ...]

    def number_of(self, document_id: str) -> int:
        """Give the place of a document; SpoolDamagedError if it is not in this mail."""
        for number, document in enumerate(self.documents):
            if document.document_id == document_id:
                return number
        raise SpoolDamagedError("a document is not in its mail")


def slip_of(
    document: Document,
    sealed: SealedContents,
    checksums: Sequence[bytes],
    *,
    document_id: DocumentId,
    also: frozenset[Finding] = frozenset(),
) -> DocumentSlip:
    """Make the slip of a document that was read and sealed; `also`: findings of its mail."""
    traits, contents = document.traits, sealed.contents
    return DocumentSlip(
        document_id=document_id,
        contents=KeptContents(
            document_key=sealed.document_key.to_secret_string(),
            files=tuple(
                _KeptFile(
                    name=file.name,
                    media_type=file.media_type,
                    size=file.size,
                    sha256=file.sha256,
                )
                for file in contents.files
            ),
            padded_length=contents.padded_length,
            sealed_length=contents.sealed_length,
            tar_length=contents.tar_length,
            tree_hash=contents.tree_hash,
            checksums=tuple(encode_base64(one) for one in checksums),
        ),
        format=document.format,
        traits=KeptTraits(
            birth_name=traits.birth_name,
            used_name=traits.used_name,
            given_names=traits.given_names,
            birth_date=traits.birth_date,
            sex=traits.sex,
            ins=None if traits.ins is None else (traits.ins.matricule, traits.ins.oid),
        ),
        title=document.title,
        kind=document.kind,
        date=document.date,
        priority=document.priority,
        report_id=document.report_id,
        change=document.change,
        replaces=document.replaces[:MOST_LISTED],
        copies_to=document.copies_to[:MOST_LISTED],
        findings=tuple(sorted(document.findings | also, key=lambda one: one.value)),
        contact=None if traits.address is None else (traits.address, traits.phone),
    )
