"""Programs that laboratories have hand in mails, and the patient opens exactly what they sent.

`make relays`: Postfix needs root, so it is no part of `make test`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from bridge.conftest import JEANNE, PAUL
from bridge.world import SETTINGS
from cli_world import patient_claims
from intake_samples.attachments import pdf
from relays.postfix import Postfix, postfix

from souspli_cli.bridge.accepting.reading import mail_reader
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.settings import Tls
from souspli_cli.demo_certificate import make_certificate
from souspli_cli.mailcatcher import MailCatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.world import Laboratory

    from souspli_cli.intake.values import Mail

PAGE = Path(__file__).parents[2] / "docs" / "bridge.md"
SENDER = "resultats@labo.example"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Job:
    """One mail for a client to hand in."""

    port: int
    authority: Path
    password: str
    to: str
    file: Path

    def run(self, *line: str | Path) -> int:
        with self.file.open("rb") as mail:
            ended = subprocess.run(
                list(map(str, line)),
                stdin=mail,
                capture_output=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        return ended.returncode


def by_swaks(job: Job) -> int:
    return job.run(
        "swaks", "--server", f"localhost:{job.port}",
        "--tls", "--tls-verify", "--tls-ca-path", job.authority,
        "--auth-user", "sil", "--auth-password", job.password,
        "--from", SENDER, "--to", job.to, "--data", f"@{job.file}",
    )  # fmt: skip


def by_curl(job: Job) -> int:
    return job.run(
        "curl", "--silent", "--show-error", "--url", f"smtp://localhost:{job.port}",
        "--ssl-reqd", "--cacert", job.authority, "--user", f"sil:{job.password}",
        "--mail-from", SENDER, "--mail-rcpt", job.to, "--upload-file", job.file,
    )  # fmt: skip


def by_msmtp(job: Job) -> int:
    return job.run(
        "msmtp", "--host=localhost", f"--port={job.port}",
        "--tls=on", "--tls-starttls=on", f"--tls-trust-file={job.authority}",
        "--auth=on", "--user=sil", f"--passwordeval=echo {job.password}",
        f"--from={SENDER}", "--", job.to,
    )  # fmt: skip


def by_smtplib(job: Job) -> int:
    context = ssl.create_default_context(cafile=job.authority)
    with smtplib.SMTP("localhost", job.port, timeout=PATIENCE_SECONDS) as client:
        client.starttls(context=context)
        try:
            client.login("sil", job.password)
        except smtplib.SMTPAuthenticationError as refused:
            return refused.smtp_code
        client.sendmail(SENDER, [job.to], job.file.read_bytes())
    return 0


# And what each of them ends with when the password is wrong.
CLIENTS: dict[str, tuple[Callable[[Job], int], int]] = {
    "swaks": (by_swaks, 28),
    "curl": (by_curl, 67),
    "msmtp": (by_msmtp, 77),
    "smtplib": (by_smtplib, 535),
}


def report(client: str) -> bytes:
    return pdf(f"Analyses remises par {client}")


def mail(client: str, to: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = SENDER, to
    message["Subject"] = "Analyses"
    message["Message-ID"] = f"<{client}@labo.example>"
    message.set_content("Vos analyses sont jointes.\n.\n..\n")
    content = report(client)
    message.add_attachment(content, maintype="application", subtype="pdf", filename=f"{client}.pdf")
    return message.as_bytes()


@pytest.fixture
def authority(laboratory: Laboratory) -> Iterator[Path]:
    """The certificate of the bridge, which reads as in earnest; of those who trust it."""
    # Not in pytest's folders: those are root's alone, and Postfix is another user.
    with tempfile.TemporaryDirectory(prefix="souspli-clients-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        make_certificate(certificate, key)
        laboratory.settings = msgspec.structs.replace(
            SETTINGS,
            tls=Tls.STARTTLS,
            tls_certificate=str(certificate),
            tls_key=str(key),
        )
        laboratory.reader = mail_reader(laboratory.settings)
        yield certificate


async def test_a_patient_opens_the_bytes_that_each_client_sent(
    laboratory: Laboratory, authority: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mail.eml"
    async with laboratory.bridge():
        for name, (client, ends) in CLIENTS.items():
            file.write_bytes(mail(name, PAUL[0]))
            job = Job(laboratory.port, authority, laboratory.password, PAUL[0], file)
            assert await asyncio.to_thread(client, job) == 0, name
            wrong = Job(laboratory.port, authority, "wrong", PAUL[0], file)
            assert await asyncio.to_thread(client, wrong) == ends, name
        context = ssl.create_default_context(cafile=authority)
        options = {"hostname": "localhost", "start_tls": True, "tls_context": context}
        async with laboratory.client(**options) as signed_in:
            await signed_in.sendmail(SENDER, [PAUL[0]], mail("aiosmtplib", PAUL[0]))
        rows = await laboratory.settled(len(CLIENTS) + 1)
    assert [row.state for row in rows] == [State.DELIVERED] * (len(CLIENTS) + 1)
    reading = await asyncio.to_thread(
        patient_claims,
        laboratory.service,
        laboratory.letters / f"{PAUL[0]}.pdf",
        tmp_path / "read",
        surname=PAUL[1],
        birth_date="1950-12-11",
    )
    for name in (*CLIENTS, "aiosmtplib"):
        assert reading.files[f"{name}.pdf"] == report(name)


def documented(port: int, authority: Path, passwords: Path) -> str:
    """Return the page's lines for a Postfix that relays to a bridge, with what is here."""
    found = re.search(r"^```ini\n(relayhost = .*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    lines = found[1].replace("[pont.labo.example]:2525", f"[localhost]:{port}")
    lines = lines.replace("/etc/ssl/certs/ca-certificates.crt", str(authority))
    return lines.replace("/etc/postfix/souspli", str(passwords))


async def test_postfix_returns_who_is_refused_and_repeats_what_was_put_off(
    laboratory: Laboratory, authority: Path, tmp_path: Path
) -> None:
    def fails(content: bytes) -> Mail:
        raise RuntimeError(len(content))

    reader, laboratory.reader = laboratory.reader, fails
    catcher = MailCatcher(tmp_path / "returned")
    catcher.start()
    file = tmp_path / "mail.eml"
    file.write_bytes(mail("postfix", JEANNE[0]).replace(b"\r\n", b"\n"))
    passwords = authority.with_name("passwords")
    with contextlib.ExitStack() as stack:
        stack.callback(catcher.stop)
        async with laboratory.bridge():
            passwords.write_text(f"[localhost]:{laboratory.port} sil:{laboratory.password}\n")
            relay = stack.enter_context(
                postfix(
                    f"/@labo\\.example$/ plain:[127.0.0.1]:{catcher.port}",
                    main=documented(laboratory.port, authority, passwords)
                    + "maximal_queue_lifetime = 1d\n",
                    master="plain unix - - n - - smtp\n  -o smtp_tls_security_level=none\n"
                    "  -o smtp_sasl_auth_enable=no\n",
                )
            )
            both = f"{JEANNE[0]},inconnu@exemple.fr"
            await asyncio.to_thread(relay.swaks, sender=SENDER, to=both, data=file)
            (returned,) = await asyncio.to_thread(_wait, catcher, relay)
        # The one is returned with our words, the other waits.
        assert "inconnu@exemple.fr" in returned
        assert "550 5.1.1" in returned.replace("\n", " ")
        assert "status=deferred" in relay.log
        assert laboratory.rows() == []
        laboratory.reader = reader
        laboratory.settings = msgspec.structs.replace(
            laboratory.settings, listen=f"127.0.0.1:{laboratory.port}"
        )
        async with laboratory.bridge():
            await asyncio.to_thread(relay.flush)
            await asyncio.to_thread(relay.rests)
            (row,) = await laboratory.settled(1)
    assert row.state is State.DELIVERED
    reading = await asyncio.to_thread(
        patient_claims,
        laboratory.service,
        laboratory.letters / f"{JEANNE[0]}.pdf",
        tmp_path / "read",
        surname=JEANNE[1],
        birth_date="1961-03-02",
    )
    assert reading.files["postfix.pdf"] == report("postfix")


def _wait(catcher: MailCatcher, relay: Postfix) -> list[str]:
    """Wait for what was returned, and for what was put off."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not catcher.mails() or "status=deferred" not in relay.log:
        assert time.monotonic() < limit, relay.log
        time.sleep(0.05)
    return [mail.text() for mail in catcher.mails()]
