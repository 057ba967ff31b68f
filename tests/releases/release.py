"""The folder of one release, and how its people come in: what test_releases.py works with."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulation.people import ClaimingPatient, SignedInPatient

from souspli_exchange.binding import OwnCopy
from souspli_exchange.claim import Letter, Person, open_letter
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.receive import Receiving
from souspli_exchange.sealed import Reader, VerifiedCover
from souspli_keys import dsse, vault
from souspli_keys.address import Origin
from souspli_keys.claimcode import ClaimCode
from souspli_keys.codes import AccountNumber
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.public import Fingerprint
from souspli_keys.unlockers import Unlocker, from_password

if TYPE_CHECKING:
    from simulation.service import Service

    from souspli_keys.dsse import Envelope
    from souspli_keys.unlockers import LoginKey
    from souspli_mailbox.client import MailboxClient

FOLDER = Path(__file__).parent
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/facts.json"))


@dataclass(frozen=True)
class Release:
    """The folder of one release."""

    folder: Path

    @cached_property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "facts.json").read_text("utf-8"))
        return found

    @property
    def origin(self) -> Origin:
        return Origin(self.facts["origin"])

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self.facts["document"]
        return found

    @property
    def files(self) -> dict[str, bytes]:
        return {name: bytes.fromhex(content) for name, content in self.document["files"].items()}

    @property
    def document_id(self) -> DocumentId:
        return DocumentId(self.document["document_id"])

    @property
    def organisation(self) -> Fingerprint:
        return Fingerprint(self.facts["practice"]["organisation_fingerprint"])

    def envelope(self, name: str) -> Envelope:
        return dsse.parse(self.facts["practice"][name])

    def sealed(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def reader(self, address: str) -> Reader:
        roots = self.facts["patients"][address]["identity_roots"]
        identities = [Identity(bytes.fromhex(root)) for root in roots]
        return Reader(identities, self.origin, {self.organisation})

    @property
    def member(self) -> SendingMember:
        return SendingMember(
            identity=Identity(bytes.fromhex(self.facts["practice"]["member_root"])),
            organisation=self.envelope("organisation"),
            member=self.envelope("member"),
            origin=self.origin,
        )

    def copy_data(self, folder: Path) -> Path:
        """The data folder as that release left it: a copy to work on."""
        shutil.copytree(self.folder / "data", folder)
        packed = folder / "mailbox.sqlite.gz"
        (folder / "mailbox.sqlite").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
        return folder

    def letter(self, address: str) -> tuple[Letter, Person, OwnCopy]:
        """A letter that was printed then, who got it, and the sender's copy of its record."""
        facts = self.facts["letters"][address]
        code = ClaimCode.parse(facts["code"])
        return (
            Letter(InvitationId(facts["invitation_id"]), Fingerprint(facts["organisation"]), code),
            Person(facts["surname"], facts["birth_date"]),
            OwnCopy(dsse.parse(facts["record"])),
        )


def count_rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608  (its own names)
            for (table,) in tables
        }


def open_contents(release: Release, cover: VerifiedCover) -> dict[str, bytes]:
    """All files, once everything has verified."""
    sealed = release.sealed("contents.age")
    files = [bytearray(file.size) for file in cover.manifest.contents.files]

    def write(index: int, offset: int, data: memoryview) -> None:
        files[index][offset : offset + len(data)] = data

    opener = ContentsOpener(cover, write=write)
    while (where := opener.next_range) is not None:
        opener.open_next(sealed[where.start : where.stop])
    opener.finish()
    names = [file.name for file in cover.manifest.contents.files]
    return dict(zip(names, map(bytes, files), strict=True))


async def sign_in_patient(service: Service, release: Release, address: str) -> Receiving:
    """Sign in with the password alone: the service's copy of the vault has the rest."""
    patient = release.facts["patients"][address]
    number = AccountNumber(patient["account_number"])
    unlocker = from_password(patient["password"], origin=release.origin, account=number)
    client = await _sign_in(service, number, "password", unlocker.login_key)
    stored = await client.vault()
    key = vault.unwrap_vault_key(
        stored.wrapped_vault_key,
        wrap_key=unlocker.wrap_key,
        account=number,
        kind=UnlockerKind.PASSWORD,
        unlocker_id=stored.unlocker_id,
    )
    opened = vault.open_vault(
        stored.sealed,
        vault_key=key,
        account=number,
        generation=stored.generation,
        seen_generation=0,
    )
    reader = Reader(
        [opened.identity, *(kept.identity for kept in opened.claims)],
        release.origin,
        {pin.fingerprint for pin in opened.pinned},
    )
    return Receiving(reader=reader, mailbox=client)


async def sign_in_member(service: Service, release: Release) -> MailboxClient:
    """Sign in as the practice's member, with the device's secret."""
    practice = release.facts["practice"]
    key = Unlocker(bytes.fromhex(practice["device_secret"])).login_key
    return await _sign_in(service, practice["account_number"], "device", key)


async def _sign_in(service: Service, number: str, kind: str, key: LoginKey) -> MailboxClient:
    client = await service.client()
    await client.sign_in(number, kind=kind, login_public_key=key.public_key, sign=key.sign)
    return client


async def claim_letter(
    service: Service, release: Release, letter: Letter, person: Person, *, address: str
) -> SignedInPatient:
    """Take a letter through the three gates."""
    client = await service.client()
    answer = await client.claim_record(letter.invitation_id)
    opened = open_letter(letter, answer, origin=release.origin, now=service.clock.now)
    return await ClaimingPatient(service, letter, client, opened, address).claim(person)
