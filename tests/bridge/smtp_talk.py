"""A client that speaks SMTP word by word, and what a bridge's spool holds afterwards."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ssl
from typing import TYPE_CHECKING

import msgspec
from bridge.world import SETTINGS
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from souspli_cli.bridge.smtp import answers

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.world import Laboratory

    from souspli_cli.bridge.settings import Settings, Tls

JEANNE = "jeanne@exemple.fr"


def kept(laboratory: Laboratory) -> list[Path]:
    """Every file of the spool, whatever it is called."""
    return list(laboratory.folder.spool.iterdir())


class Talk:
    """A client that says exactly what it is told to."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory

    async def __aenter__(self) -> Talk:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._laboratory.port
        )
        assert (await self.heard()).startswith("220 ")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def heard(self) -> str:
        line = (await self._reader.readline()).decode()
        while line[3:4] == "-":
            line = (await self._reader.readline()).decode()
        return line.strip()

    async def say(self, line: str | bytes) -> str:
        self.send(line)
        return await self.heard()

    def send(self, line: str | bytes) -> None:
        self._writer.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")

    async def sign_in(self) -> None:
        plain = base64.b64encode(f"\0sil\0{self._laboratory.password}".encode()).decode()
        assert (await self.say("EHLO labo")).startswith("250 ")
        assert await self.say(f"AUTH PLAIN {plain}") == answers.SIGNED_IN

    async def begin(self) -> None:
        await self.sign_in()
        assert await self.say("MAIL FROM:<labo@labo.example>") == answers.SENDER_OK
        assert await self.say(f"RCPT TO:<{JEANNE}>") == answers.RECIPIENT_OK
        assert await self.say("DATA") == answers.GO_ON

    async def ended(self) -> bool:
        return await self._reader.read() == b""


def with_tls(laboratory: Laboratory, folder: Path, tls: Tls) -> tuple[Settings, ssl.SSLContext]:
    """Settings with a certificate made for the test, and a client's context that knows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    settings = msgspec.structs.replace(
        SETTINGS,
        tls=tls,
        tls_certificate=str(folder / "cert.pem"),
        tls_key=str(folder / "key.pem"),
    )
    return settings, ssl.create_default_context(cafile=str(folder / "cert.pem"))
