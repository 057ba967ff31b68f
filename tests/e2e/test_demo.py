"""``souspli demo`` as a user runs it: each command in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

SOUSPLI = [sys.executable, "-m", "souspli_cli"]
# Seconds after which something hangs: the whole job takes a tenth of it.
LIMIT = 300


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOUSPLI, "demo", *arguments], capture_output=True, text=True, timeout=LIMIT, check=False
    )


def test_the_whole_job_is_done_and_every_step_is_timed(tmp_path: Path) -> None:
    done = run("--check", "--json", "--pictures", str(tmp_path))
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["checked"] is True
    steps = [step["step"] for step in result["steps"]]
    assert steps == [
        "start", "letter", "send", "notified", "claim", "code",
        "gates", "password", "document", "download", "opened",
    ]  # fmt: skip
    assert all(step["seconds"] >= 0 for step in result["steps"])
    assert {path.stem for path in tmp_path.glob("*.png")} >= {"lettre", "courrier", "document"}


def test_the_whole_job_is_done_on_postgresql_and_an_s3_store() -> None:
    done = run("--check", "--json", "--engines", "real")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["checked"] is True


def test_only_a_folder_can_be_damaged() -> None:
    done = run("--check", "--damage", "--engines", "real", "--lang", "en")
    assert done.returncode == 2
    assert "--damage breaks a file of the service" in done.stderr


def test_one_byte_broken_in_the_store_fails_the_check() -> None:
    done = run("--check", "--damage", "--lang", "en")
    assert done.returncode == 1
    assert "the page says that the document was altered or damaged" in done.stderr


def test_without_a_browser_the_install_line_is_printed_and_nothing_starts() -> None:
    done = subprocess.run(
        [*SOUSPLI, "demo", "--check", "--lang", "en"],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env=os.environ | {"SOUSPLI_CHROMIUM": "no-such-browser"},
    )
    assert done.returncode == 3
    assert "apt-get install chromium" in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_not_there_is_refused() -> None:
    assert run("--check", "--pdf", "not-there.pdf").returncode == 2


def test_pictures_and_damage_need_a_check() -> None:
    assert run("--damage").returncode == 2


def test_json_tells_a_program_all_it_needs_and_sigterm_ends_it_cleanly() -> None:
    with subprocess.Popen([*SOUSPLI, "demo", "--json"], stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            ready: dict[str, str] = json.loads(demo.stdout.readline())
            assert {
                "service", "page", "profile", "patient_email", "letter_number",
                "code", "surname", "birth_date", "mail_folder",
            } <= ready.keys()  # fmt: skip
            sent = subprocess.run(
                [*SOUSPLI, "sent", "--json", "--profile", ready["profile"]],
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=True,
            )
            documents = json.loads(sent.stdout)["documents"]
            assert len(documents) == 1
            assert list(Path(ready["mail_folder"]).glob("*.eml"))
            folder = Path(ready["profile"]).parent
            assert folder.is_dir()
        finally:
            demo.send_signal(signal.SIGTERM)
        assert demo.wait(LIMIT) == 0
    # Throw-away means thrown away.
    assert not folder.exists()


def test_with_a_bridge_json_tells_any_smtp_client_all_it_needs() -> None:
    with subprocess.Popen(
        [*SOUSPLI, "demo", "--bridge", "--json"], stdout=subprocess.PIPE, text=True
    ) as demo:
        try:
            assert demo.stdout is not None
            ready: dict[str, Any] = json.loads(demo.stdout.readline())
            bridge = ready["bridge"]
            (recipient,) = bridge["recipients"]
            message = EmailMessage()
            message["Subject"] = "Analyses"
            report = Path(bridge["report"]).read_bytes()
            message.add_attachment(report, maintype="application", subtype="pdf", filename="a.pdf")
            with smtplib.SMTP(bridge["address"], bridge["port"], timeout=LIMIT) as client:
                client.starttls(context=ssl.create_default_context(cafile=bridge["ca"]))
                client.login(bridge["user"], bridge["password"])
                client.sendmail(bridge["sender"], [recipient["address"]], message.as_bytes())
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    client.sendmail(bridge["sender"], ["inconnu@courriel.example"], b"")
            mails = Path(ready["mail_folder"])
            limit = time.monotonic() + LIMIT
            while not any(recipient["address"] in one.read_text() for one in mails.glob("*.eml")):
                assert time.monotonic() < limit
                time.sleep(0.1)
        finally:
            demo.send_signal(signal.SIGTERM)
        assert demo.wait(LIMIT) == 0
    assert not Path(ready["profile"]).parent.exists()
    for port in (bridge["port"], int(ready["service"].rstrip("/").rpartition(":")[2])):
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass


def test_a_program_that_is_tied_ends_when_the_pipe_to_it_closes(tmp_path: Path) -> None:
    """As it does when the demo is killed: whatever held the other end is gone."""
    line = [sys.executable, "-m", "souspli_cli.tied", "serve", "--json", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*line, "--data", str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert json.loads(program.stdout.readline())["page"]
        program.stdin.close()
        assert program.wait(LIMIT) == 0


def test_days_go_without_a_bridge() -> None:
    done = run("--days", "31", "--bridge", "--lang", "en")
    assert done.returncode == 2
    assert "--bridge" in done.stderr


SAMPLES = os.environ.get("SOUSPLI_SAMPLES")

if SAMPLES:

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("pdf/*.pdf")), ids=lambda p: p.name)
    def test_a_real_pdf_reaches_the_patient_byte_for_byte(path: Path) -> None:
        done = run("--check", "--pdf", str(path))
        assert done.returncode == 0, done.stderr
