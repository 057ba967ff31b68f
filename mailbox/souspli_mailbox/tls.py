"""Certificates of our own, for who runs no reverse proxy; looked at again as they change.

TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, nothing else: every
browser since 2014 has them. Renewed files (certbot and its kin replace both) are taken
within a minute, without a restart or a signal; connections that stand keep theirs.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
import stat
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from souspli_mailbox.errors import SettingsError
from souspli_mailbox.settings import Settings, TlsSettings

CIPHERS_OF_TLS_1_2: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"

# Renewal comes weeks before the end: a minute is soon enough.
LOOK_EVERY_SECONDS: Final = 60.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


class ServerTls:
    """A TLS context, and the files it was made of."""

    def __init__(self, settings: TlsSettings) -> None:
        """Load both files; SettingsError, in the setting's words, if they won't do."""
        certificate, key = settings.certificate, settings.key
        if certificate is None or key is None:
            raise SettingsError("tls: certificate and key are given together")
        self._files = (certificate, key)
        # Before they are read: what is replaced meanwhile is taken at the next look.
        self._seen = self._marks()
        read_certificate(settings)
        self.context = self._load()

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS_OF_TLS_1_2)
        context.set_alpn_protocols(["http/1.1"])
        _load_pair(context, *self._files)
        return context

    async def watch(self, settings: TlsSettings) -> None:
        """Take renewed files as they come, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await asyncio.to_thread(self.renew, settings)

    def renew(self, settings: TlsSettings) -> None:
        """Take the files if they are others; keep the old ones if the new ones won't do."""
        marks = self._marks()
        if marks == self._seen:
            return
        try:
            # Tried on another context first: half a pair, in the moment between two
            # renames, must not end up in the one that serves.
            read_certificate(settings)
            self._load()
            _load_pair(self.context, *self._files)
        except SettingsError as refused:
            # Not remembered as seen: the second of two files may come a moment later.
            _log.error("certificate-not-renewed", reason=str(refused))
            return
        self._seen = marks
        _log.info("certificate-renewed")

    def _marks(self) -> tuple[tuple[int, int, int], ...]:
        """Return what changes whenever a file is replaced or written."""
        marks: list[tuple[int, int, int]] = []
        for file in self._files:
            try:
                found = file.stat()
            except OSError:
                marks.append((0, 0, 0))
            else:
                marks.append((found.st_ino, found.st_mtime_ns, found.st_size))
        return tuple(marks)


def server_tls(settings: Settings) -> ServerTls | None:
    """Return the TLS of the settings, None where a proxy has it; SettingsError."""
    return None if settings.tls.certificate is None else ServerTls(settings.tls)


def read_certificate(settings: TlsSettings) -> x509.Certificate:
    """Return the server's certificate, the first in its file.

    Raises SettingsError if it can't be read, is not valid yet or not any more, or if
    everybody on this machine may read its key.
    """
    certificate, key = settings.certificate, settings.key
    if certificate is None or key is None:
        raise SettingsError("tls: certificate and key are given together")
    try:
        found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except OSError:
        raise SettingsError("tls.certificate can't be read") from None
    except (ValueError, IndexError):
        raise SettingsError("tls.certificate is not a PEM certificate") from None
    # The machine's clock, as whoever connects will judge by theirs.
    now = datetime.datetime.now(datetime.UTC)
    if now < found.not_valid_before_utc:
        raise SettingsError("tls.certificate is not valid yet: check the machine's clock")
    if now > found.not_valid_after_utc:
        raise SettingsError("tls.certificate has expired: renew it")
    try:
        mode = key.stat().st_mode
    except OSError:
        raise SettingsError("tls.key can't be read") from None
    if mode & stat.S_IRWXO:
        raise SettingsError("tls.key can be read by everybody on this machine: chmod 600")
    return found


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names that the certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Say whether a browser that wants `host` accepts this certificate's names."""
    parent = host.partition(".")[2]
    return any(name.lower() in {host, f"*.{parent}"} for name in names_of(certificate))


def _load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        # A passphrase would be asked for at the terminal, and a service has none.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as refused:
        if "KEY_VALUES_MISMATCH" in str(refused):
            raise SettingsError("tls.key does not belong to tls.certificate") from None
        raise SettingsError("tls.key is not a PEM key without a passphrase") from None
    except OSError:
        raise SettingsError("tls.certificate or tls.key can't be read") from None
