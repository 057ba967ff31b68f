"""A practice with two patients and two sealed documents: made once, copied for each run.

One patient has an account, the other a letter. A document of three segments and one of
a single segment were sealed for both and kept: each run deposits the very same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli_world import ORIGIN, Ended, clean_environment
from crash import programs
from crash.node import Node
from crash.saboteur import Sabotage
from product.world import PASSWORD, TRAITS, Patient

from souspli_cli.letter_reading import read_letter
from souspli_cli.mailcatcher import MailCatcher
from souspli_exchange.claim import Letter, open_letter
from souspli_exchange.spool import SpooledDocument, parse_spooled
from souspli_keys.codes import AccountNumber
from souspli_keys.unlockers import LoginKey, from_password
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crash.engines import Servers

    from souspli_keys.identity import Identity

ACTIVE: Final = "active.4711@courriel.example"
PENDING: Final = "attente.0815@courriel.example"
SEGMENT_BYTES: Final = 8_388_608
# Bytes of the one file in a document of so many segments.
LENGTHS: Final = {1: 1_000, 3: 2 * SEGMENT_BYTES + 100_000}


@dataclass(frozen=True)
class Sample:
    """A document: its one file, and what became of it when it was sealed."""

    file: Path
    content: bytes
    outbox: Path
    sealed: SpooledDocument


@dataclass(frozen=True)
class Template:
    """What every run begins with."""

    folder: Path
    patient: Patient
    """With an account."""
    login_key: LoginKey
    claim_identity: Identity
    """Of the pending patient's letter: opens their cover without a claim."""
    samples: Mapping[int, Sample]
    """By their number of segments."""
    servers: Servers
    """Where runs on other engines have their rows and documents."""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def letter(self) -> Path:
        return self.folder / f"{PENDING}.pdf"

    def copy_profile(self, profile: Path, *, url: str, kept: Sample | None) -> None:
        """Copy the practice's profile, for a service at another address.

        With `kept` in its outbox, sealed, or nothing.
        """

        def link_segments(source: str, target: str) -> None:
            # Never written again, only deleted: 17 MB less to copy for each run.
            if Path(source).name.startswith("segment-"):
                os.link(source, target)
            else:
                shutil.copy2(source, target)

        shutil.copytree(self.folder / "profile", profile)
        if kept is not None:
            shutil.copytree(
                kept.outbox, profile / "outbox", copy_function=link_segments, dirs_exist_ok=True
            )
        settings = profile / "profile.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"http://127\.0\.0\.1:\d+", url, text), encoding="utf-8")


@dataclass(frozen=True)
class CommandLine:
    """A member who types commands, each a process of its own."""

    folder: Path
    profile: Path

    @property
    def environment(self) -> dict[str, str]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return clean_environment(self.folder) | {
            "SOUSPLI_PROFILE": str(self.profile),
            "TMPDIR": str(temporary),
        }

    def start(self, *arguments: str | Path, sabotage: Sabotage) -> programs.Program:
        return programs.start(
            arguments,
            environment=self.environment,
            out=self.folder / "command.out",
            err=self.folder / "command.err",
            sabotage=sabotage,
        )

    def run(self, *arguments: str | Path, sabotage: Sabotage) -> Ended:
        """Run a command to its end; a killed one has a negative code."""
        (self.folder / "command.err").unlink(missing_ok=True)
        program = self.start(*arguments, sabotage=sabotage)
        code = program.wait()
        return Ended(code, program.said(), program.err.read_text())


