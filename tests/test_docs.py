"""What the documentation shows can be typed, and what it points to exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from souspli_cli.main import command_line

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/vectors/*.md")]
    if "node_modules" not in path.parts
)
FENCE = re.compile(r"^```(?:console|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _shown_commands() -> list[tuple[str, list[str]]]:
    """Every `souspli …` and `make …` line of the fenced examples."""
    found: list[tuple[str, list[str]]] = []
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            joined = re.sub(r"\\\n\s*", " ", block)
            for line in joined.splitlines():
                if re.match(r"\$?\s*(souspli|make) ", line):
                    words = shlex.split(line.lstrip("$ "), comments=True)
                    found.append((page.relative_to(ROOT).as_posix(), words))
    return found


COMMANDS = _shown_commands()


def test_the_readme_shows_how_to_start() -> None:
    assert {("README.md", "demo"), ("README.md", "test")} <= {
        (page, words[1]) for page, words in COMMANDS if words[0] == "make"
    }


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=lambda part: str(part)[:60])
def test_every_command_shown_exists_with_its_options(page: str, words: list[str]) -> None:
    assert page
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = re.findall(r"^([\w-]+):", makefile, re.MULTILINE)
        assert words[1] in targets
        return
    command: click.Command = command_line()
    rest = words[1:]
    while isinstance(command, click.Group):
        context = click.Context(command)
        options = {name for option in command.params for name in option.opts}
        while rest and rest[0].startswith("-"):
            assert rest[0].split("=")[0] in options
            rest = rest[2:] if "=" not in rest[0] else rest[1:]
        assert rest, "a verb is missing"
        found = command.get_command(context, rest[0])
        assert found, rest[0]
        command, rest = found, rest[1:]
    options = {name for option in command.params for name in option.opts} | {"--help"}
    for word in rest:
        if word.startswith("--"):
            assert word.split("=")[0] in options


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken
