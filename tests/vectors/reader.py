"""Reading and writing test vectors, one fact per file (README.md in this folder).

Header lines `name: value`, an empty line, then the body: bytes up to the end of the
file, which no reader may interpret before its test does.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIX = ".vector"

_HEADER_LINE = re.compile(r"([a-z][a-z0-9_]*): (\S|\S.*\S)")


class VectorError(Exception):
    """A vector file is not written as the README says."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One fact: what it says, whether it is to be accepted, and the bytes it is about."""

    name: str
    """Group and file name, `canonical/bom`."""
    headers: dict[str, str]
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether a reader accepts it (`expect: accept`)."""
        return self.headers["expect"] == "accept"

    def text(self, header: str) -> str:
        """Return a header's value."""
        return self.headers[header]

    def integer(self, header: str) -> int:
        """Return a header's value as an integer."""
        return int(self.headers[header])

    def hex(self, header: str) -> bytes:
        """Return the bytes that a header's value spells in hexadecimal."""
        return bytes.fromhex(self.headers[header])

    def to_bytes(self) -> bytes:
        """Return the file."""
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        for line in lines:
            if not _HEADER_LINE.fullmatch(line):
                raise VectorError(f"{self.name}: not a header line: {line!r}")
        return "\n".join([*lines, "", ""]).encode("utf-8") + self.body


def parse_vector(name: str, content: bytes) -> Vector:
    """Return the vector that a file holds; VectorError if it is none."""
    head, separator, body = content.partition(b"\n\n")
    if not separator:
        raise VectorError(f"{name}: no empty line ends the header")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8").split("\n"):
        match = _HEADER_LINE.fullmatch(line)
        if not match or match[1] in headers:
            raise VectorError(f"{name}: not a header line, or a second one: {line!r}")
        headers[match[1]] = match[2]
    if "what" not in headers or headers.get("expect") not in {"accept", "refuse"}:
        raise VectorError(f"{name}: what and expect stand in every vector")
    return Vector(name=name, headers=headers, body=body)


def read_vectors(group: str, *, folder: Path = FOLDER) -> list[Vector]:
    """Return all vectors of a group, by name. A group without any is a VectorError."""
    found = [
        parse_vector(f"{group}/{path.stem}", path.read_bytes())
        for path in sorted((folder / group).glob(f"*{SUFFIX}"))
    ]
    if not found:
        raise VectorError(f"{group}: no vectors")
    return found


def write_vectors(vectors: list[Vector], *, folder: Path = FOLDER) -> None:
    """Write vectors into their groups; files of these groups that are not among them go.

    Raises VectorError if two have the same name.
    """
    files = {vector.name: vector.to_bytes() for vector in vectors}
    if len(files) != len(vectors):
        raise VectorError("two vectors of the same name")
    for group in {name.partition("/")[0] for name in files}:
        (folder / group).mkdir(parents=True, exist_ok=True)
        for path in (folder / group).glob(f"*{SUFFIX}"):
            if f"{group}/{path.stem}" not in files:
                path.unlink()
    for name, content in files.items():
        (folder / f"{name}{SUFFIX}").write_bytes(content)
