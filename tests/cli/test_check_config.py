"""`souspli check-config` says where settings come from, and finds what would fail later."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from simulation.certificates import draw_certificate
from simulation.relay import running_relay
from simulation.service import free_port

from souspli_cli.run import run
from souspli_mailbox.check import check
from souspli_mailbox.database import open_database
from souspli_mailbox.findings import LEVELS, Finding, Level, Topic
from souspli_mailbox.settings import LimitSettings, MailSettings, Settings, TlsSettings
from souspli_mailbox.store import open_blobs
from souspli_mailbox.store_settings import StoreSettings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service that has run once."""
    settings = Settings(data=tmp_path / "data", serve_page=False)
    open_database(settings).close()
    open_blobs(settings)
    return settings


async def found(settings: Settings, *, now: float | None = None) -> dict[Topic, Finding]:
    return {
        one.topic: one async for one in check(settings, now=time.time() if now is None else now)
    }


def changed(settings: Settings, **values: Any) -> Settings:
    from msgspec.structs import replace  # noqa: PLC0415 (one place)

    return replace(settings, **values)


async def test_a_service_that_would_run_has_no_error(settings: Settings, tmp_path: Path) -> None:
    async with running_relay(tmp_path, offer="none") as relay:
        mail = MailSettings(host="127.0.0.1", port=relay.port, tls="none", timeout=10)
        topics = await found(changed(settings, mail=mail))
        assert not [one for one in topics.values() if one.level is Level.ERROR]
        assert {Topic.DATABASE_ANSWERS, Topic.STORE_ANSWERS, Topic.RELAY_ANSWERS} <= topics.keys()
        assert Topic.DATA_PRIVATE in topics
        # Nothing was sent.
        assert relay.handler.taken == []


async def test_what_is_wrong_is_found(settings: Settings) -> None:
    assert Topic.CLOCK_WRONG in await found(settings, now=1_000_000_000)
    settings.data.chmod(0o755)
    assert Topic.DATA_OPEN in await found(settings)
    settings.data.chmod(0o700)
    (settings.data / "mailbox.sqlite").write_bytes(b"this is no database, and longer than that")
    assert Topic.DATABASE_AWAY in await found(settings)
    documents = settings.data / "documents"
    documents.rename(settings.data / "elsewhere")
    documents.write_bytes(b"")
    assert Topic.STORE_AWAY in await found(settings)
    topics = await found(changed(settings, serve_page=True, origin="another.example"))
    assert Topic.PAGE_WRONG in topics
    assert Topic.ORIGIN_ELSEWHERE in topics


async def test_a_password_s_file_that_others_read_is_an_error(
    settings: Settings, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse")
    mail = MailSettings(password_file=secret, port=free_port())
    secret.chmod(0o644)
    assert Topic.FILE_OPEN in await found(changed(settings, mail=mail))
    secret.chmod(0o600)
    assert Topic.FILE_PRIVATE in await found(changed(settings, mail=mail))
    secret.unlink()
    assert Topic.FILE_UNREADABLE in await found(changed(settings, mail=mail))


async def test_mail_without_tls_is_for_this_machine(settings: Settings) -> None:
    near = MailSettings(tls="none", port=free_port())
    assert Topic.MAIL_WITHOUT_TLS in await found(changed(settings, mail=near))
    # A name that no server has (RFC 6761).
    far = MailSettings(tls="none", host="relay.invalid")
    assert Topic.MAIL_WITHOUT_TLS_AFAR in await found(changed(settings, mail=far))


async def test_a_relay_that_nobody_vouches_for_is_named(settings: Settings, tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        mail = MailSettings(host="127.0.0.1", port=relay.port, timeout=10)
        assert Topic.RELAY_CERTIFICATE in await found(changed(settings, mail=mail))


@pytest.mark.parametrize(
    ("values", "topic"),
    [
        ({"page": "http://127.0.0.1:1/"}, Topic.PAGE_HTTP),
        ({"listen_host": "0.0.0.0"}, Topic.LISTENS_OPENLY),  # noqa: S104 (that is what is found)
        ({"listen_host": "0.0.0.0", "behind_proxy": True}, Topic.FORWARDED_BY_ANYBODY),  # noqa: S104
        ({"page": "https://souspli.example/"}, Topic.PROXY_NOT_TOLD),
        ({"workers": 64}, Topic.WORKERS_MANY),
        ({"limits": LimitSettings(contents_bytes=2**50)}, Topic.DATA_LITTLE_ROOM),
        ({"store": StoreSettings(region="us-east-1")}, Topic.REGION_ELSEWHERE),
    ],
)
async def test_what_is_risky_is_a_warning(
    settings: Settings, values: dict[str, Any], topic: Topic
) -> None:
    mail = MailSettings(port=free_port())
    assert topic in await found(changed(settings, mail=mail, **values))
    assert LEVELS[topic] is Level.WARNING


async def test_a_certificate_is_looked_at_for_its_name_and_its_end(
    settings: Settings, tmp_path: Path
) -> None:
    files = TlsSettings(certificate=tmp_path / "certificate.pem", key=tmp_path / "key.pem")

    async def topics(*names: str, days: int) -> set[Topic]:
        drawn = draw_certificate(*names, days=days)
        (tmp_path / "certificate.pem").write_bytes(drawn.certificate)
        (tmp_path / "key.pem").touch(0o600)
        (tmp_path / "key.pem").write_bytes(drawn.key)
        mail = MailSettings(port=free_port())
        page = "https://souspli.example/"
        return {*await found(changed(settings, mail=mail, tls=files, page=page))}

    assert Topic.TLS_RIGHT in await topics("souspli.example", days=60)
    assert Topic.TLS_SOON in await topics("souspli.example", days=5)
    assert Topic.TLS_WRONG in await topics("souspli.example", days=-1)
    assert Topic.TLS_OTHER_NAME in await topics("another.example", days=60)


async def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    fresh = Settings(data=tmp_path / "data", serve_page=False, mail=MailSettings(port=free_port()))
    assert {Topic.DATA_MISSING, Topic.DATABASE_NEW, Topic.STORE_NEW} <= (await found(fresh)).keys()
    assert not fresh.data.exists()


def test_each_setting_has_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "souspli.toml"
    data = json.dumps(str(tmp_path / "data"))
    config.write_text(f"data = {data}\nserve_page = false\n[mail]\nhost = 'x.invalid'\n")
    monkeypatch.setenv("SOUSPLI_MAILBOX_MAIL_PORT", "2525")
    assert run(["check-config", "--config", str(config), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    sources = {one["name"]: (one["value"], one["source"]) for one in said["settings"]}
    assert sources["mail.port"] == ("2525", "environment")
    assert sources["mail.host"] == ("x.invalid", "file")
    # The file's word counts where nobody says more.
    assert sources["data"] == (str(tmp_path / "data"), "file")
    assert sources["workers"] == ("1", "default")
    assert {"name": "relay-away", "level": "error"}.items() <= next(
        one for one in said["findings"] if one["level"] == "error"
    ).items()


def test_a_setting_that_is_none_ends_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "souspli.toml"
    config.write_text("wrokers = 2\n")
    assert run(["check-config", "--config", str(config), "--lang", "en"]) == 1
    assert "wrokers" in capsys.readouterr().err
