"""The texts: complete in both languages, all used, harmless whatever is put into them."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import souspli_cli
from souspli_cli import run, words, worklist
from souspli_cli.bridge import reasons
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.pdf import words as pdf_words
from souspli_cli.bridge.people import address_import
from souspli_cli.bridge.verbs import quarantine as quarantine_verbs
from souspli_cli.examine import Finding
from souspli_cli.fates import Fate
from souspli_cli.intake import values
from souspli_cli.verb import Verb, Verbs, option_words
from souspli_cli.words import Language
from souspli_cli.worklist_rules import Bounce, Kind
from souspli_exchange.manifest import Priority
from souspli_exchange.offline_inspect import NotOurs
from souspli_exchange.ports.states import DeliveryState
from souspli_keys.statements import Role
from souspli_mailbox.findings import Level, Topic
from souspli_mailbox.given import Source
from souspli_storage.s3_check import Trial

FRENCH = words.load(Language.FRENCH)
ENGLISH = words.load(Language.ENGLISH)
SOURCES = [
    path.read_text(encoding="utf-8") for path in Path(souspli_cli.__file__).parent.rglob("*.py")
]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ENDS = {"Refused", "WrongUsage", "Temporary", "ProgramMissing"}


def constants() -> set[str]:
    """Every text constant of the code, and the keys that are put together in it."""
    found = {
        node.value
        for source in SOURCES
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found |= {f"send.finding_{finding.value}" for finding in Finding}
    found |= {f"inspect.refused_{reason.value}" for reason in NotOurs}
    found.add("inspect.refused_other_length")
    found |= {f"storage.{what}_{one.value}" for what in ("tried", "without") for one in Trial}
    found |= {f"check.from_{source.value}" for source in Source}
    found |= {f"check.level_{level.value}" for level in Level}
    found |= {f"check.{topic.value}" for topic in Topic}
    for prefix in ("sent.withdrawn_", "withdraw.fate_"):
        found |= {f"{prefix}{fate.value}" for fate in Fate}
    found |= {f"worklist.{what}_{kind.value}" for what in ("what", "do") for kind in Kind}
    found |= {f"worklist.why_{reason.value}" for reason in Bounce}
    found |= {f"bridge.reason_{reason}" for reason in reasons.ALL}
    found |= {f"bridge.finding_{finding.value}" for finding in values.Finding}
    found |= {f"bridge.finding_{word}" for word in pdf_words.ALL}
    found |= {f"bridge.show_change_{change.value}" for change in values.Change}
    found |= {f"bridge.show_{name}" for name in quarantine_verbs.SHOWN}
    found |= {f"bridge.trait_{name}" for name in quarantine_verbs.TRAITS}
    found |= {f"bridge.bad_{reason}" for reason in address_import.REASONS}
    states = {state.value.replace("-", "_") for state in State}
    found |= {f"bridge.{what}_{state}" for what in ("is", "state") for state in states}
    found |= {f"worklist.urgency_{priority.value}" for priority in Priority}
    found |= {f"worklist.csv_{column}" for column in worklist.COLUMNS}
    found |= {f"org_members.role_{role.value}" for role in Role}
    return found | {f"sent.state_{state.value}" for state in DeliveryState}


def ends() -> set[str]:
    """The name of every end of a command that the code can raise."""
    return {
        node.args[0].value.replace("-", "_")
        for source in SOURCES
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ENDS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def verbs() -> list[Verb]:
    found: list[Verb] = []

    def collect(group: Verbs) -> None:
        for name in group.verbs:
            command = group.get_command(click.Context(group), name)
            if isinstance(command, Verbs):
                collect(command)
            elif isinstance(command, Verb):
                found.append(command)

    collect(Verbs("souspli", {k: v for k, v in run.VERBS.items() if k != "demo"}, words_key="main"))
    return found


@pytest.mark.parametrize("language", Language)
def test_sections_parsed_one_by_one_hold_what_the_whole_file_holds(language: Language) -> None:
    path = Path(words.__file__).with_name("texts") / f"{language.value}.toml"
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = words.load(language).texts
    assert texts["seal.done"] == whole["seal"]["done"]
    assert dict(texts) == dict(leaves(whole))


def leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value.strip("\n")


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    assert FRENCH.texts.keys() == ENGLISH.texts.keys()
    for key, text in FRENCH.texts.items():
        assert placeholders(text) == placeholders(ENGLISH.texts[key]), key


def test_every_text_is_used() -> None:
    found = constants()
    names = {f"error.{name.replace('-', '_')}" for name in found}
    plain = {key for key in FRENCH.texts if not key.startswith("help.")}
    assert plain - found - names == set()


def test_every_text_that_the_code_names_exists() -> None:
    assert {f"error.{name}" for name in ends()} - FRENCH.texts.keys() == set()
    sections = {key.partition(".")[0] for key in FRENCH.texts} - {"demo"}
    looks_like_a_key = re.compile(rf"({'|'.join(sections)})\.[a-z_]+(\.[a-z_]+)?")
    named = {text for text in constants() if looks_like_a_key.fullmatch(text)} - {"bridge.toml"}
    assert {n for n in named if n not in FRENCH.texts and not n.endswith("_")} == set()


def test_every_verb_and_option_is_explained_in_both_languages() -> None:
    for say in (FRENCH, ENGLISH):
        for verb in verbs():
            assert say.get(f"help.{verb.words_key}.about")
            for parameter in verb.params:
                assert option_words(say, verb.words_key, parameter), (verb.name, parameter.name)


def test_no_explanation_is_left_of_an_option_that_is_gone() -> None:
    known = {verb.words_key: {p.name for p in verb.params} for verb in verbs()}
    everywhere = set().union(*known.values())
    for key in FRENCH.texts:
        section, verb, name = (*key.split(".", 2), "", "")[:3]
        if section != "help" or not name or name in {"about", "example"}:
            continue
        if verb == "common":
            assert name in everywhere, key
        elif verb in known:
            assert name in known[verb], key


@pytest.mark.parametrize("character", ["\x1b", "\r", "\n", "\u202e", "\u2066", "\u200b", "\x9b"])
def test_a_value_can_not_steer_the_terminal(character: str) -> None:
    shown = FRENCH("error.file_not_found", path=f"a{character}b")
    assert character not in shown
    assert "a\ufffdb" in shown


def test_braces_in_a_value_are_only_text() -> None:
    assert "{path}" in FRENCH("error.file_not_found", path="{path}")


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, Language.FRENCH),
        ([], {"LANG": "en_GB.UTF-8"}, Language.ENGLISH),
        ([], {"LANG": "de_DE.UTF-8"}, Language.FRENCH),
        ([], {"LANG": "C.UTF-8"}, Language.FRENCH),
        ([], {"LC_ALL": "en", "LANG": "fr_FR"}, Language.ENGLISH),
        ([], {"SOUSPLI_LANG": "fr", "LC_ALL": "en"}, Language.FRENCH),
        (["sent", "--lang", "en"], {"SOUSPLI_LANG": "fr"}, Language.ENGLISH),
        (["sent", "--lang=en"], {}, Language.ENGLISH),
        (["send", "--", "--lang=en"], {}, Language.FRENCH),
    ],
)
def test_the_language_is_chosen_by_option_then_environment_then_locale(
    arguments: list[str],
    environment: dict[str, str],
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SOUSPLI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert words.choose(arguments) is language
