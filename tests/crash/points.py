"""The named points: where a program is killed, or a write broken. One table.

Each row is one durable step of docs/specs/mailbox.md §1, or one that follows from it.
`of` says what the saboteur waits for; a step that also happens in other places (jobs
are taken for sweeps too) waits `until` another one has been.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

from benchmarks.engine_kinds import StoreKind
from crash.engines import Engines
from distinct import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """What is wrapped."""

    UNIT = "unit"
    """A writing unit of work, by the name of its function."""
    BLOB = "blob"
    """A method of the store."""
    LEDGER = "ledger"
    """A line about a deletion, that outlives the database."""
    FILE = "file"
    """Writing the bytes of a part, or of tombstones, into a file."""
    MAIL = "mail"
    """Handing a mail to the relay."""
    ANSWER = "answer"
    """An answer to a client, by method and route."""
    CLIENT = "client"
    """A step of `souspli send` or `souspli invite`: class and method."""


@unique
class Act(StrEnum):
    """What happens at a point."""

    KILL_BEFORE = "killed before"
    KILL_WITHIN = "killed before the commit"
    """All statements of the unit have run, and none is committed."""
    KILL_AFTER = "killed after"
    KILL_MIDDLE = "killed in the middle"
    """Half of the bytes are in the file."""
    EIO = "EIO in the middle"
    """The same, and the system says that the device failed."""
    NOT_APPLIED = "not applied"
    APPLIED_BUT_FAILED = "applied, reported failed"
    HELD_BEFORE = "held before"
    HELD_AFTER = "held after"
    """Nothing is wrong; everything else goes on meanwhile."""

    @property
    def kills(self) -> bool:
        """Whether the program is gone afterwards."""
        return self in {Act.KILL_BEFORE, Act.KILL_WITHIN, Act.KILL_AFTER, Act.KILL_MIDDLE}


AROUND: Final = (Act.KILL_BEFORE, Act.KILL_AFTER, Act.NOT_APPLIED, Act.APPLIED_BUT_FAILED)
TORN: Final = (Act.KILL_MIDDLE, Act.EIO)


@dataclass(frozen=True)
class Step:
    """One durable step. `occurrence`: which of several, counted from 1."""

    name: str
    kind: Kind
    of: str
    occurrence: int = 1
    until: str | None = None
    """Counted only once this unit has been committed."""
    direct: bool | None = None
    """How parts come to an S3 store: by the sender itself, through the service, or either."""
    replaces: bool = False
    """Whether the pending patient's letter is replaced by another, with a document waiting."""
    puts_back: bool = False
    """Whether at the end the rows are put back as they were before anything was deleted."""
    segments: int = 1
    """Of the document: three where there has to be a middle, 17 MB."""
    claims: bool = False
    """Whether the pending patient also claims afterwards: it costs a key derivation."""
    purges: bool = False
    """Whether it is a step of the purge, a month later (`purge_story`)."""
    withdraws: bool = False
    """Whether it is a step of a withdrawal (`withdraw_story`)."""

    @property
    def acts(self) -> tuple[Act, ...]:
        """What makes sense here: a unit of work has an inside, a file a middle."""
        match self.kind:
            case Kind.FILE:
                return TORN
            case Kind.UNIT:
                return (*AROUND, Act.KILL_WITHIN)
            case _:
                return AROUND


@dataclass(frozen=True)
class Point:
    """A step and what happens there: one run."""

    step: Step
    act: Act

    @property
    def claims(self) -> bool:
        """Whether the pending patient also claims and reads, in this run."""
        return self.step.claims and self.act in {Act.KILL_AFTER, Act.APPLIED_BUT_FAILED}

    def __str__(self) -> str:
        return f"{self.step.name}, {self.act}"


_UPLOADS: Final = "POST /v1/deposits/{document_id}/uploads"
_PUT: Final = "PUT /v1/deposits/{document_id}/segments/{segment}"
_COMPLETE: Final = "POST /v1/deposits/{document_id}/complete"
_COLLECT: Final = "POST /v1/deliveries/{delivery_id}/collect"
_INVITE: Final = "POST /v1/invitations"
_WITHDRAW: Final = "POST /v1/deposits/{document_id}/withdrawal"
_RECEIPT: Final = "PUT /v1/deliveries/{delivery_id}/receipt"

