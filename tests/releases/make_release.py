"""Makes the folder of this release. Run by hand, once (README.md in this folder).

A practice invites a patient at five addresses, sends one document to all of them, and
each delivery gets as far as `made_data` says. Keys are drawn at random: the folder is
kept, not made again.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releases import made_data
from simulation.people import (
    NADIA,
    ORIGIN,
    PASSWORD,
    ClaimingPatient,
    Practice,
    SignedInPatient,
    description,
)
from simulation.sealed import draw
from simulation.service import Service, running

from souspli_exchange.binding import OwnCopy
from souspli_exchange.claim import sign_claim_nonce
from souspli_exchange.receive import (
    fetch_cover,
    open_into_folder,
    read_contents,
    reseal_waiting,
    sign_receipt,
)
from souspli_exchange.send import send
from souspli_exchange.sending import Addressee, SentDocument
from souspli_mailbox.version import VERSION

if TYPE_CHECKING:
    from email.message import EmailMessage

    from souspli_exchange.invitation import NewInvitation
    from souspli_keys.identity import Identity

HERE = Path(__file__).parent


async def fill(data: Path, scratch: Path) -> dict[str, Any]:
    """Fill a data folder; return what there is to know about it."""
    async with running(data) as service:
        _choose_mails(service)
        practice = await Practice.found(service)
        invited = await _invite(practice)
        sent = await send(
            practice.sending,
            made_data.sources(),
            description(),
            [Addressee(way.address, OwnCopy(invited[way].record)) for way in made_data.WAYS],
            now=service.clock.now,
        )
        await _reach(service, {"stored", "bounced", "notified"})
        patients = {
            way: await _claim(service, invited[way], way, scratch)
            for way in made_data.WAYS
            if way.claimed
        }
        await _leave_things_under_way(service, practice, invited[made_data.MAILED])
        reached = [way.state for way in made_data.WAYS]
        assert sorted(row["state"] for row in service.rows("deliveries")) == sorted(reached)
        return {
            "version": VERSION,
            "now": service.clock.now,
            "origin": ORIGIN,
            "practice": _practice(practice),
            "patients": {
                way.address: _patient(patient) for way, patient in patients.items()
            },
            "letters": {
                way.address: _letter(invited[way]) for way in made_data.WAYS if not way.claimed
            },
            "document": _document(sent, service),
        }  # fmt: skip


def _choose_mails(service: Service) -> None:
    relay, take = made_data.PickyRelay(), service.postbox.send

    async def choose(message: EmailMessage, *, return_path: str, to: str) -> None:
        relay.check(to)
        await take(message, return_path=return_path, to=to)

    service.postbox.send = choose  # type: ignore[method-assign]  # a relay that refuses some


async def _invite(practice: Practice) -> dict[made_data.Way, NewInvitation]:
    lost = await practice.invite(address=made_data.LOST_LETTER)
    return {
        way: await practice.invite(
            address=way.address, supersedes=lost if way is made_data.MAILED else None
        )
        for way in made_data.WAYS
    }


async def _reach(service: Service, states: set[str]) -> None:
    """Wait until the jobs have brought the deliveries there."""
    while {row["state"] for row in service.rows("deliveries")} != states:  # noqa: ASYNC110  (rows set no event)
        await asyncio.sleep(0.05)


async def _claim(
    service: Service, drawn: NewInvitation, way: made_data.Way, scratch: Path
) -> SignedInPatient:
    claiming = await ClaimingPatient.with_letter(service, drawn)
    claiming.address = way.address
    patient = await claiming.claim()
    resealed = await reseal_waiting(patient.receiving, patient.identity, now=service.clock.now)
    assert len(resealed.deliveries) == 1
    (delivery,) = (await patient.client.deliveries()).deliveries
    fetched = await fetch_cover(patient.receiving, delivery.delivery_id, delivery.document_id)
    if way is made_data.FETCHED:
        await read_contents(
            patient.receiving, delivery.delivery_id, fetched.cover, write=lambda *_: None
        )
        return patient
    opened = await open_into_folder(
        patient.receiving, delivery.delivery_id, fetched.cover, scratch / "opened"
    )
    receipt = sign_receipt(opened.verified, signer=patient.identity, now=service.clock.now)
    await patient.client.post_receipt(delivery.delivery_id, receipt)
    return patient


async def _leave_things_under_way(
    service: Service, practice: Practice, drawn: NewInvitation
) -> None:
    """An upload that was never completed, and a claim that stopped at the first gate."""
    sealed = draw()
    await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=len(sealed.segments)
    )
    claiming = await ClaimingPatient.with_letter(service, drawn)
    nonce = await claiming.client.claim_nonce(drawn.invitation_id)
    await claiming.client.prove(
        drawn.invitation_id, nonce=nonce.nonce, signature=sign_claim_nonce(claiming.opened, nonce)
    )


def _practice(practice: Practice) -> dict[str, Any]:
    founding = practice.founding
    return {
        "account_number": founding.account.account_number,
        "device_secret": founding.device.secret_bytes().hex(),
        "member_root": founding.identity.secret_root().hex(),
        "organisation_root": founding.root.secret_root().hex(),
        "organisation_fingerprint": founding.root.public.fingerprint,
        "organisation": founding.organisation.to_json(),
        "member": founding.member.to_json(),
    }


def _patient(patient: SignedInPatient) -> dict[str, Any]:
    return {
        "account_number": patient.number,
        "password": PASSWORD,
        # The account's own, then the claim identity, which signed the cover's grant.
        "identity_roots": [
            identity.secret_root().hex()
            for identity in (patient.identity, *_claim_identities(patient))
        ],
    }


def _claim_identities(patient: SignedInPatient) -> list[Identity]:
    return [kept.identity for kept in patient.claimed.vault.claims]


def _letter(drawn: NewInvitation) -> dict[str, Any]:
    return {
        "invitation_id": drawn.invitation_id,
        "organisation": drawn.organisation,
        "code": drawn.code.secret_written(),
        "letter_number": drawn.letter_number,
        "surname": NADIA.surname,
        "birth_date": NADIA.birth_date,
        "record": drawn.record.to_json(),
    }


def _document(sent: SentDocument, service: Service) -> dict[str, Any]:
    addresses = {row["invitation_id"]: row["address"] for row in service.rows("invitations")}
    return {
        "document_id": sent.document_id,
        "title": description().title,
        "read_as": made_data.OPENED.address,
        "files": {name: content.hex() for name, content in made_data.FILES.items()},
        "deliveries": {
            addresses[row["invitation_id"]]: {
                "delivery_id": row["delivery_id"],
                "state": row["state"],
            }
            for row in service.rows("deliveries")
        },
    }


def keep(folder: Path, data: Path, facts: dict[str, Any]) -> None:
    """Lay the folder out as README.md says."""
    database = data / "mailbox.sqlite"
    document = facts["document"]
    read = document["deliveries"][document["read_as"]]["delivery_id"]
    with closing(sqlite3.connect(database)) as connection:
        ((key,),) = connection.execute("SELECT object_key FROM deposits WHERE state = 'stored'")
        ((cover,),) = connection.execute("SELECT cover FROM covers WHERE delivery_id = ?", (read,))
        ((sender_cover,),) = connection.execute("SELECT cover FROM sender_covers")
        connection.execute("PRAGMA wal_checkpoint(truncate)")
        connection.execute("VACUUM")
    parts = sorted((data / "documents" / "objects" / key[:2] / key).iterdir())
    folder.mkdir()
    (folder / "contents.age").write_bytes(b"".join(part.read_bytes() for part in parts))
    (folder / "cover.age").write_bytes(cover)
    (folder / "sender_cover.age").write_bytes(sender_cover)
    (folder / "facts.json").write_text(
        json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    kept = folder / "data"
    kept.mkdir()
    # Three quarters of it are empty pages of small indexes.
    (kept / f"{database.name}.gz").write_bytes(gzip.compress(database.read_bytes(), mtime=0))
    for part in parts:
        target = kept / part.relative_to(data)
        target.parent.mkdir(parents=True)
        shutil.copy(part, target)


def main() -> None:
    """Make the folder, or refuse to make it again."""
    folder = HERE / VERSION
    if folder.exists():
        sys.exit(f"{VERSION} is made already, and stays as it is")
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch, "data")
        facts = asyncio.run(fill(data, Path(scratch)))
        keep(folder, data, facts)


if __name__ == "__main__":
    main()
