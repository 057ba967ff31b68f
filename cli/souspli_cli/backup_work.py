"""What ``souspli backup`` and ``souspli restore`` have in common: bars, ends, what is missing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from souspli_cli.errors import CliError, Refused, Temporary

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from souspli_cli.terminal import Progress, Terminal
    from souspli_mailbox.backup.progress import Stage, Told
    from souspli_mailbox.errors import BackupTrouble


@contextlib.contextmanager
def bars(terminal: Terminal) -> Generator[Told]:
    """Show how far each stage has come, one after the other."""
    from souspli_mailbox.backup.progress import Stage  # noqa: PLC0415  (not for --help)

    words = {
        Stage.ROWS: "backup.stage_rows",
        Stage.OBJECTS: "backup.stage_objects",
        Stage.CHECK: "backup.stage_check",
    }
    with contextlib.ExitStack() as shown:
        current: tuple[Stage, Progress] | None = None

        def told(stage: Stage, done: int, total: int) -> None:
            nonlocal current
            if current is None or current[0] is not stage:
                shown.close()
                current = (stage, shown.enter_context(terminal.progress(words[stage])))
            current[1].update(done, total)

        yield told


@contextlib.contextmanager
def ends_in_words() -> Generator[None]:
    """Turn what goes wrong with a backup into the end of a command."""
    from souspli_mailbox.errors import BackupError, TombstonesNewerError  # noqa: PLC0415
    from souspli_storage.errors import StorageError, StorageFullError  # noqa: PLC0415

    try:
        yield
    except BackupError as wrong:
        raise _end(wrong.trouble) from wrong
    except TombstonesNewerError as newer:
        raise Refused("backup_newer_service") from newer
    except StorageFullError as full:
        raise Refused("disk_full") from full
    except StorageError as failed:
        if failed.temporary:
            raise Temporary("backup_busy") from failed
        raise Refused("backup_storage") from failed


def _end(trouble: BackupTrouble) -> CliError:
    from souspli_mailbox.errors import BackupTrouble  # noqa: PLC0415  (not for --help)

    return {
        BackupTrouble.NO_SERVICE: Refused("backup_no_service"),
        BackupTrouble.NEWER_SERVICE: Refused("backup_newer_service"),
        BackupTrouble.FOLDER_EXISTS: Refused("backup_folder_exists"),
        BackupTrouble.NOT_A_BACKUP: Refused("backup_not_a_backup"),
        BackupTrouble.NEWER_BACKUP: Refused("backup_newer_backup"),
        BackupTrouble.DAMAGED: Refused("backup_damaged"),
        BackupTrouble.NO_CONTENTS: Refused("backup_no_contents"),
        BackupTrouble.OTHER_ORIGIN: Refused("backup_other_origin"),
        BackupTrouble.NOT_EMPTY: Refused("backup_not_empty"),
        BackupTrouble.IN_USE: Refused("backup_in_use"),
    }[trouble]


def refuse_missing(missing: Sequence[str]) -> None:
    """End with 1, after the results, if contents of documents are missing.

    Raises:
        Refused: Some are.
    """
    if missing:
        end = Refused("backup_contents_missing", count=len(missing))
        end.results_given = True
        raise end