def make(folder: Path, servers: Servers) -> Template:
    """Make the template, by the real programs, on SQLite and disk."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = Sabotage(folder)
    mails = MailCatcher(folder / "mails")
    mails.start()
    node = Node(folder, folder / "data", service_environment(folder, mail_port=mails.port))
    line = CommandLine(folder, folder / "profile")
    try:
        code = node.start(quiet)["admission_code"]
        _found(line, node.url, code, quiet)
        letters = [_invite(line, address, quiet) for address in (ACTIVE, PENDING)]
        patient = Patient.with_letter(_Mailed(node, mails), letters[0])  # type: ignore[arg-type]  # as much of one as it takes
        identity = asyncio.run(claim_identity(node.url, letters[1]))
        node.stop()
        samples = {segments: _seal(line, segments, quiet) for segments in LENGTHS}
    finally:
        node.end()
        mails.stop()
    return Template(
        folder=folder,
        patient=patient,
        login_key=from_password(
            PASSWORD, origin=ORIGIN, account=AccountNumber(patient.vault.account)
        ).login_key,
        claim_identity=identity,
        samples=samples,
        servers=servers,
    )


def sending(file: Path) -> list[str | Path]:
    """The words that send a file to both patients."""
    return ["send", file, "--to", ACTIVE, "--to", PENDING, "--yes", "--json"]


def service_environment(folder: Path, *, mail_port: int) -> dict[str, str]:
    """Where a service finds its relay; nothing of the user's own."""
    return clean_environment(folder) | {
        # No line here has TLS: nobody reads a hundred certificates at each start.
        "SSL_CERT_FILE": os.devnull,
        "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
        "SOUSPLI_MAILBOX_MAIL_HOST": "127.0.0.1",
        "SOUSPLI_MAILBOX_MAIL_PORT": str(mail_port),
        "SOUSPLI_MAILBOX_MAIL_TLS": "none",
        # A relay that says nothing for so long is given up, instead of after 30 s.
        "SOUSPLI_MAILBOX_MAIL_TIMEOUT": "2",
    }


@dataclass(frozen=True)
class _Mailed:
    """What a patient needs of a service."""

    node: Node
    mails: MailCatcher

    @property
    def url(self) -> str:
        return self.node.url


def _found(line: CommandLine, url: str, code: str, sabotage: Sabotage) -> None:
    ended = line.run(
        "org", "create", "--service", url, "--origin", ORIGIN, "--code", code,
        "--no-passphrase", "--name", "Cabinet des Tilleuls", "--member-name",
        "Dr Camille Martin", "--address", "martin@cabinet.example",
        "--phone", "02 00 00 00 01", "--postal-line", "29200 BREST", "--json",
        sabotage=sabotage,
    )  # fmt: skip
    assert ended.code == 0, ended.err


def _invite(line: CommandLine, address: str, sabotage: Sabotage) -> Path:
    traits, letter = line.folder / "traits.json", line.folder / f"{address}.pdf"
    traits.write_text(json.dumps(TRAITS), encoding="utf-8")
    options = ["--patient", traits, "--consent", "oral", "--letter", letter, "--json"]
    ended = line.run("invite", address, *options, sabotage=sabotage)
    assert ended.code == 0, ended.err
    return letter


def _seal(line: CommandLine, segments: int, sabotage: Sabotage) -> Sample:
    """Send while nobody is there: sealed and kept."""
    content = random.Random(segments).randbytes(LENGTHS[segments])  # noqa: S311  (no secret)
    file = line.folder / f"compte rendu {segments}.bin"
    file.write_bytes(content)
    kept = line.run(*sending(file), sabotage=sabotage)
    assert kept.code == 75, kept.err
    outbox = line.folder / f"outbox {segments}"
    (line.profile / "outbox").rename(outbox)
    (line.profile / "outbox").mkdir(mode=0o700)
    (document,) = outbox.glob("*/document.json")
    sealed = parse_spooled(document.read_bytes())
    assert len(sealed.checksums) == segments
    return Sample(file, content, outbox, sealed)


async def claim_identity(url: str, letter: Path) -> Identity:
    """Open a letter as its patient does, and return what opens its covers."""
    paper = read_letter(letter)
    async with MailboxClient(url, origin=ORIGIN) as client:
        answer = await client.look_up_letter(paper.letter_number.replace(" ", ""))
        typed = Letter.from_typed(answer, paper.code)
        record = await client.claim_record(typed.invitation_id)
        return open_letter(typed, record, origin=ORIGIN, now=int(time.time())).keys.identity
