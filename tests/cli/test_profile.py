"""The profile: private from its first moment, and refused where it is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from souspli_cli import profile
from souspli_cli.errors import Refused, WrongUsage

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Souspli


def make(souspli: Souspli, folder: Path, *more: str) -> None:
    ended = souspli(
        "init",
        "--service",
        "https://souspli.example",
        "--profile",
        folder,
        "--no-passphrase",
        *more,
    )
    assert ended.code == 0, ended.err


def test_a_profile_is_readable_by_its_owner_only_whatever_the_umask(
    souspli: Souspli, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        make(souspli, tmp_path / "profile")
    finally:
        os.umask(before)
    for path in [tmp_path / "profile", *(tmp_path / "profile").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_without_a_passphrase_the_user_is_warned(souspli: Souspli, tmp_path: Path) -> None:
    ended = souspli(
        *["init", "--service", "https://souspli.example", "--no-passphrase", "--quiet"],
        *["--profile", tmp_path / "profile"],
    )
    assert "device.key" in ended.err


def test_without_a_terminal_a_passphrase_has_to_be_given(souspli: Souspli, tmp_path: Path) -> None:
    arguments = ["init", "--service", "https://souspli.example", "--json", "--profile"]
    ended = souspli(*arguments, tmp_path / "profile")
    assert (ended.code, ended.error) == (2, "nobody-to-ask")
    assert not (tmp_path / "profile").exists()


def test_a_weak_passphrase_makes_no_profile(souspli: Souspli, tmp_path: Path) -> None:
    (tmp_path / "weak").write_text("souspli2026\n")
    arguments = ["init", "--service", "https://souspli.example", "--json"]
    arguments += ["--passphrase-file", str(tmp_path / "weak"), "--profile"]
    ended = souspli(*arguments, tmp_path / "profile")
    assert (ended.code, ended.error) == (1, "passphrase-weak")
    assert not (tmp_path / "profile").exists()


def test_a_profile_is_never_made_over_another(souspli: Souspli, tmp_path: Path) -> None:
    make(souspli, tmp_path / "profile")
    key = (tmp_path / "profile" / "device.key").read_bytes()
    arguments = ["init", "--service", "https://other.example", "--no-passphrase", "--json"]
    ended = souspli(*arguments, "--profile", tmp_path / "profile")
    assert (ended.code, ended.error) == (1, "profile-exists")
    assert (tmp_path / "profile" / "device.key").read_bytes() == key


def test_the_default_folder_is_of_the_user_s_data(souspli: Souspli, tmp_path: Path) -> None:
    arguments = ["init", "--service", "https://souspli.example", "--no-passphrase", "--json"]
    ended = souspli(*arguments, env={"XDG_DATA_HOME": str(tmp_path)})
    assert ended.json["profile"] == str(tmp_path / "souspli")


@pytest.mark.parametrize(
    "url",
    [
        *["http://souspli.example", "http://192.168.1.10:8470", "ftp://souspli.example"],
        *["souspli.example", "https://", "https://u:p@souspli.example", "https://a.b/path"],
        *["https://a.b/?q", "https://a.b/#f", "https://[::1", "http://127.0.0.1.evil.example"],
        *["http://localhost.evil.example", "https://a.b:port"],
    ],
)
def test_a_service_is_https_or_this_very_machine(url: str) -> None:
    with pytest.raises(WrongUsage):
        profile.checked_service(url)


@pytest.mark.parametrize(
    "url",
    [
        *["https://souspli.example", "https://souspli.example:8443", "http://127.0.0.1:8470"],
        *["http://localhost:1", "http://[::1]:8470", "http://souspli.localhost"],
    ],
)
def test_https_and_loopback_are_taken(url: str) -> None:
    assert profile.checked_service(url + "/") == url


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "file_version_unknown"),
        ("version = 2\n", "file_version_unknown"),
        ("version = 1\n", "file_damaged"),
        ("version = ", "file_damaged"),
        ('version = 1\nservice = "https://a.b"\norigin = "a.b"\npage = "https://a.b"\nx = 1\n',) * 1
        + ("file_damaged",),
    ],
)
def test_a_damaged_or_newer_profile_is_refused_by_name(
    souspli: Souspli, tmp_path: Path, content: str, name: str
) -> None:
    make(souspli, tmp_path / "profile")
    (tmp_path / "profile" / "profile.toml").write_text(content)
    with pytest.raises(Refused) as refused:
        profile.find(tmp_path / "profile")
    assert refused.value.name == name


def test_an_edited_service_without_tls_is_refused(souspli: Souspli, tmp_path: Path) -> None:
    make(souspli, tmp_path / "profile")
    path = tmp_path / "profile" / "profile.toml"
    path.write_text(path.read_text().replace("https://souspli", "http://souspli"))
    with pytest.raises(WrongUsage):
        profile.find(tmp_path / "profile")


def test_a_profile_that_others_can_read_is_refused(souspli: Souspli, tmp_path: Path) -> None:
    make(souspli, tmp_path / "profile")
    (tmp_path / "profile").chmod(0o755)
    with pytest.raises(Refused) as refused:
        profile.find(tmp_path / "profile")
    assert refused.value.name == "readable_by_others"


def test_where_there_is_no_profile_the_command_that_makes_one_is_named(
    souspli: Souspli, tmp_path: Path
) -> None:
    ended = souspli("sent", "--profile", tmp_path / "none", "--json")
    assert (ended.code, ended.error) == (1, "no-profile")
    assert "souspli org create" in ended.err
