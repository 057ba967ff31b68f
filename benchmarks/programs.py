"""The programs that stand beside Souspli, and keys for them in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.measure import run

AGES = [age for age in (os.environ.get("SOUSPLI_AGE"), shutil.which("age")) if age]
"""Every `age` there is: SOUSPLI_AGE names one besides the machine's own, which may be too
old for post-quantum keys."""
GPG = shutil.which("gpg")
SOUSPLI = Path(sys.executable).with_name("souspli")


@dataclass(frozen=True)
class Age:
    """One `age`, with a key of its newest kind."""

    program: Path
    key: Path
    recipient: str
    says: str
    """Version and kind of recipient, for the table."""

    @property
    def post_quantum(self) -> bool:
        """Whether it seals to the kind of key that Souspli seals to."""
        return self.recipient.startswith("age1pq1")

    def seal(self, source: Path, target: Path) -> tuple[str | Path, ...]:
        """The line that encrypts a file."""
        return (
            self.program,
            "--encrypt",
            "--recipient",
            self.recipient,
            "--output",
            target,
            source,
        )

    def open(self, sealed: Path, target: Path) -> tuple[str | Path, ...]:
        """The line that decrypts a file."""
        return (self.program, "--decrypt", "--identity", self.key, "--output", target, sealed)


@dataclass(frozen=True)
class Programs:
    """Everybody's keys lie in `folder`."""

    folder: Path

    @cached_property
    def age(self) -> list[Age]:
        """Each `age` with the newest kind of key that it knows; the first is the yardstick."""
        found: list[Age] = []
        for program in map(Path, AGES):
            version = _say(program, "--version").removeprefix("v")
            if any(f"` {version}," in age.says for age in found):
                continue
            kinds = (("post-quantum", "-pq"), ("X25519",))
            tried = (self._age(program, version, *kind) for kind in kinds)
            found += [age for age in tried if age is not None][:1]
        return found

    def _age(self, program: Path, version: str, kind: str, *flags: str) -> Age | None:
        key = self.folder / f"{version}-{kind}.key"
        keygen = program.with_name("age-keygen")
        try:
            run(keygen, *flags, "--output", key)
        except subprocess.CalledProcessError:
            return None  # older than 1.3: it knows no post-quantum keys
        return Age(program, key, _say(keygen, "-y", key), f"`age` {version}, {kind} recipient")

    @cached_property
    def gpg(self) -> tuple[str, tuple[str, ...]] | None:
        """GnuPG's version, and the line that encrypts, but for `--output TARGET SOURCE`."""
        if GPG is None:
            return None
        home = self.folder / "gnupg"
        home.mkdir(mode=0o700)
        always = (GPG, "--homedir", str(home), "--batch", "--quiet")
        run(
            *always, "--passphrase", "", "--quick-generate-key", "bench", "rsa3072", "encr", "never"
        )
        version = _say(GPG, "--version").split("\n")[0].rsplit(" ", 1)[-1]
        sealing = ("--trust-model", "always", "--compress-algo", "none", "--encrypt")
        return f"`gpg` {version}, RSA 3072", (*always, *sealing, "--recipient", "bench")

    @cached_property
    def identities(self) -> tuple[Path, Path, Path, Path]:
        """A sender's and a reader's identity file, and their public ones."""
        made: list[Path] = []
        for who in ("sender", "reader"):
            secret, public = self.folder / f"{who}.identity", self.folder / f"{who}.json"
            run(SOUSPLI, "identity", "new", secret)
            public.write_text(_say(SOUSPLI, "identity", "public", secret) + "\n", encoding="utf-8")
            made += [secret, public]
        return made[0], made[1], made[2], made[3]

    def seal(self, source: Path, target: Path) -> tuple[str | Path, ...]:
        """`souspli seal`, to a folder that is not there yet."""
        sender, _, _, reader = self.identities
        return (SOUSPLI, "seal", source, "--to", reader, "--as", sender, "--out", target)

    def open(self, sealed: Path, target: Path) -> tuple[str | Path, ...]:
        """`souspli open`, into a folder that is not there yet."""
        _, sender, reader, _ = self.identities
        line = (SOUSPLI, "open", sealed, "--identity", reader)
        return (*line, "--sender", sender, "--out", target)


def _say(*line: str | Path) -> str:
    done = subprocess.run(line, check=True, capture_output=True, encoding="utf-8")  # noqa: S603  (our own lines)
    return done.stdout.strip()
