"""The demo's world, whose commands are forked as those of all other tests are."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from cli_world import clean_environment
from forked import programs

from souspli_cli.demo_world import World
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ForkedWorld(World):
    """Where the page is what is looked at: `test_demo` has each command start anew."""

    def _run(
        self, arguments: Sequence[str], variables: Mapping[str, str], also: Sequence[int] = ()
    ) -> str:
        done = programs.run(
            [*self._program, *arguments],
            env=clean_environment(self.folder) | {"SOUSPLI_LANG": self._language} | variables,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode not in {0, *also}:
            sys.stderr.write(done.stderr)
            raise Refused("demo_failed", step=" ".join(arguments[:1]))
        return str(done.stdout)
