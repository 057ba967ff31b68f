"""The worklist as a person reads it, and as docs/cli.md shows it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from souspli_cli import words
from souspli_cli.addressbook import OwnInvitation, Patient, SentDocument, SentTo, Traits
from souspli_cli.terminal import Terminal
from souspli_cli.todo import to_do
from souspli_cli.words import Language
from souspli_cli.worklist import WIDTH, lines_of
from souspli_exchange.letter_clock import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
BEGAN = 1_795_953_600  # 29 November 2026, one in the afternoon in Paris
LATER = BEGAN + 26 * DAY


@pytest.fixture(autouse=True)
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine stand in France."""
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def patient(surname: str, given: str, address: str, *, letter_from: int) -> Patient:
    letter = OwnInvitation(
        invitation_id=address,
        record={},
        record_hash="0" * 64,
        not_before=letter_from,
        not_after=letter_from + 30 * DAY,
        confirmed=True,
    )
    traits = Traits(
        birth_name=surname, used_name=None, given_names=given, birth_date="1961-03-02", sex="F"
    )
    return Patient(address=address, traits=traits, invitations=(letter,))


def document(number: int, to: Patient, title: str, priority: str, **more: object) -> SentDocument:
    sent = SentTo(address=to.address, invitation_id=to.address, manifest_hash="0" * 64, **more)  # type: ignore[arg-type]  # a table's row
    return SentDocument(
        document_id=f"{number:08x}" * 4,
        title=title,
        kind=None,
        date="2026-11-30",
        created_at=sent.moments.get("stored", BEGAN),
        files=("a.pdf",),
        stored=True,
        recipients=(sent,),
        priority=priority,
    )


JEANNE = patient("Durand", "Jeanne", "jeanne@exmple.fr", letter_from=LATER - 3 * DAY)
PAUL = patient("Le Goff", "Paul", "paul@exemple.fr", letter_from=LATER - 24 * DAY)
LUCIE = patient("Martin", "Lucie", "lucie@exemple.fr", letter_from=BEGAN - 10 * DAY)
DOCUMENTS = [
    document(
        0x1A2B3C4D,
        JEANNE,
        "Hémogramme",
        "urgent",
        state="bounced",
        moments={"stored": LATER - 2 * DAY, "bounced": LATER - 2 * DAY},
        bounce_reason="domain-unknown",
    ),
    document(
        0x5E6F7081,
        PAUL,
        "Ordonnance",
        "soon",
        state="notified",
        moments={"stored": LATER - DAY, "notified": LATER - DAY},
    ),
    document(
        0x92A3B4C5,
        LUCIE,
        "Compte rendu",
        "routine",
        state="expired",
        moments={"stored": BEGAN, "expired": BEGAN + 20 * DAY},
    ),
]
PATIENTS = {one.address: one for one in (JEANNE, PAUL, LUCIE)}


def shown(language: Language) -> str:
    items = to_do(DOCUMENTS, PATIENTS, now=LATER)
    return "\n".join(lines_of(Terminal(words.load(language)), items, now=LATER))


def test_the_page_shows_what_the_command_shows() -> None:
    assert f"\n```text\n{shown(Language.FRENCH)}\n```\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", Language)
def test_lines_fit_but_for_commands_which_stay_whole(language: Language) -> None:
    commands = [item.item.command for item in to_do(DOCUMENTS, PATIENTS, now=LATER)]
    lines = shown(language).splitlines()
    assert [line.strip() for line in lines if "souspli " in line] == commands
    assert all(len(line) <= WIDTH for line in lines if "souspli " not in line)


@pytest.mark.parametrize(
    ("moment", "day"),
    [(BEGAN + 11 * 3600 + 1800, "30/11/2026"), (1_782_858_600, "01/07/2026")],
    ids=["winter", "summer"],
)
def test_the_day_that_is_shown_is_the_one_here(moment: int, day: str) -> None:
    """Half an hour after midnight in Paris, when it is the day before in UTC."""
    purged = document(
        1, LUCIE, "T", "urgent", state="expired", moments={"stored": moment, "expired": moment}
    )
    items = to_do([purged], PATIENTS, now=moment)
    lines = lines_of(Terminal(words.load(Language.FRENCH)), items, now=moment)
    assert f"effacé le {day}" in " ".join(line.strip() for line in lines)
