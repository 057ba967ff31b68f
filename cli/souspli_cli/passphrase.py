"""Where the passphrase of the key file comes from: a file, or the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli import files, keyfile
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_cli.terminal import Terminal

# No password manager writes more on a line.
MAX_PASSPHRASE_FILE_BYTES = 4096

_OPTION = "--passphrase-file"


def choose(terminal: Terminal, file: Path | None, *, none: bool) -> str | None:
    """Have a passphrase chosen for a new key file; None only where that was asked for.

    Raises:
        Refused: Too weak, or the two entries differ.
    """
    if none:
        terminal.warn("passphrase.none")
        return None
    if file is not None:
        return keyfile.check_passphrase(_first_line(file))
    passphrase = terminal.ask_secret("passphrase.choose", option=f"{_OPTION} / --no-passphrase")
    keyfile.check_passphrase(passphrase)
    if terminal.ask_secret("passphrase.repeat", option=_OPTION) != passphrase:
        raise Refused("passphrase_differs")
    return passphrase


def unlock(terminal: Terminal, file: Path | None, content: bytes) -> keyfile.Device:
    """Open a key file, asking for its passphrase if it has one."""
    if not keyfile.is_locked(content):
        return keyfile.decode(content, None)
    if file is not None:
        return keyfile.decode(content, _first_line(file))
    return keyfile.decode(content, terminal.ask_secret("passphrase.ask", option=_OPTION))


def _first_line(file: Path) -> str:
    try:
        content = files.read(file, limit=MAX_PASSPHRASE_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        raise Refused("passphrase_file_unreadable") from None
    lines = content.splitlines()
    if not lines or not lines[0].strip():
        raise Refused("passphrase_file_unreadable")
    return lines[0]
