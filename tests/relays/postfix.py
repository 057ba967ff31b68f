"""A real Postfix of one's own: its queue, its log, its port; started for a test, gone after it.

From Debian's package, as root: Postfix changes to its own user. `--install` gets it, with
the clients that the tests here run; exit status 3 with the one line to run where that
can't be done.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS: Final = ("postfix", "swaks", "curl", "msmtp")
# Without what is only recommended: swaks has no TLS, and Postfix signs in nowhere.
PACKAGES: Final = (*PROGRAMS, "libnet-ssleay-perl", "libsasl2-modules")
OPERATIONS: Final = Path(__file__).parents[2] / "docs" / "operations.md"
PATIENCE_SECONDS: Final = 60

# `maximal_queue_lifetime = 0`: what can't be delivered comes back after the first try, and
# not after five days. `bounce_queue_lifetime`: a report that we put off is tried again.
MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.souspli.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
recipient_delimiter = +
transport_maps = regexp:{folder}/etc/souspli
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtp_dns_support_level = disabled
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
maximal_queue_lifetime = 0
alias_maps =
alias_database =
"""

MASTER: Final = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A relay that runs."""

    folder: Path
    port: int

    def rests(self) -> None:
        """Wait until its queue is empty: everything is delivered, returned or discarded."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while "Mail queue is empty" not in self._run("postqueue", "-p"):
            assert time.monotonic() < limit, self.log
            time.sleep(0.05)

    @property
    def log(self) -> str:
        return self.folder.joinpath("log").read_text()

    def flush(self) -> None:
        """Have it try again at once what it has deferred."""
        self._run("postqueue", "-f")

    def swaks(self, *, sender: str, to: str, data: Path | None = None) -> None:
        """Have swaks give it a mail."""
        line = ["swaks", "--server", f"127.0.0.1:{self.port}", "--silent", "2"]
        line += ["--from", sender, "--to", to]
        if data is not None:
            line += ["--data", f"@{data}"]
        subprocess.run(line, check=True, timeout=PATIENCE_SECONDS)

    def _run(self, program: str, *words: str) -> str:
        line = [program, "-c", str(self.folder / "etc"), *words]
        ended = subprocess.run(line, check=True, capture_output=True, encoding="utf-8")
        return ended.stdout

    def start(self) -> None:
        self._run("postfix", "start")

    def stop(self) -> None:
        self._run("postfix", "stop")


def documented(*, port: int, lmtp: bool = False) -> str:
    """Return the line of docs/operations.md that leads to the listener, at its port here."""
    page = OPERATIONS.read_text(encoding="utf-8")
    found = re.search(r"^    (/\^no-reply\S+\$/)\s+(smtp:\S+):8472$", page, re.MULTILINE)
    spoken = re.search(r"`(lmtp:inet:127\.0\.0\.1):8472`", page)
    assert found is not None
    assert spoken is not None
    return f"{found[1]} {spoken[1] if lmtp else found[2]}:{port}"


@contextlib.contextmanager
def postfix(*transports: str, main: str = "", master: str = "") -> Iterator[Postfix]:
    """Start one that delivers by these lines, the first that fits.

    `main` and `master`: further lines of main.cf, stronger than ours, and of master.cf.
    """
    # Not in pytest's folders: those are root's alone, and Postfix is another user.
    with tempfile.TemporaryDirectory(prefix="souspli-postfix-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        for name in ("etc", "queue", "data"):
            folder.joinpath(name).mkdir()
        shutil.chown(folder / "data", "postfix")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name, text in (
            ("main.cf", _settings(MAIN.format(folder=folder), main)),
            ("master.cf", MASTER.format(port=port) + master),
            ("souspli", "\n".join(transports) + "\n"),
        ):
            folder.joinpath("etc", name).write_text(text)
        running = Postfix(folder, port)
        running.start()
        try:
            yield running
        finally:
            running.stop()


def _settings(ours: str, stronger: str) -> str:
    """Return both, each name once."""
    lines = (*ours.splitlines(), *stronger.splitlines())
    return "".join(
        f"{line}\n" for line in {line.partition(" ")[0]: line for line in lines}.values()
    )


def is_there() -> bool:
    tls = ["perl", "-MNet::SSLeay", "-e", "1"]
    return (
        os.geteuid() == 0
        and all(shutil.which(name) for name in PROGRAMS)
        and any(Path("/usr/lib").glob("*/sasl2/libplain.so*"))
        and subprocess.run(tls, check=False, capture_output=True).returncode == 0
    )


def install() -> None:
    """Install them; does nothing where that is not possible."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    options = ["-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(["apt-get", "install", *options, *PACKAGES], check=False, env=quiet)


if __name__ == "__main__":
    if not is_there() and "--install" in sys.argv[1:]:
        install()
    if not is_there():
        sys.stderr.write(
            "Not run: the tests with a real Postfix and real SMTP clients. They need these,"
            " and root, since Postfix has users of its own."
            f" On Debian, as root: apt-get install {' '.join(PACKAGES)}\n"
        )
        sys.exit(3)
