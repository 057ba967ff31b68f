"""A mail relay on this machine, real SMTP (aiosmtpd), with a certificate made for it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from souspli_mailbox.notify import SmtpRelay
from souspli_mailbox.settings import MailSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session


@dataclass
class Handler:
    """Takes mails, or answers as it is told at one of the dialogue's steps."""

    answers: dict[str, str] = field(default_factory=dict)
    most_mails: int | None = None
    """On one connection; who begins another one is told that it is closed."""
    hangs_up: str | None = None
    """At this step: MAIL and RCPT without a word; DATA with the mail, without a word;
    or after the mail was acknowledged (`taken`)."""
    slow: asyncio.Event | None = None
    """What the answer to a mail waits for."""
    goodbyes: int = 0
    taken: list[tuple[str, list[str], bytes, bool]] = field(default_factory=list)
    greeted_as: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted_as.append(hostname)
        return lines

    async def handle_MAIL(  # noqa: N802  (the same)
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        assert isinstance(server, Server)
        if self.hangs_up == "MAIL":
            server.hang_up()
        if self.most_mails is not None and server.mails >= self.most_mails:
            return "421 4.7.0 too many mails on this connection"
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802  (the same)
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        assert isinstance(server, Server)
        if self.hangs_up == "RCPT":
            server.hang_up()
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  (the same)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(server, Server)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(
            (envelope.mail_from or "", envelope.rcpt_tos, content, session.ssl is not None)
        )
        server.mails += 1
        if self.slow is not None:
            await self.slow.wait()
        if self.hangs_up == "DATA":
            server.hang_up()
        if self.hangs_up == "taken":
            asyncio.get_running_loop().call_soon(server.hang_up)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802  (the same)
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        self.goodbyes += 1
        return "221 bye"


class Server(SMTP):
    """One connection's side of the relay."""

    mails = 0

    def __init__(self, handler: Handler, there: set[Server], **more: Any) -> None:
        super().__init__(handler, hostname="relay.test", **more)
        self._there = there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._there.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._there.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Close; what was written before still arrives."""
        if self.transport is not None:
            self.transport.close()


@dataclass(frozen=True)
class Certificate:
    """Of a relay, signed by itself: trusted by who is given it, by nobody else."""

    context: ssl.SSLContext
    trust: ssl.SSLContext


def certificate(folder: Path, *names: str) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay of a test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one)
        for one in names
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "relay.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    trust = ssl.create_default_context(
        cadata=made.public_bytes(serialization.Encoding.PEM).decode()
    )
    return Certificate(context, trust)


@dataclass
class RunningRelay:
    """A relay on a port of this machine."""

    handler: Handler
    certificate: Certificate
    offer: str
    more: dict[str, Any]
    port: int = 0
    connections: int = 0
    """That were made, those that are closed included."""
    there: set[Server] = field(default_factory=set)
    """Connections that are open."""
    clients: list[SmtpRelay] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @property
    def trust(self) -> ssl.SSLContext:
        return self.certificate.trust

    def client(
        self, *, tls: Any = "starttls", trust: ssl.SSLContext | None = None, **more: Any
    ) -> SmtpRelay:
        """A service's side, closed with the relay."""
        settings = MailSettings(host="127.0.0.1", port=self.port, tls=tls, timeout=10, **more)
        client = SmtpRelay(settings, name="souspli.example", trust=trust or self.trust)
        self.clients.append(client)
        return client

    async def start(self) -> None:
        """Listen, at the port of before if there was one."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connection,
            "127.0.0.1",
            self.port,
            ssl=self.certificate.context if self.offer == "tls" else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _connection(self) -> Server:
        self.connections += 1
        return Server(self.handler, self.there, **self.more)

    def hang_up(self) -> None:
        """Close every connection, without a word."""
        for one in tuple(self.there):
            one.hang_up()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()


@contextlib.asynccontextmanager
async def running_relay(
    folder: Path,
    *names: str,
    offer: str = "starttls",
    answers: dict[str, str] | None = None,
    **more: Any,
) -> AsyncIterator[RunningRelay]:
    """Run a relay that offers `starttls`, `tls` or `none`, under these names."""
    made = certificate(folder, *names or ("127.0.0.1",))
    if offer == "starttls":
        more |= {"tls_context": made.context, "require_starttls": True}
    relay = RunningRelay(Handler({} if answers is None else answers), made, offer, more)
    await relay.start()
    try:
        yield relay
    finally:
        for client in relay.clients:
            await client.close()
        await relay.stop()
