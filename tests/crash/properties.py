"""What has to be true whatever was killed, broken or cut: read from rows, store and mails.

Nothing here asks the service: what it says is checked against what is there.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

from cli_world import ORIGIN
from crash.template import ACTIVE, PENDING
from sqlalchemy import select

from souspli_exchange.engine import open_contents
from souspli_exchange.ports.states import DeliveryState, DepositState
from souspli_exchange.sealed import Reader, open_cover
from souspli_keys import dsse
from souspli_mailbox.records.deliveries import read_cover
from souspli_mailbox.schema import tables
from souspli_storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from crash.journal import Entry
    from sqlalchemy import Row

    from souspli_cli.mailcatcher import CaughtMail
    from souspli_keys.identity import Identity
    from souspli_keys.public import Fingerprint
    from souspli_storage.blobs import BlobStore
    from souspli_storage.database import Database

NOTIFICATION: Final = "Un document vous attend"


@unique
class Property(StrEnum):
    """What is promised (docs/crash.md)."""

    ACKNOWLEDGED = "nothing acknowledged is absent"
    CONTENTS = "no delivery without its contents"
    ONCE = "no document twice for one document id"
    NOTIFIED = "a notification at most doubled, never missing"
    SWEPT = "every orphan swept"
    GONE = "nothing deleted comes back"
    FORGOTTEN = "nothing of a purged letter is left"
    SEALED_ONCE = "no segment sealed twice"
    FINISHED = "what was interrupted can be finished"


@dataclass(frozen=True)
class Broken:
    """A property that did not hold."""

    property: Property
    how: str

    def __str__(self) -> str:
        return f"{self.property}: {self.how}"


@dataclass(frozen=True)
class Facts:
    """Rows and documents of one run."""

    database: Database
    blobs: BlobStore

    def rows(self, table: str) -> list[Row[tuple[object, ...]]]:
        """All rows of a table."""
        return self.database.read_now(
            lambda connection: list(connection.execute(select(tables.metadata.tables[table])).all())
        )

    def object_keys(self) -> set[str]:
        """Of everything in the store, complete or not."""
        return {*self.blobs.incomplete(), *self.blobs.objects()}


def acknowledged(facts: Facts, told: Iterable[Entry]) -> list[Broken]:
    """Parts and deposits of which the sender was told that they are kept, are."""
    deposits = {row.document_id: row for row in facts.rows("deposits")}
    broken: list[Broken] = []
    for entry in told:
        if entry.what == "sealed":
            continue
        deposit = deposits.get(entry.document_id)
        if deposit is None:
            broken.append(Broken(Property.ACKNOWLEDGED, f"no deposit, though {entry.what}"))
        elif entry.what == "stored" and deposit.state != DepositState.STORED:
            broken.append(Broken(Property.ACKNOWLEDGED, f"a stored deposit is {deposit.state}"))
        elif entry.what == "kept":
            try:
                parts = facts.blobs.parts(deposit.object_key)
            except StorageError:
                parts = ()
            if (entry.index, entry.sha256) not in {(p.number, p.sha256.hex()) for p in parts}:
                broken.append(Broken(Property.ACKNOWLEDGED, f"part {entry.index} is gone"))
    return broken


def receipts_kept(facts: Facts, receipts: Iterable[str]) -> list[Broken]:
    """Receipts of these deliveries were acknowledged."""
    opened = {row.delivery_id for row in facts.rows("deliveries") if row.state == "opened"}
    kept = {row.delivery_id for row in facts.rows("receipts")} & opened
    return [
        Broken(Property.ACKNOWLEDGED, "a receipt is gone") for one in receipts if one not in kept
    ]


def contents(
    facts: Facts,
    expected: bytes,
    *,
    organisation: Fingerprint,
    readers: Sequence[Identity],
    only: Collection[str] | None = None,
) -> list[Broken]:
    """Every delivery (or `only` these) opens, with its recipient's key, to what was sent."""
    deposits = {row.deposit_id: row for row in facts.rows("deposits")}
    broken: list[Broken] = []
    for delivery in facts.rows("deliveries"):
        if only is not None and delivery.delivery_id not in only:
            continue
        deposit = deposits[delivery.deposit_id]
        try:
            reader = Reader(identities=readers, origin=ORIGIN, organisations={organisation})
            opened = _open(facts, reader, delivery.delivery_id, deposit)
        except Exception as failure:  # noqa: BLE001  (whatever it is, it can't be read)
            broken.append(Broken(Property.CONTENTS, f"not to be opened: {failure!r}"))
            continue
        if opened != expected:
            broken.append(Broken(Property.CONTENTS, "opens to other bytes"))
    return broken


