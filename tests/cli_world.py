"""The command line's world: the real program, a real service, a patient who claims and reads."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from forked import programs
from simulation.closing import closing_request

from souspli_cli.letter_reading import read_letter
from souspli_cli.mailcatcher import MailCatcher
from souspli_exchange.claim import Claiming, Letter, Person, claim
from souspli_exchange.ports.states import DeliveryState
from souspli_exchange.receive import (
    Receiving,
    all_deliveries,
    fetch_cover,
    fetch_withdrawal,
    open_into_folder,
    reseal_waiting,
    sign_receipt,
)
from souspli_exchange.sealed import Reader
from souspli_keys.address import parse_origin
from souspli_keys.unlockers import from_password
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from souspli_exchange.withdrawal import Withdrawal
    from souspli_keys.codes import AccountNumber
    from souspli_keys.identity import Identity
    from souspli_keys.vault_contents import Vault

JEANNE = "jeanne@exemple.fr"
PATIENT_PASSWORD = "huit mots tirés au hasard dans une liste connue"
PASSPHRASE = "cheval correct agrafe batterie"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its one JSON document."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> str:
        """The stable name of its error."""
        name: str = self.json["error"]["name"]
        return name


class Souspli(Protocol):
    """Runs ``souspli`` with arguments."""

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | None = None,
        env: dict[str, str] | None = None,
        limit_file_size: int | None = None,
    ) -> Ended: ...


def command(*arguments: str | Path) -> list[str]:
    """Give the command line that runs the program from this tree."""
    return [sys.executable, "-m", "souspli_cli", *map(str, arguments)]


def clean_environment(home: Path) -> dict[str, str]:
    """Give an environment without the user's own settings."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    return kept | {
        "HOME": str(home),
        "LANG": "fr_FR.UTF-8",
        "PYTHONWARNINGS": "error",
    }


ORIGIN = parse_origin("souspli.localhost")
# Long beyond what any step takes; a hang becomes a failure.
PATIENCE_SECONDS = 60


