"""Settings: a file, the environment on top, and nothing that is not a setting."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from souspli_mailbox.errors import SettingsError
from souspli_mailbox.settings import DatabaseSettings, MailSettings, Settings, load

FILE = """
data = "/srv/souspli"
origin = "souspli.example"
page = "https://souspli.example/"
[mail]
host = "relay.example"
port = 587
[limits]
session_seconds = 3600
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "souspli.toml"
    path.write_text(FILE)
    return path


def test_the_file_says_and_the_environment_overrides(file: Path) -> None:
    settings = load(
        file,
        {
            "SOUSPLI_MAILBOX_LISTEN_PORT": "8080",
            "SOUSPLI_MAILBOX_MAIL_PORT": "2525",
            "SOUSPLI_MAILBOX_SERVE_PAGE": "false",
            "SOUSPLI_PROFILE": "/home/me",
            "PATH": "/bin",
        },
    )
    assert settings.data == Path("/srv/souspli")
    assert (settings.listen_port, settings.serve_page) == (8080, False)
    assert settings.mail == MailSettings(host="relay.example", port=2525)
    assert settings.limits.session_seconds == 3600
    assert settings.mail_sender == "no-reply@souspli.example"
    assert settings.page_origin == "https://souspli.example"


@pytest.mark.parametrize(
    "environment",
    [
        {"SOUSPLI_MAILBOX_LISTEN_PROT": "8080"},
        {"SOUSPLI_MAILBOX_MAIL_HOTS": "relay"},
        {"SOUSPLI_MAILBOX_LISTEN_PORT": "70000"},
        {"SOUSPLI_MAILBOX_LISTEN_PORT": "http"},
        {"SOUSPLI_MAILBOX_ORIGIN": "Souspli.Example"},
        {"SOUSPLI_MAILBOX_ORIGIN": "souspli.example:443"},
        {"SOUSPLI_MAILBOX_PAGE": "http://souspli.example/"},
        {"SOUSPLI_MAILBOX_PAGE": "https://souspli.example/app"},
        {"SOUSPLI_MAILBOX_PAGE": "https://user@souspli.example/"},
        {"SOUSPLI_MAILBOX_PAGE": "nowhere"},
        {"SOUSPLI_MAILBOX_MAIL_TLS": "maybe"},
        {"SOUSPLI_MAILBOX_MAIL_TLS": "none", "SOUSPLI_MAILBOX_MAIL_USER": "me"},
        {"SOUSPLI_MAILBOX_LIMITS_SESSION_SECONDS": "1"},
    ],
)
def test_what_is_misspelt_or_wrong_is_refused(file: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load(file, environment)


def test_a_list_has_commas_in_the_environment(file: Path) -> None:
    name = "SOUSPLI_MAILBOX_STORE_ALLOWED_REGIONS"
    assert load(file, {name: "fr-par, eu-*,"}).store.allowed_regions == ("fr-par", "eu-*")
    assert load(file, {name: ""}).store.allowed_regions == ()


@pytest.mark.parametrize(
    "text", ["data = ", 'data = "/srv"\nunknown = 1', "[mail]\nhost = 1", "\udcff", ""]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "souspli.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError):
        load(path, {})
    with pytest.raises(SettingsError):
        load(tmp_path / "nothing.toml", {})


@pytest.mark.parametrize(
    "page", ["http://127.0.0.1:8470/", "http://localhost:1/", "http://[::1]:8470/", "https://a.fr"]
)
def test_http_is_for_this_machine_only(tmp_path: Path, page: str) -> None:
    assert Settings(data=tmp_path, page=page).page == page


def test_the_relay_s_password_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    assert MailSettings(password_file=secret).password() == "correct horse"
    assert MailSettings().password() is None
    with pytest.raises(SettingsError):
        MailSettings(password_file=tmp_path / "nothing").password()


@pytest.mark.parametrize(
    ("url", "host", "port", "local"),
    [
        ("postgresql://mail@db.example.org/souspli", "db.example.org", 5432, False),
        ("postgresql://mail@db.example.org:6432/souspli", "db.example.org", 6432, False),
        ("postgresql://mail@127.0.0.1/souspli", "127.0.0.1", 5432, True),
        ("postgresql://mail@[::1]:1/souspli", "::1", 1, True),
        ("postgresql://mail@/souspli?host=/run/postgresql", "/run/postgresql", 5432, True),
    ],
)
def test_a_database_is_named_by_its_address(url: str, host: str, port: int, local: bool) -> None:
    settings = load(
        environment={"SOUSPLI_MAILBOX_DATA": "/data", "SOUSPLI_MAILBOX_DATABASE_URL": url}
    )
    address = settings.database.address
    assert address is not None
    assert (address.user, address.host, address.port, address.name, address.is_local) == (
        *("mail", host, port, "souspli"),
        local,
    )
    assert "mail" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mail:hunter2@db.example.org/souspli",
        "postgres://mail@db.example.org/souspli",
        "sqlite:///souspli",
        "postgresql://db.example.org/souspli",
        "postgresql://mail@db.example.org",
        "postgresql://mail@/souspli",
        "postgresql://mail@db.example.org/souspli?host=/run",
        "postgresql://mail@db.example.org/souspli?sslmode=disable",
        "postgresql://mail@db.example.org/souspli#x",
        "postgresql://mail@db.example.org:port/souspli",
        "postgresql://mail@[::1/souspli",
    ],
)
def test_another_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(environment={"SOUSPLI_MAILBOX_DATA": "/data", "SOUSPLI_MAILBOX_DATABASE_URL": url})
    told = str(refused.value)
    assert told.startswith("database.url")
    assert "hunter2" not in told
    assert "db.example.org" not in told


def test_a_database_s_password_stands_alone_in_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    assert DatabaseSettings(password_file=secret).password() == "correct horse"
    with pytest.raises(SettingsError, match=r"database\.password_file"):
        DatabaseSettings(password_file=tmp_path / "nothing").password()


def test_a_sender_s_name_leaves_room_for_the_token_of_a_return_path() -> None:
    for length, fits in ((24, True), (25, False)):
        sender = "a" * length + "@souspli.example"
        with contextlib.nullcontext() if fits else pytest.raises(SettingsError, match="sender"):
            Settings(data=Path(), mail=MailSettings(sender=sender))
