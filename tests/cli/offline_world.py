"""Two people with identity files, as the offline commands make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Ended, Souspli


@dataclass(frozen=True)
class Person:
    """Somebody's two files."""

    secret: Path
    public: Path
    fingerprint: str


@dataclass(frozen=True)
class People:
    """Anne writes, Jeanne and Paul read; Mallory calls herself Anne."""

    souspli: Souspli
    folder: Path
    anne: Person
    jeanne: Person
    paul: Person
    mallory: Person

    def seal(self, out: Path, *files: Path, to: Person | None = None, more: str = "") -> Ended:
        """Seal as Anne, for Jeanne unless told otherwise."""
        reader = to or self.jeanne
        return self.souspli(
            "seal", *files, "--to", reader.public, "--as", self.anne.secret, "--out", out,
            "--json", *more.split(),
        )  # fmt: skip

    def open(
        self, sealed: Path, out: Path, *, by: Person | None = None, sender: Person | None = None
    ) -> Ended:
        """Open as Jeanne, from Anne, unless told otherwise."""
        return self.souspli(
            "open", sealed, "--identity", (by or self.jeanne).secret,
            "--sender", (sender or self.anne).public, "--out", out, "--json",
        )  # fmt: skip

    def document(self, name: str = "été à lire.txt", content: bytes = b"TSH 1,2\n") -> Path:
        """Write a file to be sealed."""
        path = self.folder / name
        path.write_bytes(content)
        return path


def make_people(souspli: Souspli, folder: Path) -> People:
    """Draw everybody's identity."""

    def person(word: str, *given: str) -> Person:
        secret, public = folder / f"{word}.id", folder / f"{word}.pub"
        ended = souspli("identity", "new", secret, "--json", *given)
        assert ended.code == 0, ended.err
        shown = souspli("identity", "public", secret)
        assert shown.code == 0, shown.err
        public.write_text(shown.out, encoding="utf-8")
        return Person(secret, public, ended.json["fingerprint"])

    anne = ("--name", "Dr Anne Dupont", "--address", "anne@exemple.fr")
    return People(
        souspli=souspli,
        folder=folder,
        anne=person("anne", *anne),
        jeanne=person("jeanne"),
        paul=person("paul", "--name", "Paul Œuvrard"),
        mallory=person("mallory", *anne),
    )
