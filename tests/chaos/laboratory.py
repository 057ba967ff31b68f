"""The world of a run: a service, a laboratory with its bridge, patients who have claimed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from chaos.mails import DOMAIN, address_of, people
from cli_world import ORIGIN, PATIENT_PASSWORD, Ended, Practice, Service, clean_environment, command

from souspli_cli import profile
from souspli_cli.bridge.ledger import open_ledger, rows
from souspli_cli.bridge.ledger_rows import OPEN, State
from souspli_cli.bridge.settings import Folder
from souspli_cli.bridge.smtp import accounts
from souspli_cli.bridge.spool import MailSpool
from souspli_cli.letter_reading import read_letter
from souspli_exchange.claim import Claiming, Letter, Person, claim
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from chaos.bugs import Bug

    from souspli_keys.vault_contents import Vault

# A machine that others keep busy as well.
PATIENCE_SECONDS: Final = 600.0
# Nothing of a run is to be refused for being many: the bound is a setting of its operator.
SERVICE_SETTINGS: Final = {
    "SOUSPLI_MAILBOX_LIMITS_ORGANISATION_DOCUMENTS_A_DAY": "0",
    "SOUSPLI_MAILBOX_LOG_LEVEL": "warning",
}


@dataclass
class BridgeProcess:
    """``souspli bridge run``, killed and started again on one port."""

    profile: Path
    port: int
    environment: dict[str, str]
    log: Path
    bug: Bug | None = None
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, and wait until it listens; AssertionError with its own words if it ends."""
        program = command() if self.bug is None else [sys.executable, "-m", "chaos.buggy_bridge"]
        arguments = ["bridge", "run", "--profile", str(self.profile)]
        if self.bug is not None:
            arguments = [self.bug.name, *arguments]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*program, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            code = self._process.wait(PATIENCE_SECONDS)
            words = self.log.read_text()[-2_000:]
            raise AssertionError(f"the bridge ended with {code}: {words}")

    def kill(self) -> None:
        """End it like a power cut, as far as one process goes."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(PATIENCE_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
        return code


@dataclass(frozen=True)
class Patient:
    """Who reads: an account, and the password that it was claimed with."""

    address: str
    vault: Vault = field(repr=False)


class Laboratory:
    """A context: everything runs inside it."""

    def __init__(
        self, folder: Path, *, patients: int, processes: int = 2, bug: Bug | None = None
    ) -> None:
        """`processes`: of the bridge, that read mails."""
        self.people = people(patients)
        self._folder = folder
        home = folder / "home"
        service_folder = folder / "service"
        for one in (home, service_folder, folder / "letters"):
            one.mkdir(parents=True)
        tests = str(Path(__file__).parents[1])
        environment = clean_environment(home) | {"PYTHONPATH": tests}
        self.service = Service(service_folder, environment, command())
        self.bridge = BridgeProcess(
            folder / "profile", _free_port(), environment, folder / "bridge.log", bug
        )
        self.password = ""
        self._processes = processes
        self.patients: list[Patient] = []

    def __enter__(self) -> Self:
        self.service.start(**SERVICE_SETTINGS)
        try:
            self._found()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bridge.kill()
        with contextlib.suppress(ProcessLookupError):
            self.service.stop()
        self.service.mails.stop()

    @property
    def folder(self) -> Folder:
        """The bridge's folder."""
        return Folder.of(profile.find(self.bridge.profile))

    def waiting(self) -> int:
        """How many documents wait, and mails that the ledger does not know yet."""
        path = self.folder.ledger
        # Looked at often, and while it is written: no more than a glance.
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            query = "SELECT state, queue_id FROM documents WHERE state IN (?, ?, ?)"
            found = ledger.execute(query, OPEN).fetchall()
        known = {queue_id for _, queue_id in found}
        spool = MailSpool(self.folder.spool, b"")  # to list it, no secret is needed
        unknown = [one for one in spool.queue_ids() if one not in known]
        return sum(state == State.WAITING for state, _ in found) + len(unknown)

    def held(self) -> dict[str, str]:
        """Give the mails that wait for a person, by queue id, and why."""
        with open_ledger(self.folder.ledger) as database:
            found = database.read_now(rows, (State.TO_CHECK, State.FAILED), 10_000_000)
        return {row.queue_id: row.reason or row.state.value for row in found}

    def stored(self) -> dict[str, int]:
        """Give the service's documents in the order in which they were stored."""
        path = self.service.folder / "data" / "mailbox.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as service:
            query = "SELECT document_id, d.rowid FROM deliveries d JOIN deposits USING (deposit_id)"
            return dict(service.execute(query).fetchall())

    def start_service(self) -> None:
        """Start the service again, on its port."""
        self.service.start(**SERVICE_SETTINGS)

    def _found(self) -> None:
        commands: list[Sequence[str | Path]] = []

        def note(*arguments: str | Path, **_: object) -> Ended:
            commands.append(arguments)
            return Ended(0, "", "")

        made = Practice(
            note, self.service, self.bridge.profile, self._folder / "none",
            self._folder / "letters",
        )  # fmt: skip
        made.create("--no-passphrase", name="Laboratoire des Tilleuls")
        for number, person in enumerate(self.people):
            address = address_of(number)
            made.run(
                "invite", address, "--birth-name", person.birth_name,
                "--given-names", person.given_names, "--birth-date", person.french_birth_date,
                "--sex", person.sex, "--consent", "oral", "--letter", made.letter(address),
                "--json",
            )  # fmt: skip
        self._run(commands, made.environment)
        self.patients = asyncio.run(self._claim_all(made))
        self.password = accounts.add(self.folder.accounts, "sil", (), now=1)
        self.folder.settings.write_text(
            f'listen = "127.0.0.1:{self.bridge.port}"\ndomain = "{DOMAIN}"\ntls = "none"\n'
            f"[limits]\nprocesses = {self._processes}\n"
        )

    def _run(self, commands: Sequence[Sequence[str | Path]], more: dict[str, str]) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "chaos.founding"],
            input=json.dumps([[str(one) for one in command] for command in commands]),
            env=self.service.environment | more,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr

    async def _claim_all(self, made: Practice) -> list[Patient]:
        return [
            Patient(address_of(number), await self._claim(made, number))
            for number in range(len(self.people))
        ]

    async def _claim(self, made: Practice, number: int) -> Vault:
        person, paper = self.people[number], read_letter(made.letter(address_of(number)))
        seen = len(self.service.mails.mails())

        async def code(_: object) -> str:
            for _attempt in range(600):
                for mail in self.service.mails.mails()[seen:]:
                    if found := mail.one_time_code():
                        return found
                await asyncio.sleep(0.05)
            raise AssertionError("no one-time code was mailed")

        async with MailboxClient(self.service.url, origin=ORIGIN) as client:
            answer = await client.look_up_letter(paper.letter_number.replace(" ", ""))
            claimed = await claim(
                Claiming(client, ORIGIN, code),
                Letter.from_typed(answer, paper.code),
                Person(person.birth_name, person.birth_date),
                password=PATIENT_PASSWORD,
                now=int(time.time()),
            )
        return claimed.vault


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port
