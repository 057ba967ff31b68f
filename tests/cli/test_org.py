"""Founding a practice: by a code, once, and to be taken up again wherever it stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cli_world import Practice

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Service, Souspli


@pytest.fixture
def newcomer(souspli: Souspli, service: Service, tmp_path: Path, passphrase_file: Path) -> Practice:
    """A practice that is not founded yet."""
    return Practice(souspli, service, tmp_path / "profile", passphrase_file, tmp_path)


@pytest.fixture
def code(souspli: Souspli, service: Service) -> str:
    """An admission code of the operator's."""
    ended = souspli("admit", "--data", service.folder / "data", "--json")
    assert ended.code == 0, ended.err
    given: str = ended.json["admission_code"]
    return given


def test_a_practice_is_founded_once_and_the_same_command_again_says_the_same(
    newcomer: Practice, code: str
) -> None:
    first = newcomer.create(code=code)
    assert first.code == 0, first.err
    before = {p.name: p.read_bytes() for p in newcomer.profile.iterdir() if p.is_file()}
    again = newcomer.create(code=code)
    assert again.json == first.json
    assert {p.name: p.read_bytes() for p in newcomer.profile.iterdir() if p.is_file()} == before
    assert "request.sealed" not in before
    for name, content in before.items():
        assert b"AGE-SECRET-KEY" not in content, name


def test_another_practice_never_takes_the_place_of_one(newcomer: Practice, code: str) -> None:
    assert newcomer.create(code=code).code == 0
    root = (newcomer.profile / "root.sealed").read_bytes()
    ended = newcomer.create(code=code, name="Cabinet des Lilas")
    assert (ended.code, ended.error) == (1, "account-exists")
    assert (newcomer.profile / "root.sealed").read_bytes() == root


def test_a_wrong_code_is_refused_and_a_right_one_then_taken(newcomer: Practice, code: str) -> None:
    # Well formed, and nobody's.
    wrong = newcomer.create(code="0000-0000-0000-0000")
    assert (wrong.code, wrong.error) == (1, "admission-code-refused")
    assert newcomer.create(code=code, name="Cabinet des Lilas").code == 0


def test_a_code_is_good_for_one_practice(newcomer: Practice, code: str, tmp_path: Path) -> None:
    assert newcomer.create(code=code).code == 0
    second = replace(newcomer, profile=tmp_path / "second")
    ended = second.create(code=code)
    assert (ended.code, ended.error) == (1, "admission-code-refused")


def test_a_mistyped_code_is_found_out_before_anything_is_made(newcomer: Practice) -> None:
    ended = newcomer.create(code="0000-0000-0000-0001")
    assert (ended.code, ended.error) == (1, "code-not-understood")
    assert not newcomer.profile.exists()


def test_with_the_service_away_everything_is_kept_and_the_same_command_ends_it(
    newcomer: Practice, code: str
) -> None:
    newcomer.service.stop()
    away = newcomer.create(code=code)
    assert (away.code, away.error) == (75, "away")
    root = (newcomer.profile / "root.sealed").read_bytes()
    differs = newcomer.create(code=code, name="Cabinet des Lilas")
    assert (differs.code, differs.error) == (1, "org-inputs-differ")
    newcomer.service.start()
    done = newcomer.create(code=code)
    assert done.code == 0, done.err
    assert (newcomer.profile / "root.sealed").read_bytes() == root
    assert newcomer.run("sent", "--json").code == 0


def test_an_answer_that_was_lost_is_asked_for_again(newcomer: Practice, code: str) -> None:
    """A crash after the service took it, before the profile knew: the same bytes, one account."""
    assert newcomer.create(code=code).code == 0
    settings = newcomer.profile / "profile.toml"
    kept = settings.read_text()
    settings.write_text("".join(x for x in kept.splitlines(True) if "account_number" not in x))
    # What the profile held before the answer came.
    from souspli_cli import account, keyfile, profile  # noqa: PLC0415  (for this test's surgery)

    passphrase = newcomer.passphrase_file.read_text().strip()
    device = keyfile.decode((newcomer.profile / "device.key").read_bytes(), passphrase)
    account.keep_request(profile.find(newcomer.profile), device, code=code.replace("-", ""))
    again = newcomer.create(code=code)
    assert again.code == 0, again.err
    assert settings.read_text() == kept


def test_a_service_of_another_name_is_told_nothing(newcomer: Practice, code: str) -> None:
    ended = newcomer.create("--origin", "other.example", code=code)
    assert (ended.code, ended.error) == (1, "service-is-another")


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--name", "", "text-empty"),
        ("--name", "x" * 201, "text-too-long"),
        ("--name", "Cabinet\u202egnp", "text-has-controls"),
        ("--phone", "15", "phone-not-understood"),
        ("--phone", "0" * 31, "phone-not-understood"),
        ("--address", "anne", "address-not-understood"),
        ("--rpps", "10003456789", "rpps-not-understood"),
        ("--rpps", "1", "rpps-not-understood"),
        ("--role", "bridge", "role-not-understood"),
        ("--postal-line", "x" * 101, "text-too-long"),
    ],
)
def test_what_no_statement_may_say_is_refused_before_anything_is_made(
    newcomer: Practice, option: str, value: str, name: str
) -> None:
    ended = newcomer.create(option, value, code="0000-0000-0000-0000")
    assert ended.error == name
    assert not newcomer.profile.exists()


def test_without_a_profile_the_service_has_to_be_named(souspli: Souspli, tmp_path: Path) -> None:
    arguments = ["org", "create", "--name", "A", "--phone", "0123", "--member-name", "B"]
    arguments += ["--address", "a@b.fr", "--code", "0000-0000-0000-0000", "--json"]
    ended = souspli(*arguments, "--profile", tmp_path / "none")
    assert (ended.code, ended.error) == (2, "no-service-given")


def test_a_code_for_a_service_that_is_not_there_is_not_made(
    souspli: Souspli, tmp_path: Path
) -> None:
    ended = souspli("admit", "--data", tmp_path / "none", "--json")
    assert (ended.code, ended.error) == (1, "service-data")
    assert not (tmp_path / "none").exists()


def test_two_services_never_listen_at_one_address(souspli: Souspli, service: Service) -> None:
    ended = souspli(
        *["serve", "--data", service.folder / "other", "--json"],
        *["--listen", f"127.0.0.1:{service.port}"],
        env={"SOUSPLI_MAILBOX_SERVE_PAGE": "false"},
    )
    assert (ended.code, ended.error) == (1, "listen-failed")


def test_a_service_that_is_told_to_stop_ends_well(service: Service) -> None:
    assert service.stop() == 0
    service.start()
