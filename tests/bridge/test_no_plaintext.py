"""Nothing of a thousand mails is readable in any file: profile, spool, temporary, log.

The bridge is the real program with its processes; files that it has open are read as well
while it runs, deleted ones too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.marked_mails import MARK, STRANGER, mails, needles
from bridge.test_processes import _children
from bridge.world import DOMAIN, MAILBOX
from cli_world import command
from intake_samples.people import Person, matricule

from souspli_cli.bridge.ledger_rows import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.world import Laboratory

COUNT = 1_000
PATIENCE_SECONDS = 300
SENDER = "expediteur-zqxvulker@labo.example"
JEANNE = Person(
    birth_name="DURAND",
    used_name=None,
    given_names="Jeanne Marie",
    birth_date="1961-03-02",
    sex="F",
    matricule=matricule("2610329199873"),
)
# In the folders that are the bridge's alone, traits and addresses too; in those of the
# whole machine only what occurs nowhere else.
NEEDLES = needles(
    *(SENDER, "jeanne@exemple.fr", "DURAND", "Jeanne Marie", "1931-04-05", "19310405"),
    *("05/04/1931", "1961-03-02", "19610302", str(STRANGER.matricule)[:13]),
)
UNIQUE = needles()
SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108  (to be searched)


def found_in(content: bytes, wanted: list[bytes] = NEEDLES) -> list[bytes]:
    """Give what of a mail is readable in some bytes."""
    return [needle for needle in wanted if needle in content]


def search(folder: Path, wanted: list[bytes] = NEEDLES) -> dict[Path, list[bytes]]:
    """Give the files below a folder in which something of a mail is readable."""
    found: dict[Path, list[bytes]] = {}
    for path in [folder, *folder.rglob("*")]:
        # Of others: they come and go.
        with contextlib.suppress(OSError):
            if path.is_file() and (seen := found_in(path.read_bytes(), wanted)):
                found[path] = seen
    return found


@dataclass
class Watch:
    """Reads, again and again, every file that a bridge and its processes have open."""

    pid: int
    found: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        for pid in (self.pid, *_children(self.pid)):
            for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
                with contextlib.suppress(OSError):
                    name = str(descriptor.readlink())
                    if not descriptor.is_file() or name.startswith("/proc/"):
                        continue
                    self.seen.add(name)
                    if found_in(descriptor.read_bytes(), UNIQUE):
                        self.found.add(name)

    def _run(self) -> None:
        while not self._over.wait(2.0):
            self.look()

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


@contextlib.contextmanager
def running(laboratory: Laboratory, temporary: Path, logs: Path) -> Iterator[int]:
    """Run ``souspli bridge run``; give its process."""
    laboratory.folder.settings.write_text(f'tls = "none"\ndomain = "{DOMAIN}"\n')
    line = command("bridge", "run", "--json", "--listen", "127.0.0.1:0")
    temporary.mkdir()
    logs.mkdir()
    environment = laboratory.service.environment | {
        "TMPDIR": str(temporary),
        "SOUSPLI_PROFILE": str(laboratory.profile),
    }
    with (
        (logs / "stderr").open("wb") as errors,
        subprocess.Popen(
            line, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as bridge,
    ):
        assert bridge.stdout is not None
        try:
            said = bridge.stdout.readline()
            laboratory.port = int(json.loads(said)["listen"].rpartition(":")[2])
            yield bridge.pid
        finally:
            bridge.send_signal(signal.SIGTERM)
            (logs / "stdout").write_text(bridge.stdout.read())
            assert bridge.wait(60) == 0


def _shared() -> set[Path]:
    return {path for folder in SHARED for path in folder.glob("*")}


def _core_limits(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("Max core file size")]
    return found.split()[4:6]


def _mostly_sent(spool: Path) -> None:
    """Wait; the ledger, asked every moment, would be most of the work here."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while len(list(spool.iterdir())) > COUNT - COUNT // 6:
        assert time.monotonic() < limit
        time.sleep(0.5)


async def test_no_file_holds_anything_of_a_thousand_mails(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    temporary, logs = tmp_path / "tmp", tmp_path / "logs"
    before = _shared()
    with running(laboratory, temporary, logs) as pid:
        for one in (pid, *_children(pid)):
            assert _core_limits(one) == ["0", "0"]
        watch = Watch(pid)
        with watch.going_on():
            async with laboratory.client() as client:
                for content, is_known in mails(COUNT, known=JEANNE):
                    to = "jeanne@exemple.fr" if is_known else MAILBOX
                    await client.sendmail(SENDER, [to], content)
            await asyncio.to_thread(_mostly_sent, laboratory.folder.spool)
            rows = await laboratory.settled(COUNT)
            during = search(laboratory.profile) | search(temporary)
    assert not during
    assert not watch.found
    assert any(name.endswith("-wal") for name in watch.seen)
    for folder in (laboratory.profile, temporary, logs):
        assert not search(folder)
    for path in _shared() - before:
        assert not search(path, UNIQUE)
    # A stranger's wait for somebody: in the spool, sealed.
    states = [row.state for row in rows]
    assert states.count(State.DELIVERED) == COUNT // 5
    assert states.count(State.TO_CHECK) == COUNT - COUNT // 5
    kept = [path for path in laboratory.folder.spool.iterdir() if path.suffix == ".sealed"]
    assert len(kept) == COUNT - COUNT // 5


async def test_what_is_searched_for_is_found_where_it_is(tmp_path: Path) -> None:
    """Every mail of the thousand, written down as it came and as its files are."""
    for content, _ in mails(40, known=JEANNE):
        assert found_in(content, UNIQUE), content
    seeded = tmp_path / "deep" / "seeded"
    seeded.parent.mkdir()
    for content in (MARK, MARK.lower(), "x1931-04-05x", "jeanne@exemple.fr"):
        seeded.write_text(f"…{content}…")
        assert list(search(tmp_path)) == [seeded]
    with seeded.open("w+b") as file:
        file.write(MARK.encode())
        file.flush()
        seeded.unlink()
        watch = Watch(os.getpid())
        await asyncio.to_thread(watch.look)
        assert any(name.startswith(str(seeded)) for name in watch.found)


def test_the_folder_is_its_owner_s_alone(laboratory: Laboratory) -> None:
    for path in (laboratory.folder.path, laboratory.folder.spool):
        assert path.stat().st_mode & 0o777 == 0o700
    assert laboratory.folder.accounts.stat().st_mode & 0o777 == 0o600
