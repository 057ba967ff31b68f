"""Restoring beside a service, or beside another restore: one works, the other changes nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cli_world import command
from simulation.backups import SECONDS_LATER, World
from simulation.process import database_toml, started
from sqlalchemy import text

from souspli_mailbox.backup.progress import Stage, untold
from souspli_mailbox.backup.restore import Restored, after_restore, restore_backup
from souspli_mailbox.database import open_database
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage import database as holding
from souspli_storage.dump import is_empty
from souspli_storage.errors import DatabaseInUseError


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds the database here does so for as long as the test says."""
    monkeypatch.setattr(holding, "HOLD_SECONDS", 0.0)


class Held:
    """A restore that stops in the middle of its one transaction until it may go on."""

    def __init__(self, world: World, folder: Path) -> None:
        self.inside, self.go = threading.Event(), threading.Event()
        self.done: Restored | None = None
        self._world, self._folder = world, folder
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self.inside.wait(60)

    def finish(self) -> Restored:
        self.go.set()
        self._thread.join()
        assert self.done is not None
        return self.done

    def _run(self) -> None:
        try:
            self.done = restore_backup(
                self._world.settings,
                self._folder,
                contents=None,
                now=SECONDS_LATER,
                told=self._hold,
            )
        finally:
            self.inside.set()

    def _hold(self, stage: Stage, done: int, total: int) -> None:
        del total
        if stage is Stage.ROWS and done and not self.inside.is_set():
            self.inside.set()
            self.go.wait(60)


def write_config(world: World, folder: Path) -> Path:
    config = folder / "souspli.toml"
    data = json.dumps(str(world.settings.data))
    config.write_text(f"data = {data}\n{database_toml(world.settings.database)}")
    return config


def trouble_of_restoring(world: World, folder: Path) -> BackupTrouble:
    with pytest.raises(BackupError) as error:
        world.restore(folder)
    return error.value.trouble


@pytest.mark.parametrize("migrated", [False, True], ids=["no-tables", "empty-tables"])
def test_of_two_restores_at_once_one_works_and_the_other_is_told_so(
    world: World, elsewhere: World, out: Path, *, migrated: bool
) -> None:
    made = world.back_up(out, with_contents=True)
    if migrated:
        open_database(elsewhere.settings).close()
    first = Held(elsewhere, out)
    assert trouble_of_restoring(elsewhere, out) is BackupTrouble.IN_USE
    done = first.finish()
    assert (done.rows, done.objects, done.copied, done.missing) == (made.rows, 2, 2, ())
    # Afterwards the other finds its work done.
    again = elsewhere.restore(out)
    assert (again.rows, again.copied, again.missing) == (0, 0, ())


def test_a_restore_of_another_backup_beside_one_changes_nothing(
    world: World, elsewhere: World, out: Path, tmp_path: Path
) -> None:
    world.back_up(out)
    with world.connect() as database:
        world_rows = world.rows()
        database.write_now(lambda connection: connection.execute(text("DELETE FROM jobs")))
    world.back_up(tmp_path / "other")
    first = Held(elsewhere, out)
    assert trouble_of_restoring(elsewhere, tmp_path / "other") is BackupTrouble.IN_USE
    first.finish()
    assert trouble_of_restoring(elsewhere, tmp_path / "other") is BackupTrouble.NOT_EMPTY
    assert elsewhere.rows()["deliveries"] == world_rows["deliveries"]


def test_a_service_does_not_start_in_the_middle_of_a_restore(
    world: World, elsewhere: World, out: Path
) -> None:
    made = world.back_up(out)
    first = Held(elsewhere, out)
    with pytest.raises(DatabaseInUseError) as error:
        open_database(elsewhere.settings)
    assert error.value.temporary
    assert first.finish().rows == made.rows
    open_database(elsewhere.settings).close()


def test_beside_a_service_nothing_is_restored(world: World, elsewhere: World, out: Path) -> None:
    """Whether it has written its first row or not."""
    world.back_up(out)
    with open_database(elsewhere.settings) as service:
        assert trouble_of_restoring(elsewhere, out) is BackupTrouble.IN_USE
        assert service.read_now(is_empty)
    assert elsewhere.restore(out).rows
    with open_database(elsewhere.settings):
        # The second half would be done beside it: objects copied back that it deletes.
        assert trouble_of_restoring(elsewhere, out) is BackupTrouble.IN_USE
        with pytest.raises(BackupError) as error:
            after_restore(elsewhere.settings, now=SECONDS_LATER, told=untold)
        assert error.value.trouble is BackupTrouble.IN_USE


def test_any_number_of_processes_share_a_database(elsewhere: World) -> None:
    with open_database(elsewhere.settings), open_database(elsewhere.settings):
        pass
    with elsewhere.connect() as database, database.alone():
        pass


HOLDER = """
import sys
from pathlib import Path
from souspli_mailbox.database import open_database
from souspli_mailbox.settings import load
database = open_database(load(Path(sys.argv[1]), {}))
print("open", flush=True)
sys.stdin.read()
"""


def test_who_was_killed_holds_nothing(
    elsewhere: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "HOLD_SECONDS", 60.0)  # until the server has noticed
    config = write_config(elsewhere, tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        holder.kill()
    with elsewhere.connect() as database, database.alone():
        pass


@pytest.mark.parametrize("kinds", [("postgresql", "postgresql")], ids=["postgresql"])
def test_the_command_says_what_to_do_when_a_service_is_running(
    world: World, elsewhere: World, out: Path, tmp_path: Path
) -> None:
    world.back_up(out)
    config = write_config(elsewhere, tmp_path)
    with open_database(elsewhere.settings) as service:
        ended = subprocess.run(
            [*command("restore", out, "--config", config), "--json"],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert ended.returncode == 1
        assert '"backup-in-use"' in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        assert service.read_now(is_empty)
    first = Held(elsewhere, out)
    ended = subprocess.run(
        [*command("admit", "--config", config), "--json"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    first.finish()
    assert ended.returncode == 75
    assert '"database-in-use"' in ended.stdout + ended.stderr


@pytest.mark.parametrize("kinds", [("postgresql", "postgresql")], ids=["postgresql"])
async def test_two_services_of_several_workers_start_at_once_on_an_empty_database(
    elsewhere: World, tmp_path: Path
) -> None:
    text = "workers = 2\n" + database_toml(elsewhere.settings.database)

    async def start(name: str) -> None:
        process = await services.enter_async_context(started(tmp_path / name / "data", text=text))
        await process.practice()

    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    async with AsyncExitStack() as services:
        await asyncio.gather(start("one"), start("other"))
    rows = elsewhere.rows()
    assert len(rows["organisations"]) == 2
    purposes = [row[0] for row in rows["service_secrets"]]
    assert len(purposes) == len({*purposes})
    assert len([row for row in rows["jobs"] if "sweep" in row]) == 1