@dataclass
class Service:
    """``souspli serve``, with a mail relay that keeps what it is given."""

    folder: Path
    environment: dict[str, str]
    command: list[str]
    port: int = 0
    code: str = ""
    _process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.mails = MailCatcher(self.folder / "mails")
        self.mails.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **settings: str) -> Self:
        """Start; the same port again after a stop."""
        environment = self.environment | {
            # Under a file size limit Python would leave compiled modules cut short.
            "PYTHONDONTWRITEBYTECODE": "1",
            "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
            "SOUSPLI_MAILBOX_MAIL_HOST": "127.0.0.1",
            "SOUSPLI_MAILBOX_MAIL_PORT": str(self.mails.port),
            "SOUSPLI_MAILBOX_MAIL_TLS": "none",
            **settings,
        }
        arguments = ["serve", "--data", str(self.folder / "data"), "--json"]
        arguments += ["--listen", f"127.0.0.1:{self.port}"]
        log = (self.folder / "service.log").open("a")
        self._process = programs.Popen(
            [*self.command, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.port = int(ready["address"].rstrip("/").rpartition(":")[2])
        self.code = ready["admission_code"] or self.code
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it as an operator does, or kill it; give its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        assert process.stdout is not None
        process.stdout.close()
        return process.wait(PATIENCE_SECONDS)

    def freeze(self) -> None:
        """Stop answering without ending: requests hang where they are."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._process is not None:
                self.thaw()
                self.stop()
        finally:
            self.mails.stop()


@dataclass(frozen=True)
class Practice:
    """A practice at a service, and the usual things that its member does."""

    souspli: Souspli
    service: Service
    profile: Path
    passphrase_file: Path
    folder: Path
    """Where letters and documents are."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SOUSPLI_PROFILE": str(self.profile),
            "SOUSPLI_PASSPHRASE_FILE": str(self.passphrase_file),
        }

    def run(
        self, *arguments: str | Path, stdin: str | None = None, limit_file_size: int | None = None
    ) -> Ended:
        """Run a command on the practice's profile."""
        return self.souspli(
            *arguments, env=self.environment, stdin=stdin, limit_file_size=limit_file_size
        )

    def create(self, *more: str, name: str = "Cabinet des Tilleuls", code: str = "") -> Ended:
        """Found the practice."""
        arguments = ["org", "create", "--service", self.service.url, "--name", name]
        arguments += ["--phone", "01 23 45 67 89", "--postal-line", "3 rue des Tilleuls"]
        arguments += ["--postal-line", "75011 PARIS", "--member-name", "Dr Anne Martin"]
        arguments += ["--address", "anne.martin@cabinet.example"]
        arguments += ["--code", code or self.service.code, "--json"]
        return self.run(*arguments, *more)

    def invite(
        self, *more: str | Path, address: str = JEANNE, limit_file_size: int | None = None
    ) -> Ended:
        """Invite Jeanne Durand at an address, with a letter of that name."""
        arguments: list[str | Path] = ["invite", address, "--birth-name", "Durand"]
        arguments += ["--given-names", "Jeanne", "--birth-date", "02/03/1961", "--sex", "F"]
        arguments += ["--consent", "oral", "--letter", self.letter(address), "--json"]
        return self.run(*arguments, *more, limit_file_size=limit_file_size)

    def letter(self, address: str = JEANNE) -> Path:
        """Where the letter to an address is written."""
        return self.folder / f"{address}.pdf"

    def send(
        self, *more: str | Path, to: str = JEANNE, limit_file_size: int | None = None
    ) -> Ended:
        """Send to Jeanne Durand."""
        arguments = ["send", *more, "--to", to, "--yes", "--json"]
        return self.run(*arguments, limit_file_size=limit_file_size)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        # A shell that started the tests in the background had SIGINT ignored, by children too.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return programs.Popen(
                command(*arguments),
                env=self.service.environment | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def book(self) -> dict[str, bytes]:
        """The address book's files, byte for byte."""
        return {path.name: path.read_bytes() for path in self.profile.glob("book/*.sealed")}

    def document(self, name: str = "résultats.txt", content: bytes = b"TSH 1,2 mUI/l\n") -> Path:
        """Write a file to be sent."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def outbox(self) -> list[Path]:
        """The documents that wait."""
        return sorted(self.profile.joinpath("outbox").glob("*/document.json"))


@dataclass
class Reading:
    """What a patient did: the files that were opened, and whose account it is."""

    identity: Identity
    account: AccountNumber
    files: dict[str, bytes] = field(default_factory=dict)
    withdrawn: list[Withdrawal] = field(default_factory=list)
    """What was said of documents that were taken back, verified."""


def patient_claims(
    service: Service,
    letter: Path,
    folder: Path,
    *,
    surname: str = "Durand",
    birth_date: str = "1961-03-02",
) -> Reading:
    """Take the letter through the three gates, open everything, send receipts."""

    folder.mkdir(exist_ok=True)

    async def run() -> Reading:
        now, known = int(time.time()), len(_codes(service))
        async with MailboxClient(service.url, origin=ORIGIN) as client:
            paper = read_letter(letter)
            answer = await client.look_up_letter(paper.letter_number.replace(" ", ""))
            claimed = await claim(
                Claiming(client, ORIGIN, lambda _: _new_code(service, known)),
                Letter.from_typed(answer, paper.code),
                Person(surname, birth_date),
                password=PATIENT_PASSWORD,
                now=now,
            )
            return await _read_all(client, claimed.vault, folder, now=now)

    return asyncio.run(run())


def patient_closes(service: Service, reading: Reading) -> None:
    """Close the account that a letter was claimed into."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{service.url}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    nonce = post("/v1/sign-in/start", {"account": reading.account})["nonce"]
    unlocker = from_password(PATIENT_PASSWORD, origin=ORIGIN, account=reading.account)
    body = closing_request(
        nonce,
        number=reading.account,
        identity=reading.identity,
        login_key=unlocker.login_key,
        origin=ORIGIN,
        now=int(time.time()),
    )
    post("/v1/closing", body)


async def _new_code(service: Service, known: int) -> str:
    """Wait for one more one-time code than there were."""
    for _ in range(PATIENCE_SECONDS * 10):
        codes = _codes(service)
        if len(codes) > known:
            return codes[-1]
        await asyncio.sleep(0.1)
    raise AssertionError("no one-time code was mailed")


def _codes(service: Service) -> list[str]:
    return [code for mail in service.mails.mails() if (code := mail.one_time_code())]


async def _read_all(client: MailboxClient, vault: Vault, folder: Path, *, now: int) -> Reading:
    reader = Reader(
        identities=[vault.identity, *(kept.identity for kept in vault.claims)],
        origin=ORIGIN,
        organisations={pin.fingerprint for pin in vault.pinned},
    )
    receiving = Receiving(reader=reader, mailbox=client)
    resealed = await reseal_waiting(receiving, vault.identity, now=now)
    assert resealed.failures == ()
    reading = Reading(vault.identity, vault.account)
    async for delivery in all_deliveries(receiving):
        if delivery.state is DeliveryState.WITHDRAWN:
            verified = await fetch_withdrawal(receiving, delivery, None)
            reading.withdrawn.append(verified.withdrawal)
            continue
        fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
        opened = await open_into_folder(
            receiving, delivery.delivery_id, fetched.cover, folder / delivery.document_id
        )
        reading.files |= {path.name: path.read_bytes() for path in opened.paths}
        receipt = sign_receipt(opened.verified, signer=vault.identity, now=now)
        await client.post_receipt(delivery.delivery_id, receipt)
    return reading