SERVICE_STEPS: Final = (
    # 1 deposit opened
    Step("deposit opened", Kind.UNIT, "open_deposit"),
    Step("upload begun", Kind.BLOB, "begin", until="open_deposit"),
    Step("answer: deposit opened", Kind.ANSWER, "POST /v1/deposits"),
    # 2 segments put
    Step("first part", Kind.BLOB, "put_part", segments=3, until="open_deposit", direct=False),
    Step(
        "last part",
        Kind.BLOB,
        "put_part",
        occurrence=3,
        segments=3,
        until="open_deposit",
        direct=False,
    ),
    Step("part's bytes", Kind.FILE, "part", occurrence=2, segments=3, until="open_deposit"),
    Step("answer: part kept", Kind.ANSWER, _PUT, occurrence=2, segments=3, direct=False),
    Step("part promised", Kind.BLOB, "presign_parts", occurrence=2, segments=3, direct=True),
    Step("answer: part promised", Kind.ANSWER, _UPLOADS, occurrence=2, segments=3, direct=True),
    # 2 and 3 of a document of one segment, which an S3 store keeps in one piece
    Step("only part", Kind.BLOB, "put_part", until="open_deposit", direct=False),
    Step("only part promised", Kind.BLOB, "presign_parts", direct=True),
    Step("object of one part", Kind.BLOB, "complete", until="open_deposit"),
    # 3 completed
    Step("object complete", Kind.BLOB, "complete", segments=3, until="open_deposit"),
    # 4 the transaction
    Step("deposit stored", Kind.UNIT, "complete_deposit", claims=True),
    # 5 the answer
    Step("answer: stored", Kind.ANSWER, _COMPLETE, claims=True),
    # 6 the job
    Step("job taken", Kind.UNIT, "claim_jobs", until="complete_deposit"),
    Step("recipient reserved", Kind.UNIT, "begin_notification"),
    Step("mail accepted", Kind.MAIL, "send", claims=True),
    Step("notified", Kind.UNIT, "_finish", until="begin_notification"),
    # what the recipient does
    Step("collected", Kind.UNIT, "collect"),
    Step("answer: collected", Kind.ANSWER, _COLLECT),
    Step("receipt", Kind.UNIT, "keep_receipt"),
    Step("answer: receipt", Kind.ANSWER, _RECEIPT),
    # what is swept
    Step("rows swept", Kind.UNIT, "delete_due"),
    Step("uploads condemned", Kind.UNIT, "condemn_stale_uploads"),
    Step("tombstone written", Kind.LEDGER, "append", puts_back=True),
    Step("tombstone's bytes", Kind.FILE, "lines", puts_back=True),
    Step("orphans condemned", Kind.UNIT, "condemn_orphans"),
    Step("object deleted", Kind.BLOB, "delete"),
    Step("object forgotten", Kind.UNIT, "absolve_object", puts_back=True),
    # a letter that is lost: another one, and the old one is worthless for ever
    Step("letter replaced", Kind.UNIT, "_publish", replaces=True, puts_back=True),
    Step(
        "letter's tombstone",
        Kind.LEDGER,
        "append",
        until="_publish",
        replaces=True,
        puts_back=True,
    ),
    Step("answer: letter replaced", Kind.ANSWER, _INVITE, replaces=True, puts_back=True),
    Step("delivery moved", Kind.UNIT, "move_delivery", replaces=True),
)

# A letter that nobody answered (docs/specs/pending.md §4), a month later.
PURGE_STEPS: Final = (
    Step("purge: decided", Kind.UNIT, "decide", purges=True),
    Step("purge: tombstone", Kind.LEDGER, "append", until="decide", purges=True, puts_back=True),
    Step("purge: tombstone's bytes", Kind.FILE, "lines", until="decide", purges=True),
    Step("purge: told", Kind.UNIT, "told", purges=True, puts_back=True),
    Step("purge: covers deleted", Kind.UNIT, "empty", purges=True, puts_back=True),
    Step("purge: contents deleted", Kind.BLOB, "delete", until="empty", purges=True),
    Step("purge: object forgotten", Kind.UNIT, "absolve_object", until="empty", purges=True),
    Step("purge: person forgotten, signed", Kind.UNIT, "forget", purges=True, puts_back=True),
    Step("purge: files have forgotten", Kind.UNIT, "forgotten", purges=True),
)