def _open(
    facts: Facts, reader: Reader, delivery_id: str, deposit: Row[tuple[object, ...]]
) -> bytearray:
    delivered = facts.database.read_now(read_cover, delivery_id=delivery_id)
    cover = open_cover(
        delivered.cover,
        reader=reader,
        document_id=deposit.document_id,
        organisation=dsse.parse(json.loads(delivered.organisation_envelope)),
        member=dsse.parse(json.loads(delivered.member_envelope)),
    )
    (file,) = cover.manifest.contents.files
    opened = bytearray(file.size)

    def read(offset: int, out: memoryview) -> None:
        data = facts.blobs.read(deposit.object_key, offset, len(out))
        out[:] = data

    def write(_file: int, offset: int, data: memoryview) -> None:
        opened[offset : offset + len(data)] = data

    open_contents(
        cover, length=facts.blobs.size(deposit.object_key), read=read, write=write, threads=1
    )
    return opened


def once(facts: Facts, *, document_ids: Iterable[str], recipients: int) -> list[Broken]:
    """Each document is deposited once, with one delivery for each recipient, and no other is."""
    stored = [row for row in facts.rows("deposits") if row.state == DepositState.STORED]
    found = Counter(row.document_id for row in stored)
    broken = [
        Broken(Property.ONCE, f"deposited {found[one]} times")
        for one in document_ids
        if found[one] != 1
    ]
    if extra := found.keys() - set(document_ids):
        broken.append(Broken(Property.ONCE, f"{len(extra)} documents nobody sent"))
    deliveries = Counter(row.deposit_id for row in facts.rows("deliveries"))
    broken += [
        Broken(Property.ONCE, f"{deliveries[row.deposit_id]} deliveries for {recipients} covers")
        for row in stored
        if deliveries[row.deposit_id] != recipients
    ]
    return broken


def notified(
    facts: Facts, mails: Sequence[CaughtMail], *, most: int = 2, documents: int = 1
) -> list[Broken]:
    """Everybody was told of each document, or of all at once, and nobody too often."""
    told = Counter(
        address
        for mail in mails
        if mail.subject.startswith(NOTIFICATION)
        for address in mail.recipients
    )
    broken = [
        Broken(Property.NOTIFIED, f"{told[address]} mails")
        for address in (ACTIVE, PENDING)
        if not 1 <= told[address] <= most * documents
    ]
    untold = {DeliveryState.STORED.value, DeliveryState.BOUNCED.value}
    if any(row.state in untold for row in facts.rows("deliveries")):
        broken.append(Broken(Property.NOTIFIED, "a delivery never became notified"))
    if dead := [row for row in facts.rows("jobs") if row.state == "dead"]:
        broken.append(Broken(Property.NOTIFIED, f"{len(dead)} jobs given up"))
    return broken


def swept(facts: Facts, leftovers: Sequence[str]) -> list[Broken]:
    """The store holds the stored documents, and nothing else."""
    deposits = facts.rows("deposits")
    keys = facts.object_keys()
    broken: list[Broken] = []
    if orphans := keys - {row.object_key for row in deposits}:
        broken.append(Broken(Property.SWEPT, f"{len(orphans)} orphans in the store"))
    if stale := [row for row in deposits if row.state != DepositState.STORED]:
        broken.append(Broken(Property.SWEPT, f"{len(stale)} uploads of yesterday"))
    if condemned := facts.rows("condemned_objects"):
        broken.append(Broken(Property.SWEPT, f"{len(condemned)} condemned and not deleted"))
    if leftovers:
        broken.append(Broken(Property.SWEPT, f"{len(leftovers)} files under no key"))
    return broken


def gone(facts: Facts, *, object_keys: Sequence[str], letters: Sequence[str]) -> list[Broken]:
    """In rows that were put back, no upload with these keys, and no letter to these addresses."""
    broken: list[Broken] = []
    if back := [row for row in facts.rows("deposits") if row.object_key in object_keys]:
        broken.append(Broken(Property.GONE, f"{len(back)} swept uploads are back"))
    if back := [row for row in facts.rows("invitations") if row.address in letters]:
        broken.append(Broken(Property.GONE, f"{len(back)} replaced letters are good again"))
    return broken


def sealed_once(journal: Iterable[Entry]) -> list[Broken]:
    """No segment of a document was sealed a second time, and only sealed bytes were sent."""
    sealed: dict[tuple[str, int], str] = {}
    broken: list[Broken] = []
    for entry in journal:
        place = entry.document_id, entry.index
        if entry.what == "sealed":
            if place in sealed:
                broken.append(Broken(Property.SEALED_ONCE, f"segment {entry.index} again"))
            sealed[place] = entry.sha256
        elif entry.what == "kept" and sealed.get(place, entry.sha256) != entry.sha256:
            broken.append(Broken(Property.SEALED_ONCE, f"segment {entry.index} is another one"))
    return broken
