"""A mail relay that keeps what it is given: for the demo and for tests, on this machine.

Every message becomes one file, complete before the relay says so, named by arrival
(`0001.eml`, …). Nothing is ever sent further.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ONE_TIME_CODE: Final = re.compile(r"(?:Votre code|Your code) : ?(\d{6})\b|Your code: (\d{6})\b")


@dataclass(frozen=True)
class CaughtMail:
    """One message as it was sent."""

    path: Path
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    def text(self) -> str:
        """The plain text, decoded."""
        body = self.message.get_body(preferencelist=("plain",))
        return body.get_content() if body is not None else ""

    def one_time_code(self) -> str | None:
        """The six digits of a one-time code mail (docs/specs/mails.md §2), if it is one."""
        found = ONE_TIME_CODE.search(self.text())
        return next(filter(None, found.groups())) if found else None


class MailCatcher:
    """Listens on a free port of 127.0.0.1 and writes each message into `folder`."""

    def __init__(self, folder: Path, *, heard: Callable[[CaughtMail], None] | None = None) -> None:
        self.folder = folder
        self._heard = heard
        self._count = 0
        self._lock = threading.Lock()
        # Port 0 would be kept as 0 by the controller, which then knocks at it to see
        # whether it is up; the number is known after start() either way.
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

    def start(self) -> None:
        """Begin to listen; `host` and `port` are known afterwards."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()

    def stop(self) -> None:
        """End; messages stay."""
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._controller.port

    def mails(self) -> list[CaughtMail]:
        """All messages, oldest first."""
        return [read_mail(path) for path in sorted(self.folder.glob("*.eml"))]

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep one message; aiosmtpd calls this."""
        del server, session
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 unreadable"
        with self._lock:
            self._count += 1
            path = self.folder / f"{self._count:04}.eml"
        recipients = ", ".join(envelope.rcpt_tos)
        kept = f"X-Envelope-To: {recipients}\r\n".encode() + content
        part = path.with_suffix(".part")
        part.write_bytes(kept)
        part.replace(path)
        if self._heard is not None:
            self._heard(read_mail(path))
        return "250 2.0.0 kept"


class _AnyPort(Controller):
    """A controller that takes a free port and then knows which."""

    def _trigger_server(self) -> None:
        # Called once the socket listens, to make the first connection to it.
        if isinstance(self.server, asyncio.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has no types here


def read_mail(path: Path) -> CaughtMail:
    """One kept message."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    recipients = str(message["X-Envelope-To"]).split(", ")
    return CaughtMail(path=path, recipients=tuple(recipients), message=message)


def latest_code(folder: Path) -> str | None:
    """The newest one-time code among the kept messages."""
    for path in sorted(folder.glob("*.eml"), reverse=True):
        code = read_mail(path).one_time_code()
        if code is not None:
            return code
    return None
