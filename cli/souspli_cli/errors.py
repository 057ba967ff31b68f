"""What the command line can end with.

    CliError            a name, which is also the key of its words, and an exit code
    ├── Refused         1   refused or failed; what to do is in the words
    ├── WrongUsage      2   the command was not understood
    ├── ProgramMissing  3   another program is needed
    └── Temporary       75  try again later; nothing is lost

Only names and values meant for the user's own screen travel in these errors:
never a passphrase, a code or a patient's traits.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes, a promise to scripts (docs/cli.md)."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    PROGRAM_MISSING = 3
    TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h: mail programs and cron jobs know it
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class CliError(Exception):
    """Ends a command: ``error.<name>`` in the texts says what happened and what to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    results_given: bool = False
    """Whether the command has printed its results: then there is no second document."""

    def __init__(self, name: str, /, **values: str | int) -> None:
        super().__init__(name)
        self.name = name
        self.values = values
        self.details: dict[str, str] = {}
        """Ids for programs, beside the name in the JSON document."""


class Refused(CliError):  # noqa: N818  (named by what happened)
    """Refused for good: the same command again gives the same answer."""


class WrongUsage(CliError):  # noqa: N818  (named by what happened)
    """The command's words or options were not understood."""

    exit_code = ExitCode.USAGE


class ProgramMissing(CliError):  # noqa: N818  (named by what happened)
    """Something that has to be installed first is not there."""

    exit_code = ExitCode.PROGRAM_MISSING


class Temporary(CliError):  # noqa: N818  (named by what happened)
    """The world is down for the moment; the same command may work later."""

    exit_code = ExitCode.TEMPORARY
