"""The service with a certificate of its own: refused when wrong, renewed as it changes."""

from __future__ import annotations

import asyncio
import signal
import ssl
from pathlib import Path

import pytest
from simulation.certificates import draw_certificate
from simulation.process import started
from simulation.service import free_port, running

from souspli_mailbox.errors import SettingsError
from souspli_mailbox.settings import Settings, TlsSettings, load
from souspli_mailbox.tls import ServerTls, is_for, read_certificate


def written(folder: Path, *names: str, days: int = 90) -> TlsSettings:
    """Write a new certificate and its key over what stands in the folder."""
    drawn = draw_certificate(*names or ("localhost",), days=days)
    files = TlsSettings(certificate=folder / "certificate.pem", key=folder / "key.pem")
    assert files.certificate is not None
    assert files.key is not None
    files.certificate.write_bytes(drawn.certificate)
    files.key.touch(0o600)
    files.key.write_bytes(drawn.key)
    return files


def trusting(files: TlsSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files.certificate)


async def greet(port: int, trust: ssl.SSLContext) -> ssl.SSLObject:
    """Connect, as a browser would; return what was agreed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    agreed: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.close()
    return agreed


async def test_it_serves_tls_and_takes_a_renewed_certificate_without_a_restart(
    tmp_path: Path,
) -> None:
    files = written(tmp_path, "127.0.0.1")
    tls = ServerTls(files)
    port = free_port()
    page = f"https://localhost:{port}/"
    async with running(tmp_path / "data", tls=files, page=page, listen_port=port):
        agreed = await greet(port, trusting(files))
        assert agreed.version() in {"TLSv1.2", "TLSv1.3"}
        assert agreed.selected_alpn_protocol() in {None, "http/1.1"}
    server = await asyncio.start_server(_echo, "127.0.0.1", 0, ssl=tls.context)
    where = server.sockets[0].getsockname()[1]
    old = trusting(files)
    await _shake(where, old)
    # Half a pair is not taken.
    key = files.key
    assert key is not None
    kept = key.read_bytes()
    written(tmp_path, "127.0.0.1")
    fresh_key = key.read_bytes()
    key.write_bytes(kept)
    tls.renew(files)
    await _shake(where, old)
    # The whole pair is, by connections to come.
    key.write_bytes(fresh_key)
    tls.renew(files)
    await _shake(where, trusting(files))
    with pytest.raises(ssl.SSLCertVerificationError):
        await _shake(where, old)
    server.close()
    await server.wait_closed()


async def _echo(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def _shake(port: int, trust: ssl.SSLContext) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    writer.close()
    await writer.wait_closed()


async def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    files = written(tmp_path, "127.0.0.1")
    server = await asyncio.start_server(_echo, "127.0.0.1", 0, ssl=ServerTls(files).context)
    old = trusting(files)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _shake(server.sockets[0].getsockname()[1], old)
    server.close()
    await server.wait_closed()


def test_what_will_not_do_is_refused_in_the_setting_s_words(tmp_path: Path) -> None:
    files = written(tmp_path)
    certificate, key = files.certificate, files.key
    assert certificate is not None
    assert key is not None
    good_key = key.read_bytes()

    def refused() -> str:
        with pytest.raises(SettingsError) as found:
            ServerTls(files)
        return str(found.value)

    key.write_bytes(draw_certificate("localhost").key)
    assert refused() == "tls.key does not belong to tls.certificate"
    key.write_bytes(b"no key")
    assert "tls.key" in refused()
    key.write_bytes(good_key)
    key.chmod(0o644)
    assert "chmod 600" in refused()
    key.chmod(0o600)
    ServerTls(files)
    certificate.write_bytes(b"no certificate")
    assert "PEM" in refused()
    certificate.unlink()
    assert refused() == "tls.certificate can't be read"
    written(tmp_path, days=-1)
    assert "expired" in refused()
    with pytest.raises(SettingsError):
        load(None, {"SOUSPLI_MAILBOX_DATA": "x", "SOUSPLI_MAILBOX_TLS_KEY": "y"})
    with pytest.raises(SettingsError, match="page"):
        Settings(data=tmp_path, tls=files, page="http://127.0.0.1/")


def test_a_certificate_is_for_the_names_that_it_bears(tmp_path: Path) -> None:
    found = read_certificate(written(tmp_path, "souspli.example", "*.lab.example"))
    assert is_for(found, "souspli.example")
    assert is_for(found, "a.lab.example")
    assert not is_for(found, "a.b.lab.example")
    assert not is_for(found, "lab.example")
    assert not is_for(found, "another.example")


async def test_workers_serve_tls_as_well(tmp_path: Path) -> None:
    files = written(tmp_path, "127.0.0.1", "localhost")
    text = f"workers = 2\n[tls]\ncertificate = '{files.certificate}'\nkey = '{files.key}'\n"
    async with started(tmp_path / "data", text=text, scheme="https") as process:
        await greet(process.settings.listen_port, trusting(files))
        process.running.send_signal(signal.SIGTERM)
        assert await process.running.wait() == 0
