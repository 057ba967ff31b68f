"""What the service signs about a purge is believed only under the key that was pinned first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from souspli_cli.addressbook import (
    AddressBook,
    OwnInvitation,
    Patient,
    SentDocument,
    SentTo,
    Traits,
)
from souspli_cli.box import BoxDamaged
from souspli_cli.certificates import Certificate, Certificates, Learnt, learn
from souspli_cli.connection import run
from souspli_exchange.port_errors import NotFoundError
from souspli_exchange.ports.directory import PurgeView
from souspli_keys.address import Origin
from souspli_keys.operator import OperatorKey
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Line, PurgeReason, PurgeStatement, sign_statement

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_exchange.ids import InvitationId
    from souspli_keys.audit import AuditKey

ORIGIN = Origin("souspli.localhost")
OURS = Fingerprint("ab" * 32)
KEY, OTHER_KEY = OperatorKey(b"a" * 32), OperatorKey(b"b" * 32)
FIRST, LETTER, ANOTHER = "01" * 16, "02" * 16, "03" * 16
DOCUMENT = "0d" * 16
JEANNE = "jeanne@exemple.fr"

PURGE = PurgeStatement(
    line=Line.first(origin=ORIGIN, issued_at=2_000, subject=LETTER),
    organisation=OURS,
    reason=PurgeReason.NOT_ACTIVATED,
    begun_at=1_000,
    ended_at=2_000,
    deliveries=1,
    documents=(DOCUMENT,),
    objects_deleted=1,
    objects_kept=0,
    backups_until=3_000,
)


@dataclass
class SayingDirectory:
    """A service that says one thing about every letter."""

    key: AuditKey = KEY.public
    view: PurgeView | None = None
    asked: int = 0

    async def audit_key(self) -> AuditKey:
        return self.key

    async def purge(self, invitation_id: InvitationId) -> PurgeView:
        self.asked += 1
        if self.view is None:
            raise NotFoundError(f"{invitation_id} was not purged")
        return self.view


def signed(purge: PurgeStatement = PURGE, key: OperatorKey = KEY) -> PurgeView:
    return PurgeView(
        invitation_id=purge.invitation_id,  # type: ignore[arg-type]  # the same text
        begun_at=purge.begun_at,
        ended_at=purge.ended_at,
        statement=sign_statement(purge, key),
    )


@pytest.fixture
def book(tmp_path: Path) -> AddressBook:
    """One patient with two letters, and a document that waited for the first in vain."""
    kept = AddressBook(tmp_path, b"\x07" * 32)
    traits = Traits(
        birth_name="Le Goff", used_name=None, given_names="Jeanne", birth_date="1961-03-02", sex="F"
    )
    letters = tuple(
        OwnInvitation(
            invitation_id=one,
            record={},
            record_hash="0" * 64,
            not_before=0,
            not_after=1,
            confirmed=True,
        )
        for one in (FIRST, LETTER)
    )
    kept.change_patient(
        JEANNE, lambda _: Patient(address=JEANNE, traits=traits, invitations=letters)
    )
    to = SentTo(address=JEANNE, invitation_id=FIRST, manifest_hash="0" * 64, state="expired")
    kept.change_document(
        DOCUMENT,
        lambda _: SentDocument(
            document_id=DOCUMENT,
            title="Analyses",
            kind=None,
            date="2026-11-29",
            created_at=0,
            files=("a.pdf",),
            stored=True,
            recipients=(to,),
        ),
    )
    return kept


def learnt(book: AddressBook, directory: SayingDirectory) -> Learnt:
    return run(learn(directory, book, organisation=OURS, origin=ORIGIN))  # type: ignore[arg-type]  # the two calls that it makes


def test_what_the_pinned_key_signed_is_kept_and_not_asked_for_again(book: AddressBook) -> None:
    directory = SayingDirectory(view=signed())
    assert learnt(book, directory) == Learnt(kept=[JEANNE])
    assert learnt(book, directory) == Learnt()
    assert directory.asked == 1
    (kept,) = Certificates.of(book).all()
    assert isinstance(kept, Certificate)
    assert (kept.address, kept.purge) == (JEANNE, PURGE)
    assert b"jeanne" not in b"".join(path.read_bytes() for path in book.folder.iterdir())


@pytest.mark.parametrize(
    "view",
    [
        signed(key=OTHER_KEY),
        signed(replace(PURGE, line=replace(PURGE.line, subject=ANOTHER))),
        signed(replace(PURGE, organisation=Fingerprint("cd" * 32))),
        signed(replace(PURGE, line=replace(PURGE.line, origin=Origin("souspli.example")))),
        signed(replace(PURGE, documents=("0e" * 16,))),
        signed(replace(PURGE, documents=())),
    ],
    ids=["other key", "other patient", "other practice", "elsewhere", "other document", "none"],
)
def test_what_does_not_hold_is_refused_and_nothing_is_kept(
    book: AddressBook, view: PurgeView
) -> None:
    assert learnt(book, SayingDirectory(view=view)) == Learnt(refused=[JEANNE])
    assert list(Certificates.of(book).all()) == []


def test_a_service_that_changes_its_key_is_not_believed(book: AddressBook) -> None:
    assert learnt(book, SayingDirectory()).unfinished == [JEANNE]
    changed = SayingDirectory(key=OTHER_KEY.public, view=signed(key=OTHER_KEY))
    assert learnt(book, changed) == Learnt(refused=[JEANNE])
    assert Certificates.of(book).pinned() == KEY.public


def test_what_is_still_being_deleted_is_told_as_that(book: AddressBook) -> None:
    view = replace(signed(), ended_at=None, statement=None)
    assert learnt(book, SayingDirectory(view=view)) == Learnt(unfinished=[JEANNE])


def test_a_certificate_that_was_altered_on_the_disk_does_not_open(book: AddressBook) -> None:
    learnt(book, SayingDirectory(view=signed()))
    (path,) = book.folder.glob("purge-*.sealed")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (kept,) = Certificates.of(book).all()
    assert isinstance(kept, BoxDamaged)
