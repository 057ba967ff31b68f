"""The demo's world: a service, a mail catcher, one practice, one invited patient.

Everything is real and is driven by the real commands, each in a process of its own:
what the demo shows is what a practice would type. It all lives in one folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from souspli_cli.errors import Refused
from souspli_cli.letter_reading import ReadLetter, read_letter
from souspli_cli.mailcatcher import CaughtMail, MailCatcher
from souspli_cli.report import render_report

# Seconds for the service to answer after its start, and to finish after SIGTERM.
START_LIMIT: Final = 60.0
STOP_LIMIT: Final = 20.0

PRACTICE: Final = (
    ("--name", "Cabinet médical des Tilleuls"),
    ("--phone", "02 00 00 00 01"),
    ("--postal-line", "3, place du Marché"),
    ("--postal-line", "29200 BREST"),
    ("--member-name", "Dr Camille Martin"),
    ("--address", "camille.martin@cabinet.example"),
    ("--role", "practitioner"),
)
PATIENT: Final[dict[str, Any]] = {
    "birth_name": "Le Goff-Œuvrard",
    "used_name": None,
    "given_names": "Françoise",
    "birth_date": "1948-03-07",
    "sex": "F",
    "postal_address": ["Résidence des Mouettes, bât. C", "4, allée du Port", "29200 BREST"],
}
PATIENT_ADDRESS: Final = "francoise.legoff@courriel.example"
TITLE: Final = "Analyses de sang"


@dataclass(frozen=True, kw_only=True)
class Invited:
    """A practice with one invited patient, ready to send."""

    service: str
    page: str
    letter: Path
    read: ReadLetter


class World:
    """Starts and stops it all; use as a context manager.

    `heard` is called, from another thread, with every mail that arrives; `settings` are
    further ones of the service, as its environment has them; `ahead` is the file that says
    by how much all programs' clocks are ahead (`later.py`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        heard: Callable[[CaughtMail], None] | None = None,
        language: str,
        settings: Mapping[str, str] | None = None,
        ahead: Path | None = None,
    ) -> None:
        self.folder = folder
        module = ["souspli_cli"] if ahead is None else ["souspli_cli.later", str(ahead)]
        self._program = [sys.executable, "-m", *module]
        # Where days pass, nothing stays up for long: all of it ends with the story.
        self._tied = [sys.executable, "-m", *(["souspli_cli.tied"] if ahead is None else module)]
        self.profile = folder / "cabinet"
        self.data = folder / "service"
        self.mail_folder = folder / "mails"
        self._language = language
        self._settings = dict(settings or {})
        self._catcher = MailCatcher(self.mail_folder, heard=heard)
        self._service: subprocess.Popen[str] | None = None

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Invited:
        """Start everything and invite the patient.

        Raises `Refused` (`demo_failed`) when a part does not start; its own words
        are in the folder's `service.log` or on stderr.
        """
        self._catcher.start()
        ready = self._start_service()
        self.run(
            "org", "create",
            "--service", ready["page"], "--origin", "souspli.localhost",
            "--code", ready["admission_code"], "--no-passphrase",
            *(word for option in PRACTICE for word in option),
        )  # fmt: skip
        letter = self.folder / "courrier.pdf"
        patient = self.folder / "patient.json"
        patient.write_text(json.dumps(PATIENT), encoding="utf-8")
        options = ("--consent", "oral", "--letter", str(letter))
        self.run("invite", PATIENT_ADDRESS, "--patient", str(patient), *options)
        patient.unlink()
        return Invited(
            service=ready["address"], page=ready["page"], letter=letter, read=read_letter(letter)
        )

    def send(self, pdf: Path) -> None:
        """Seal and send `pdf` to the patient with `souspli send`."""
        today = datetime.now(tz=UTC).strftime("%Y-%m-%d")
        self.run(
            "send", str(pdf), "--to", PATIENT_ADDRESS, "--title", TITLE, "--date", today, "--yes"
        )

    def sent(self) -> dict[str, Any]:
        """What `souspli sent --json` says now."""
        return self.run("sent")

    def make_report(
        self,
        patient: Mapping[str, Any] = PATIENT,
        *,
        name: str = "analyses.pdf",
        number: str = "26-118842",
    ) -> Path:
        """An invented lab report for a patient, in the folder."""
        year, month, day = patient["birth_date"].split("-")
        path = self.folder / name
        path.write_bytes(
            render_report(
                patient=f"{patient['birth_name'].upper()} {patient['given_names']}",
                born=f"{day}/{month}/{year}",
                date=datetime.now(tz=UTC).strftime("%d/%m/%Y"),
                number=number,
            )
        )
        return path

    def mails(self) -> list[CaughtMail]:
        """All mails caught so far, oldest first."""
        return self._catcher.mails()

    def wait_for_mail(self, wanted: Callable[[CaughtMail], bool], *, seconds: float) -> CaughtMail:
        """The first caught mail that is `wanted`; `Refused` if none comes in time."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            for mail in self.mails():
                if wanted(mail):
                    return mail
            time.sleep(0.05)
        raise Refused("demo_no_mail")

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run one of our commands on the practice's profile; its JSON result."""
        found: dict[str, Any] = json.loads(self.words(*arguments, "--json"))
        return found

    def words(self, *arguments: str) -> str:
        """Do the same; what it prints for a person."""
        return self._run(arguments, {"SOUSPLI_PROFILE": str(self.profile)})

    def run_as(self, profile: Path, *arguments: str, also: Sequence[int] = ()) -> dict[str, Any]:
        """Run one of our commands on another profile; `also`: exit codes that are fine."""
        variables = {"SOUSPLI_PROFILE": str(profile)}
        found: dict[str, Any] = json.loads(self._run((*arguments, "--json"), variables, also))
        return found

    def operate(self, *arguments: str) -> dict[str, Any]:
        """Run one of the operator's commands beside the service; its JSON result."""
        there = (*arguments, "--data", str(self.data), "--json")
        found: dict[str, Any] = json.loads(self._run(there, self._settings))
        return found

    def _run(
        self, arguments: Sequence[str], variables: Mapping[str, str], also: Sequence[int] = ()
    ) -> str:
        done = subprocess.run(  # noqa: S603  (our own program)
            [*self._program, *arguments],
            env=self._environment() | dict(variables),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode not in {0, *also}:
            sys.stderr.write(done.stderr)
            raise Refused("demo_failed", step=" ".join(arguments[:1]))
        return done.stdout

    def stop(self) -> None:
        """Stop the service and the catcher; the folder stays."""
        if self._service is not None:
            stop_program(self._service)
            self._service = None
        self._catcher.stop()

    def start_program(
        self, *arguments: str, log: Path, settings: Mapping[str, str] | None = None
    ) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """Start a command that stays, and wait for its line of JSON; end it by `stop_program`.

        It ends with this process, however that ends. Raises `Refused` (`demo_failed`),
        with its own words on stderr, if it never says that it is ready.
        """
        with log.open("wb") as written:
            program = subprocess.Popen(  # noqa: S603  (our own program)
                [*self._tied, *arguments],
                env=self._environment() | dict(settings or {}),
                stdout=subprocess.PIPE,
                stderr=written,
                stdin=subprocess.PIPE,
                text=True,
            )
        # One line of JSON once it listens; the end of the stream if it never does.
        line = program.stdout.readline() if program.stdout else ""
        if not line.strip():
            stop_program(program)
            sys.stderr.write(log.read_text(encoding="utf-8"))
            raise Refused("demo_failed", step=" ".join(arguments[:1]))
        ready: dict[str, Any] = json.loads(line)
        return program, ready

    def _environment(self) -> dict[str, str]:
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith("SOUSPLI_")
        }
        return ours | {"SOUSPLI_LANG": self._language}

    def _start_service(self) -> dict[str, Any]:
        mail = {
            "SOUSPLI_MAILBOX_MAIL_HOST": "127.0.0.1",
            "SOUSPLI_MAILBOX_MAIL_PORT": str(self._catcher.port),
            "SOUSPLI_MAILBOX_MAIL_TLS": "none",
        }
        serve = ("serve", "--json", "--data", str(self.data), "--listen", "127.0.0.1:0")
        self._service, ready = self.start_program(
            *serve, log=self.folder / "service.log", settings=mail | self._settings
        )
        return ready


def stop_program(program: subprocess.Popen[str]) -> None:
    """End a program as its operator does; by force if it takes too long."""
    program.terminate()
    try:
        program.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    for pipe in (program.stdin, program.stdout):
        if pipe is not None:
            pipe.close()
