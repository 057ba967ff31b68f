"""Everything that the recipients have, opened by them."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from cli_world import ORIGIN, PATIENT_PASSWORD

from souspli_exchange.receive import Receiving, all_deliveries, fetch_cover, read_contents
from souspli_exchange.sealed import Reader
from souspli_keys.unlockers import from_password
from souspli_keys.vault_contents import read_vault
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.laboratory import Patient

    from souspli_exchange.ports.recipient import ReceivedDelivery
    from souspli_keys.vault_contents import Vault

AT_ONCE: Final = 4


@dataclass(frozen=True)
class Opened:
    """A document as somebody has it."""

    document_id: str
    files: tuple[str, ...]
    """SHA-256 of each, hexadecimal."""


def open_all(url: str, patients: Sequence[Patient], *, processes: int) -> dict[str, list[Opened]]:
    """Give what each has, by address, in no order."""
    if processes < 2:
        return {one.address: _open(url, one.vault.to_json()) for one in patients}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        vaults = [one.vault.to_json() for one in patients]  # a secret does not travel by itself
        found = pool.map(_open, [url] * len(patients), vaults)
        return {one.address: opened for one, opened in zip(patients, found, strict=True)}


def _open(url: str, vault: dict[str, object]) -> list[Opened]:
    return asyncio.run(_open_all(url, read_vault(vault)))


async def _open_all(url: str, vault: Vault) -> list[Opened]:
    reader = Reader(
        identities=[vault.identity, *(kept.identity for kept in vault.claims)],
        origin=ORIGIN,
        organisations={pin.fingerprint for pin in vault.pinned},
    )
    key = from_password(PATIENT_PASSWORD, origin=ORIGIN, account=vault.account).login_key
    async with MailboxClient(url, origin=ORIGIN) as client:
        await client.sign_in(
            vault.account, kind="password", login_public_key=key.public_key, sign=key.sign
        )
        receiving = Receiving(reader=reader, mailbox=client)
        listed = [delivery async for delivery in all_deliveries(receiving)]
        opened: list[Opened] = []
        waiting = iter(listed)

        async def open_some() -> None:
            for delivery in waiting:
                opened.append(await _open_one(receiving, delivery))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(open_some())
        return opened


async def _open_one(receiving: Receiving, delivery: ReceivedDelivery) -> Opened:
    files: dict[int, bytearray] = {}

    def write(number: int, offset: int, data: memoryview) -> None:
        del offset  # one segment: in order
        files.setdefault(number, bytearray()).extend(data)

    fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
    await read_contents(receiving, delivery.delivery_id, fetched.cover, write=write)
    return Opened(
        delivery.document_id, tuple(hashlib.sha256(one).hexdigest() for one in files.values())
    )
