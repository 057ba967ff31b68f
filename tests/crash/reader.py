"""The two recipients of a run: each opens everything, and looks whether it is what was sent."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cli_world import ORIGIN
from crash.properties import Broken, Property
from product.world import Patient

from souspli_exchange.ids import DocumentId
from souspli_exchange.receive import (
    Receiving,
    all_deliveries,
    fetch_cover,
    open_into_folder,
    sign_receipt,
)
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sealed import Reader
from souspli_keys.codes import AccountNumber
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from crash.story import Run

    from souspli_cli.mailcatcher import MailCatcher

# A service that is started again listens after some tenths of a second.
PATIENT: Final = RetryPolicy(attempts=60, first_delay=0.1, longest_delay=0.4)


async def read(run: Run) -> None:
    """The patient with an account opens everything and signs for it."""
    patient, key = run.template.patient, run.template.login_key
    vault = patient.vault
    async with MailboxClient(run.url, origin=ORIGIN) as client:
        receiving = Receiving(
            reader=Reader(
                identities=[vault.identity, *(kept.identity for kept in vault.claims)],
                origin=ORIGIN,
                organisations={pin.fingerprint for pin in vault.pinned},
            ),
            mailbox=client,
            retry=PATIENT,
        )
        await PATIENT.repeat(
            lambda: client.sign_in(
                AccountNumber(vault.account),
                kind="password",
                login_public_key=key.public_key,
                sign=key.sign,
            )
        )
        async for delivery in all_deliveries(receiving):
            folder = run.folder / delivery.delivery_id
            fetched = await fetch_cover(
                receiving, delivery.delivery_id, DocumentId(delivery.document_id)
            )
            opened = await open_into_folder(receiving, delivery.delivery_id, fetched.cover, folder)
            if opened.paths[0].read_bytes() != run.sample.content:
                run.broken.append(Broken(Property.CONTENTS, "read as other bytes"))
            receipt = sign_receipt(opened.verified, signer=vault.identity, now=int(time.time()))
            await PATIENT.repeat(
                lambda: client.post_receipt(delivery.delivery_id, receipt)  # noqa: B023  (awaited here)
            )
            run.receipts.append(delivery.delivery_id)


def claim(run: Run) -> None:
    """The pending patient claims with the letter, and reads."""
    patient = Patient.with_letter(
        _At(run.url, run.mails),  # type: ignore[arg-type]  # as much of one as it takes
        run.letter,
    )
    run.readers.append(patient.vault.identity)
    found = patient.read_all(run.folder / "claimed")
    if [list(one.files.values()) for one in found] != [[run.sample.content]]:
        run.broken.append(Broken(Property.CONTENTS, "read as other bytes"))


@dataclass(frozen=True)
class _At:
    url: str
    mails: MailCatcher
