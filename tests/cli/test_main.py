"""The program itself: cold start, help, every wrong use, the last resort."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import click
import pytest
from cli_world import clean_environment, command

from souspli_cli import run
from souspli_cli.main import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Souspli


def test_the_version_is_told_before_click_or_the_network_are_imported(home: Path) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "souspli_cli", "--version"]
    told = subprocess.run(
        line, env=clean_environment(home), capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("souspli ")
    imported = {row.rpartition("|")[2].strip() for row in told.stderr.splitlines()}
    assert "souspli_cli.main" in imported
    assert imported.isdisjoint({"click", "aiohttp", "asyncio", "nacl", "cryptography", "msgspec"})


def test_the_version_told_is_the_package_s() -> None:
    assert metadata.version("souspli") == VERSION


def test_help_of_a_verb_imports_no_http_client(home: Path) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "souspli_cli", "sent", "--help"]
    told = subprocess.run(
        line, env=clean_environment(home), capture_output=True, text=True, check=True
    )
    assert "aiohttp" not in told.stderr


# Each of them costs a noticeable part of a second, and most commands need none of them.
IMPORTED_BY_WHO_USES_THEM = {
    *("aiohttp", "aiosmtplib", "alembic", "boto3", "botocore", "fpdf", "lxml", "magic"),
    *("prometheus_client", "psycopg", "pylibmagic", "pypdf", "rich", "segno", "sqlalchemy"),
    *("stdnum", "structlog"),
}


def test_no_verb_imports_what_it_may_not_need_before_it_runs(home: Path) -> None:
    program = """
import sys
from importlib import import_module
from souspli_cli.run import VERBS
for place in VERBS.values():
    import_module(place.partition(":")[0])
print(*{name.partition(".")[0] for name in sys.modules})
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(told.stdout.split())
    assert {"souspli_cli", "click"} <= imported
    assert imported & IMPORTED_BY_WHO_USES_THEM == set()


def test_help_imports_no_verb(home: Path) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "souspli_cli", "--help"]
    told = subprocess.run(
        line, env=clean_environment(home), capture_output=True, text=True, check=True
    )
    imported = {row.rpartition("|")[2].strip() for row in told.stderr.splitlines()}
    assert "souspli_cli.run" in imported
    assert imported.isdisjoint(place.partition(":")[0] for place in run.VERBS.values())
    assert imported.isdisjoint({"asyncio", "cryptography", "msgspec", "nacl"})


def test_without_a_verb_the_verbs_are_listed(souspli: Souspli) -> None:
    bare, asked = souspli(), souspli("--help")
    assert (bare.code, asked.code) == (2, 0)
    assert bare.out == asked.out
    for name in run.VERBS:
        assert f"  {name} " in asked.out


@pytest.mark.parametrize("verb", ["init", "invite", "send", "sent", "serve", "admit"])
def test_help_is_in_the_language_that_was_asked_for(souspli: Souspli, verb: str) -> None:
    french, english = souspli(verb, "--help"), souspli(verb, "--lang", "en", "--help")
    assert french.out.startswith("Utilisation :")
    assert english.out.startswith("Usage:")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["sned", "--json"], "no-such-verb"),
        (["sent", "--jsno", "--json"], "no-such-option"),
        (["init", "--json"], "option-missing"),
        (["sent", "--limit", "many", "--json"], "option-not-understood"),
        (["invite", "--json"], "option-missing"),
        (["sent", "extra", "--json"], "not-understood"),
        (["send", "--json"], "nothing-to-send"),
        (["send", "a.pdf", "--json"], "no-recipient"),
        (["send", "a.pdf", "--to", "a@b.fr", "--resume", "--json"], "resume-alone"),
        (["serve", "--listen", "8470", "--json"], "listen-not-understood"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(
    souspli: Souspli, arguments: list[str], name: str
) -> None:
    ended = souspli(*arguments)
    assert ended.code == 2
    assert ended.error == name
    assert ended.err.strip() == ended.json["error"]["message"]


def test_a_fault_of_ours_shows_constant_words_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise RuntimeError("Jeanne Durand, 02/03/1961")

    monkeypatch.delenv("SOUSPLI_DEBUG", raising=False)
    monkeypatch.setattr(run.verb.Verbs, "get_command", lambda *_: broken)
    monkeypatch.setattr(run.resource, "setrlimit", lambda *_: None)
    assert run.run(["broken"]) == 1
    said = capsys.readouterr()
    assert "Durand" not in said.err + said.out
    assert "Traceback" not in said.err
    assert "SOUSPLI_DEBUG" in said.err


def test_no_memory_of_the_program_can_be_dumped_to_a_disk(home: Path) -> None:
    code = (
        "import resource; from souspli_cli.run import run; run(['--help']);"
        "print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.endswith("(0, 0)\n")


def test_a_reader_that_goes_away_is_no_traceback(home: Path) -> None:
    process = subprocess.Popen(
        command("--help"),
        env=clean_environment(home) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(30)
