"""``souspli demo`` as a user runs it: each command in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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


SAMPLES = os.environ.get("SOUSPLI_SAMPLES")

if SAMPLES:

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("pdf/*.pdf")), ids=lambda p: p.name)
    def test_a_real_pdf_reaches_the_patient_byte_for_byte(path: Path) -> None:
        done = run("--check", "--pdf", str(path))
        assert done.returncode == 0, done.stderr
