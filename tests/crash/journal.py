"""What a sending program sealed, and what it was told: one line each, by several processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """`sealed`: a segment was sealed; `kept`, `stored`: the service said so."""

    what: str
    document_id: str
    index: int
    sha256: str


@dataclass(frozen=True)
class Journal:
    """Appends entries, each in one write, so that a killed process leaves whole lines."""

    path: Path

    def __call__(self, what: str, document_id: str, index: int, sha256: str) -> None:
        line = f"{what} {document_id} {index} {sha256}\n".encode()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def entries(self) -> list[Entry]:
        """Everything so far."""
        if not self.path.exists():
            return []
        rows = (line.split(" ") for line in self.path.read_text().splitlines())
        return [Entry(what, document, int(index), digest) for what, document, index, digest in rows]
