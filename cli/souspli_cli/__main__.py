"""``python -m souspli_cli`` is the same program as ``souspli``."""

from souspli_cli.main import main

main()
