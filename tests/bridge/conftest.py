"""One service for the session; for each test a laboratory with a profile of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import compiled_once
import pytest
from bridge.world import Laboratory
from cli_world import Ended, Practice, Service, clean_environment, command
from forked import programs

if TYPE_CHECKING:
    from collections.abc import Iterator

compiled_once.install()

JEANNE = ("jeanne@exemple.fr", "Durand", "Jeanne Marie", "02/03/1961", "F")
PAUL = ("paul@exemple.fr", "Le Goff-Œuvrard", "Paul", "11/12/1950", "M")
MEDECIN = ("anne.petit@medecins.example", "Petit", "Anne", "01/01/1970", "F")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service."""
    folder = tmp_path_factory.mktemp("service")
    home = tmp_path_factory.mktemp("home")
    with Service(folder, clean_environment(home), command()) as running:
        yield running


@pytest.fixture(scope="session")
def founded(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Practice:
    """A laboratory's profile without a passphrase, and three people of its address book."""
    folder = tmp_path_factory.mktemp("laboratory")

    def run(*arguments: str | Path, env: dict[str, str] | None = None, **_: object) -> Ended:
        ended = programs.run(
            command(*arguments),
            input="",
            env=service.environment | (env or {}),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    made = Practice(run, service, folder / "profile", folder / "none", folder)
    ended = made.create("--no-passphrase", name="Laboratoire des Tilleuls")
    assert ended.code == 0, ended.err
    for address, birth_name, given_names, birth_date, sex in (JEANNE, PAUL, MEDECIN):
        ended = made.run(
            "invite", address, "--birth-name", birth_name, "--given-names", given_names,
            "--birth-date", birth_date, "--sex", sex, "--consent", "oral",
            "--letter", made.letter(address), "--json",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    return made


@pytest.fixture
def laboratory(founded: Practice, tmp_path: Path) -> Laboratory:
    """The profile as it was founded, in a copy of its own, with one account."""
    shutil.copytree(founded.profile, tmp_path / "profile")
    made = Laboratory(founded.service, tmp_path / "profile", founded.folder)
    made.password = made.add_account()
    return made
