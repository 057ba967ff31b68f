"""``python -m chaos.buggy_bridge BUG bridge run …``: the program with a deliberate bug."""

from __future__ import annotations

import sys

from chaos.bugs import Bug

from souspli_cli.main import main

# Processes that read mails import this module again, and are not buggy.
if __name__ == "__main__":
    Bug[sys.argv.pop(1)].install()
    sys.exit(main())
