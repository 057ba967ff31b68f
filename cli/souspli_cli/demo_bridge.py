"""The demo's bridge: a laboratory that is a member of the practice, with one patient.

Set up by the commands that a laboratory types (docs/bridge.md): a code is asked for and
answered, the root certifies, the bridge invites its patient, an account is made for the
laboratory's software. It listens on this machine, with STARTTLS.
"""

from __future__ import annotations

import json
import shlex
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from souspli_cli.demo_certificate import make_certificate
from souspli_cli.demo_world import Invited, World, stop_program
from souspli_cli.errors import ExitCode, Refused
from souspli_cli.letter_reading import read_letter

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

LABORATORY: Final = (
    ("--name", "Pont du laboratoire des Mouettes"),
    ("--address", "pont@laboratoire.example"),
    ("--role", "bridge"),
)
PATIENT: Final[dict[str, Any]] = {
    "birth_name": "Kerjean",
    "used_name": None,
    "given_names": "Yves",
    "birth_date": "1957-10-21",
    "sex": "M",
    "postal_address": ["12, rue de la Criée", "29900 CONCARNEAU"],
}
PATIENT_ADDRESS: Final = "yves.kerjean@courriel.example"

DOMAIN: Final = "pont.laboratoire.example"
USER: Final = "sil"
"""Système d'information de laboratoire: what a laboratory calls its software."""
SENDER: Final = "resultats@laboratoire.example"

SMTP_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Listening:
    """A bridge that takes mails, and what a client needs to know of it."""

    host: str
    port: int
    password: str
    authority: Path
    """The certificate, which a client trusts as an authority."""
    patient: Invited
    report: Path
    """A result of the patient's, to be sent."""

    def for_programs(self, profile: Path) -> dict[str, object]:
        """Return what `--json` says."""
        return {
            "address": self.host,
            "port": self.port,
            "user": USER,
            "password": self.password,
            "tls": "starttls",
            "ca": str(self.authority),
            "sender": SENDER,
            "routing_mailbox": f"patients@{DOMAIN}",
            "profile": str(profile),
            "report": str(self.report),
            "recipients": [
                {
                    "address": PATIENT_ADDRESS,
                    "letter": str(self.patient.letter),
                    "letter_number": self.patient.read.letter_number.replace(" ", ""),
                    "code": self.patient.read.code,
                    "surname": PATIENT["birth_name"],
                    "birth_date": PATIENT["birth_date"],
                }
            ],
        }

    def swaks(self) -> str:
        """Return the line that sends the report, to be typed as it stands."""
        words = ["swaks", "--server", f"{self.host}:{self.port}"]
        words += ["--tls", "--tls-verify", "--tls-ca-path", str(self.authority)]
        words += ["--auth-user", USER, "--auth-password", self.password]
        words += ["--from", SENDER, "--to", PATIENT_ADDRESS, "--header", "Subject: Analyses"]
        words += ["--body", "Vos analyses sont jointes."]
        words += ["--attach-type", "application/pdf", "--attach", f"@{self.report}"]
        return shlex.join(words)


class DemoBridge:
    """Set up and started by `start`, stopped at the end of the context."""

    def __init__(self, world: World) -> None:
        self.profile = world.folder / "laboratoire"
        self._world = world
        self._program: subprocess.Popen[str] | None = None

    def __enter__(self) -> DemoBridge:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._program is not None:
            stop_program(self._program)
            self._program = None

    def start(self, service: Invited) -> Listening:
        """Enrol, invite, make an account, listen; of a world that has started.

        Raises `Refused` (`demo_failed`) with the words of what failed on stderr.
        """
        self._enrol(service)
        letter = self._invite()
        password: str = self._run("bridge", "accounts", "add", USER, "--from", SENDER)["password"]
        folder = self.profile / "bridge"
        authority, key = folder / "tls-certificate.pem", folder / "tls-key.pem"
        make_certificate(authority, key)
        settings = {"domain": DOMAIN, "tls_certificate": str(authority), "tls_key": str(key)}
        # A JSON text of this kind is a TOML text.
        lines = [f"{name} = {json.dumps(text)}" for name, text in settings.items()]
        folder.joinpath("bridge.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._program, ready = self._world.start_program(
            "bridge", "run", "--json", "--listen", "127.0.0.1:0",
            log=self._world.folder / "laboratory.log",
            settings={"SOUSPLI_PROFILE": str(self.profile)},
        )  # fmt: skip
        host, _, port = ready["listen"].rpartition(":")
        return Listening(
            host=host,
            port=int(port),
            password=password,
            authority=authority,
            patient=Invited(
                service=service.service,
                page=service.page,
                letter=letter,
                read=read_letter(letter),
            ),
            report=self._world.make_report(PATIENT, name="resultats.pdf", number="26-204417"),
        )

    def sent(self) -> dict[str, Any]:
        """What `souspli sent --json` says of what the bridge has sent."""
        return self._run("sent")

    def _enrol(self, service: Invited) -> None:
        options = [word for option in LABORATORY for word in option]
        asked = self._world.run("org", "enrol", *options, "--may-invite")
        answer = ["enrol", "--service", service.page, "--origin", asked["origin"]]
        answer += ["--code", asked["code"], "--no-passphrase", "--no-wait"]
        # Answered, and not certified yet.
        self._run(*answer, also=(ExitCode.TEMPORARY,))
        self._world.run("org", "members", "--yes")
        self._run(*answer)

    def _invite(self) -> Path:
        letter = self._world.folder / "courrier-laboratoire.pdf"
        patient = self._world.folder / "patient-laboratoire.json"
        patient.write_text(json.dumps(PATIENT), encoding="utf-8")
        options = ("--consent", "oral", "--letter", str(letter))
        self._run("invite", PATIENT_ADDRESS, "--patient", str(patient), *options)
        patient.unlink()
        return letter

    def _run(self, *arguments: str, also: tuple[int, ...] = ()) -> dict[str, Any]:
        return self._world.run_as(self.profile, *arguments, also=also)


def hand_in(bridge: Listening) -> None:
    """Send the report as the laboratory's software does; `Refused` if it is not taken."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = SENDER
    message["To"] = PATIENT_ADDRESS
    message["Subject"] = "Analyses"
    message["Date"] = datetime.now(tz=UTC)
    message["Message-ID"] = "<1@laboratoire.example>"
    message.add_attachment(
        bridge.report.read_bytes(), maintype="application", subtype="pdf", filename="analyses.pdf"
    )
    trusting = ssl.create_default_context(cafile=bridge.authority)
    try:
        with smtplib.SMTP(bridge.host, bridge.port, timeout=SMTP_SECONDS) as client:
            client.starttls(context=trusting)
            client.login(USER, bridge.password)
            client.send_message(message)
    except (smtplib.SMTPException, OSError):
        raise Refused("demo_failed", step="SMTP") from None
