"""A service whose rows are on a PostgreSQL server, and one that has no more room for a practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice, Souspli
    from simulation.databases import PostgresqlServer

URL = "SOUSPLI_MAILBOX_DATABASE_URL"


@pytest.mark.parametrize("verb", ["serve", "admit"])
def test_a_server_that_is_not_there_is_told_without_naming_it(
    souspli: Souspli, tmp_path: Path, verb: str
) -> None:
    url = f"postgresql://somebody@/somewhere?host={tmp_path}/nowhere"
    ended = souspli(verb, "--data", tmp_path / "data", "--json", env={URL: url})
    assert (ended.code, ended.error) == (1, "service-database")
    for word in ("somebody", "somewhere", "nowhere"):
        assert word not in ended.out + ended.err
    assert "[database]" in souspli(verb, "--data", tmp_path / "data", env={URL: url}).err


@pytest.mark.parametrize("verb", ["serve", "admit"])
def test_a_password_in_the_address_is_refused_and_never_repeated(
    souspli: Souspli, tmp_path: Path, verb: str
) -> None:
    url = "postgresql://somebody:hunter2@localhost/somewhere"
    ended = souspli(verb, "--data", tmp_path / "data", env={URL: url})
    assert ended.code == 1
    assert "password_file" in ended.err
    assert "hunter2" not in ended.out + ended.err


def test_a_password_file_that_is_not_there_is_named_by_its_setting(
    souspli: Souspli, tmp_path: Path
) -> None:
    env = {
        URL: "postgresql://somebody@localhost/somewhere",
        "SOUSPLI_MAILBOX_DATABASE_PASSWORD_FILE": str(tmp_path / "nothing"),
    }
    ended = souspli("admit", "--data", tmp_path / "data", env=env)
    assert ended.code == 1
    assert "database.password_file" in ended.err


def test_a_code_is_drawn_on_any_machine_that_reaches_the_database(
    souspli: Souspli, postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    """Without the service's data folder, and on an empty database, which is migrated."""
    with postgresql.empty() as settings:
        env = {URL: settings.url}
        if settings.password_file is not None:
            env["SOUSPLI_MAILBOX_DATABASE_PASSWORD_FILE"] = str(settings.password_file)
        drawn = [souspli("admit", "--data", tmp_path / "d", "--json", env=env) for _ in range(2)]
        assert [one.code for one in drawn] == [0, 0], drawn[0].err
        assert len({one.json["admission_code"] for one in drawn}) == 2
    assert not (tmp_path / "d").exists()


def test_beyond_its_quota_a_practice_keeps_the_sealed_document_and_sends_it_later(
    practice: Practice, tmp_path: Path
) -> None:
    service = practice.service
    to = "quota@courriel.example"
    assert practice.invite(address=to).code == 0
    file = tmp_path / "suite.txt"
    file.write_text("la suite", encoding="utf-8")
    service.stop()
    service.start(SOUSPLI_MAILBOX_LIMITS_ORGANISATION_BYTES="1")
    refused = practice.send(file, to=to)
    assert (refused.code, refused.error) == (75, "kept-quota")
    service.stop()
    service.start()
    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