# A document that its sender takes back (docs/specs/withdrawal.md §2).
WITHDRAW_STEPS: Final = (
    Step("withdrawal: decided", Kind.UNIT, "decide_withdrawal", withdraws=True),
    Step(
        "withdrawal: tombstones",
        Kind.LEDGER,
        "append",
        until="decide_withdrawal",
        withdraws=True,
        puts_back=True,
    ),
    Step(
        "withdrawal: tombstones' bytes",
        Kind.FILE,
        "lines",
        until="decide_withdrawal",
        withdraws=True,
    ),
    Step("withdrawal: covers deleted", Kind.UNIT, "carry_out", withdraws=True, puts_back=True),
    Step("withdrawal: answer", Kind.ANSWER, _WITHDRAW, withdraws=True),
    Step("withdrawal: job done", Kind.UNIT, "_finish", until="decide_withdrawal", withdraws=True),
    Step("withdrawal: contents deleted", Kind.BLOB, "delete", until="carry_out", withdraws=True),
    Step(
        "withdrawal: object forgotten",
        Kind.UNIT,
        "absolve_object",
        until="carry_out",
        withdraws=True,
    ),
)

CLIENT_STEPS: Final = (
    Step("first segment spooled", Kind.CLIENT, "FolderSpool.put_segment", segments=3),
    Step("last segment spooled", Kind.CLIENT, "FolderSpool.put_segment", occurrence=3, segments=3),
    Step("spool committed", Kind.CLIENT, "FolderSpool.commit", segments=3),
    Step("noted", Kind.CLIENT, "AddressBook.change_document"),
    Step("opened", Kind.CLIENT, "MailboxClient.open_deposit"),
    Step("a part sent", Kind.CLIENT, "MailboxClient.put_segment", occurrence=2, segments=3),
    Step("completed", Kind.CLIENT, "MailboxClient.complete_deposit"),
    Step("noted as stored", Kind.CLIENT, "AddressBook.change_document", occurrence=2),
    Step("let go", Kind.CLIENT, "FolderSpool.discard"),
    # the letter is lost, with a document waiting for it
    Step("new letter noted", Kind.CLIENT, "AddressBook.change_patient", replaces=True),
    Step("new letter published", Kind.CLIENT, "MailboxClient.publish_invitation", replaces=True),
    Step(
        "new letter confirmed",
        Kind.CLIENT,
        "AddressBook.change_patient",
        occurrence=2,
        replaces=True,
    ),
    # the document is taken back
    Step("withdrawal noted", Kind.CLIENT, "AddressBook.change_document", withdraws=True),
    Step("withdrawal posted", Kind.CLIENT, "MailboxClient.withdraw", withdraws=True),
    Step(
        "withdrawal confirmed",
        Kind.CLIENT,
        "AddressBook.change_document",
        occurrence=2,
        withdraws=True,
    ),
)

# A run is found again, and its picture drawn, by its step's name.
distinct(step.name for step in (*SERVICE_STEPS, *PURGE_STEPS, *WITHDRAW_STEPS, *CLIENT_STEPS))

CLIENT_POINTS: Final = tuple(Point(step, act) for step in CLIENT_STEPS for act in step.acts)


def service_points(
    engines: Engines, steps: Sequence[Step] = (*SERVICE_STEPS, *PURGE_STEPS, *WITHDRAW_STEPS)
) -> tuple[Point, ...]:
    """Return the points that a service on these has.

    Only an S3 store is put to directly; only on a disk it writes files itself.
    """
    return tuple(
        Point(step, act)
        for step in steps
        for act in step.acts
        if engines.store is (StoreKind.DISK if step.kind is Kind.FILE else StoreKind.S3)
        or (step.kind is not Kind.FILE and step.direct is not True)
    )
