"""`souspli demo --days 31` tells the whole story of a letter that nobody answers."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cli_world import Ended, clean_environment, command

if TYPE_CHECKING:
    pass


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    home = tmp_path_factory.mktemp("home")
    ended = subprocess.run(
        command("demo", "--days", "31"),
        env=clean_environment(home) | {"TMPDIR": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert not list(home.glob("souspli-demo-*")), "something is left behind"
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_invited_reminded_not_collected_purged_certified_in_this_order(told: Ended) -> None:
    assert told.code == 0, told.err
    days = [line for line in told.out.splitlines() if line.startswith("── Jour")]
    assert days == [f"── Jour {day} ──" for day in (0, 3, 10, 20, 26, 27, 31)]
    wanted = (
        "Un document vous attend – A document",
        "Rappel : un document vous attend",
        "Pas retiré depuis 26 jours",
        "tout a été effacé le",
        "Signé par le service, vérifié",
        "Plus aucun fichier du service ne contient",
    )
    places = [told.out.index(one) for one in wanted]
    assert places == sorted(places)


def test_the_page_about_it_shows_what_it_prints(told: Ended, thirty_days: str) -> None:
    shown = [line for line in thirty_days.splitlines() if line.startswith("── Jour")]
    assert shown == [line for line in told.out.splitlines() if line.startswith("── Jour")]


@pytest.fixture(scope="module")
def thirty_days(pytestconfig: pytest.Config) -> str:
    return (pytestconfig.rootpath / "docs" / "thirty-days.md").read_text(encoding="utf-8")
