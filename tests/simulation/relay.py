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
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802  (the same)
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  (the same)
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(
            (envelope.mail_from or "", envelope.rcpt_tos, content, session.ssl is not None)
        )
        return "250 OK"


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
    port: int
    trust: ssl.SSLContext

    def client(
        self, *, tls: Any = "starttls", trust: ssl.SSLContext | None = None, **more: Any
    ) -> SmtpRelay:
        settings = MailSettings(host="127.0.0.1", port=self.port, tls=tls, timeout=10, **more)
        return SmtpRelay(settings, name="souspli.example", trust=trust or self.trust)


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
    handler = Handler({} if answers is None else answers)
    if offer == "starttls":
        more |= {"tls_context": made.context, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="relay.test", **more),
        "127.0.0.1",
        0,
        ssl=made.context if offer == "tls" else None,
    )
    try:
        yield RunningRelay(handler, server.sockets[0].getsockname()[1], made.trust)
    finally:
        server.close()
        await server.wait_closed()
