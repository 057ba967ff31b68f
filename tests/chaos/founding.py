"""``python -m chaos.founding``: several `souspli` commands in one process, read from stdin.

A JSON array of their arguments. A second of imports for each is what a small run would
mostly consist of.
"""

from __future__ import annotations

import json
import sys

from souspli_cli.main import main

if __name__ == "__main__":
    for arguments in json.load(sys.stdin):
        sys.argv[1:] = arguments
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise
