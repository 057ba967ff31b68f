"""The largest document through the whole product: real command line, service and Chromium.

`python -m benchmarks.large [MIB]` (2,048 by default: the limit) sends one file of random
bytes, downloads it in an ordinary browser window, compares SHA-256, and prints the time of
each step and the most memory that each process had resident. Beyond the default limit the
service's and the sender's are raised to just this document. Needs six times the size on the
disk, most of it for minutes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Page, sync_playwright

from benchmarks.processes import descendants
from souspli_cli.browser import CHROMIUM_ARGUMENTS, find_browser
from souspli_cli.demo_patient import Patient
from souspli_cli.demo_world import PATIENT, PATIENT_ADDRESS, TITLE, Invited, World
from souspli_exchange.contents_sealer import sealed_length

MEBIBYTE = 1 << 20
LIMIT_MIB = 2_048
# Milliseconds after which something hangs.
PATIENCE = 1_800_000
# Seconds between two looks at the memory: a segment takes longer.
PAUSE = 0.02

Value = TypeVar("Value")


@dataclass
class Memory:
    """The most memory that each kind of process had resident, looked at again and again."""

    most: dict[str, int] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Generator[None]:
        """Watch all descendants of this process."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def _watch(self) -> None:
        while not self._done.wait(PAUSE):
            for pid in descendants(os.getpid()):
                kind, resident = look(pid)
                if kind is not None:
                    self.most[kind] = max(self.most.get(kind, 0), resident)


def look(pid: int) -> tuple[str | None, int]:
    """What kind of process it is, and the bytes that it has resident now."""
    try:
        words = Path("/proc", str(pid), "cmdline").read_bytes().decode().split("\0")
        status = Path("/proc", str(pid), "status").read_text()
    except OSError:
        return None, 0
    resident = next((line for line in status.splitlines() if line.startswith("VmRSS")), "0 0 kB")
    return kind_of(words), int(resident.split()[1]) * 1024


def kind_of(words: list[str]) -> str | None:
    """A name for the table, or None for what is not of interest."""
    for command in ("send", "serve"):
        if "souspli_cli" in words and command in words:
            return {"send": "`souspli send`", "serve": "`souspli serve`"}[command]
    line = " ".join(words)
    if "--user-data-dir" in line and "--type=" not in line:
        return "Chromium, its own process"
    return "Chromium, the page and its worker" if "--type=renderer" in line else None


@dataclass
class Steps:
    """Seconds of each step, for the table."""

    size: int
    rows: list[str] = field(default_factory=list)

    def time(self, what: str, work: Callable[[], Value]) -> Value:
        """Do it, and note how long it took."""
        began = time.perf_counter()
        value = work()
        seconds = time.perf_counter() - began
        self.rows.append(f"| {what} | {seconds:.1f} s | {self.size / seconds / 1e6:.0f} MB/s |")
        return value


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_file(path: Path, mebibytes: int) -> str:
    """Write so many MiB of random bytes; their SHA-256."""
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            part = os.urandom(MEBIBYTE)
            hasher.update(part)
            file.write(part)
    return hasher.hexdigest()


def raised_limits(path: Path) -> dict[str, str]:
    """Settings of a service that takes this file and nothing larger; none where it does anyway."""
    size = path.stat().st_size
    if size <= LIMIT_MIB * MEBIBYTE:
        return {}
    sealed = sealed_length([(path.name, size)])
    return {"SOUSPLI_MAILBOX_LIMITS_CONTENTS_BYTES": str(sealed)}


def send(world: World, path: Path) -> None:
    """`souspli send`, as a practice types it."""
    today = datetime.now(tz=UTC).strftime("%Y-%m-%d")
    subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-m", "souspli_cli", "send", str(path), "--to", PATIENT_ADDRESS,
         "--title", TITLE, "--date", today, "--yes"],
        env=os.environ
        | {"SOUSPLI_PROFILE": str(world.profile)}
        | {"SOUSPLI_MAX_SIZE": str(max(path.stat().st_size, LIMIT_MIB * MEBIBYTE))},
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def claim(world: World, invited: Invited, page: Page) -> None:
    """From the letter to the account."""
    patient = Patient(page)
    patient.open_letter(invited.page, number=invited.read.letter_number, code=invited.read.code)
    mail = world.wait_for_mail(lambda mail: mail.one_time_code() is not None, seconds=60)
    patient.pass_gates(
        email_code=mail.one_time_code() or "",
        surname=PATIENT["birth_name"],
        birth_date=PATIENT["birth_date"],
    )
    patient.take_phrase()


def download(page: Page) -> Path:
    """Click, wait for the browser to have it all; where it lies."""
    with page.expect_download(timeout=PATIENCE) as coming:
        page.locator("#download-0").click()
    return Path(coming.value.path())


def receive(world: World, invited: Invited, folder: Path, steps: Steps) -> Path:
    """Open the document and download its file, in an ordinary window of a fresh profile."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(folder / "profile"),
            executable_path=find_browser(),
            args=list(CHROMIUM_ARGUMENTS),
            locale="fr-FR",
            accept_downloads=True,
        )
        page = context.pages[0]
        claim(world, invited, page)

        def open_document() -> None:
            page.get_by_role("button", name="Lire mon document", exact=True).click()
            page.locator("#verified").or_(page.locator("#problem")).wait_for(timeout=PATIENCE)

        steps.time("received, decrypted and verified, in the page", open_document)
        if page.locator("#problem").count():
            sys.exit(page.locator("#problem").inner_text())
        saved = steps.time("made ready and saved by the browser", lambda: download(page))
        kept = folder / "saved"
        saved.replace(kept)
        context.close()
    return kept


def main() -> None:
    """Do it, compare, print; exits with a message if the bytes differ."""
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else LIMIT_MIB
    with tempfile.TemporaryDirectory(dir=os.environ.get("SOUSPLI_LARGE_DIR")) as name:
        folder = Path(name)
        steps = Steps(mebibytes * MEBIBYTE)
        source = folder / "scanner.bin"
        expected = make_file(source, mebibytes)
        memory = Memory()
        settings = raised_limits(source)
        with (
            World(folder / "world", language="fr", settings=settings) as world,
            memory.watching(),
        ):
            invited = world.start()
            steps.time("`souspli send`: sealed, uploaded", lambda: send(world, source))
            source.unlink()
            saved = receive(world, invited, folder, steps)
        if digest(saved) != expected:
            sys.exit("the downloaded file is not the one that was sent")
    table = [
        f"{mebibytes:,} MiB, sent, received and compared (SHA-256 `{expected[:16]}…` on both "
        f"sides), {datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores:",
        "",
        "| step | time | |",
        "|---|---|---|",
        *steps.rows,
        "",
        "| most memory resident | |",
        "|---|---|",
        *(f"| {kind} | {most / MEBIBYTE:.0f} MiB |" for kind, most in sorted(memory.most.items())),
        "",
    ]
    sys.stdout.write("\n".join(table))


if __name__ == "__main__":
    main()
