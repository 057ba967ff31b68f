"""What is made of real laboratories' files, in words and numbers: never what is in them.

The files are not ours, and not in the tree: `SOUSPLI_SAMPLES` names a folder of them. Each
is read as the attachment of a mail to a bridge whose address book is empty.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from intake_samples.mails import Attachment, mail

from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.routing import Domain, Person, TraitsKey, is_known, route
from souspli_cli.bridge.slip import DocumentSlip, KeptContents, KeptTraits
from souspli_cli.bridge.smtp import answers
from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document, Finding, Traits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DOMAIN = Domain("pont.labo.example")
_MAILBOX = f"{_DOMAIN.mailbox}@{_DOMAIN.domain}"
_ID = "Q"
_NO_CONTENTS = KeptContents(
    document_key="", files=(), padded_length=1, sealed_length=1, tar_length=1, tree_hash="",
    checksums=(),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is seen of one document of a file."""

    format: str
    derived: int
    """Files that were made from it."""
    traits: frozenset[str]
    """Which it says, not what."""
    others: frozenset[str]
    """Which of title, kind, date, report_id and replaces it says."""
    change: str
    copies: int
    findings: frozenset[str]
    state: str
    reason: str
    """Why a person must look at it, where nobody is in the address book."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one file."""

    answer: str
    """To the mail, without its id."""
    documents: tuple[Seen, ...]
    travels: bool
    """The file itself is in one of the documents, byte for byte."""


TRAITS = tuple(field.name for field in fields(Traits))
OTHERS = ("title", "kind", "date", "report_id", "replaces")


class _Empty:
    """A `routing.Book` with nobody in it."""

    def person(self, address: str) -> Person | None:  # noqa: ARG002  (whoever it is)
        """Give nobody."""
        return None

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:  # noqa: ARG002  (whoever it is)
        """Give nobody."""
        return ()

    def with_ins(self, matricule: str) -> Sequence[Person]:  # noqa: ARG002  (whoever it is)
        """Give nobody."""
        return ()


def outcome_of(path: Path) -> Outcome:
    """Say what comes of a mail with this file, sent to the routing mailbox."""
    content = path.read_bytes()
    try:
        read = read_mail(mail(Attachment(content=content, name=path.name)))
    except BeyondLimitsError:
        return Outcome(answer=answers.TOO_LARGE, documents=(), travels=False)
    except UnreadableError:
        return Outcome(answer=answers.UNREADABLE, documents=(), travels=False)
    return Outcome(
        answer=answers.queued(_ID).removesuffix(f" as {_ID}"),
        documents=tuple(_seen(document, read.findings) for document in read.documents),
        travels=any(file.content == content for one in read.documents for file in one.files),
    )


def answer_to_unknown_address() -> str:
    """Say what a sender is told who writes to a patient that is in no address book."""
    known = is_known("patient@example.fr", book=_Empty(), domain=_DOMAIN)
    return answers.RECIPIENT_OK if known else answers.RECIPIENT_UNKNOWN


def _seen(document: Document, also: frozenset[Finding]) -> Seen:
    found = document.findings | also
    target = route(_slip(document, found), [_MAILBOX], book=_Empty(), domain=_DOMAIN)
    return Seen(
        format=document.format.value,
        derived=sum(file.derived for file in document.files),
        traits=frozenset(name for name in TRAITS if getattr(document.traits, name)),
        others=frozenset(name for name in OTHERS if getattr(document, name)),
        change=document.change.value,
        copies=len(document.copies_to),
        findings=frozenset(finding.value for finding in found),
        # Nobody is in the book: there is no target.
        state=State.TO_CHECK.value,
        reason=str(target),
    )


def _slip(document: Document, findings: frozenset[Finding]) -> DocumentSlip:
    """Return the slip as far as routing looks at it."""
    traits = document.traits
    return DocumentSlip(
        document_id="0" * 32,
        contents=_NO_CONTENTS,
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
        replaces=document.replaces,
        copies_to=document.copies_to,
        findings=tuple(findings),
    )
