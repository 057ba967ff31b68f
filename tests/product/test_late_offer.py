"""A letter that is about to end: `send` says so to a person, and makes another one if told to."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from cli_world import clean_environment
from product.days import Calendar
from product.world import PATIENCE_SECONDS, Practice, RecordedService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Less than ten days are left of thirty.
LATE_DAY = 22

AGAIN = "Refaire ce courrier maintenant ? [o/N]"
WHERE = "Fichier PDF du courrier à écrire :"
SEND = "Envoyer ? [o/N]"


@pytest.fixture(scope="module")
def calendar(tmp_path_factory: pytest.TempPathFactory) -> Calendar:
    return Calendar(tmp_path_factory.mktemp("calendar") / "ahead")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory, calendar: Calendar) -> Iterator[Practice]:
    environment = clean_environment(tmp_path_factory.mktemp("home"))
    with RecordedService(
        tmp_path_factory.mktemp("service"), environment, calendar.program
    ) as service:
        founded = Practice(
            service,  # type: ignore[arg-type]  # Service.__enter__ gives itself
            tmp_path_factory.mktemp("practice"),
            program=calendar.program,
        )
        founded.found()
        yield founded


def typed(practice: Practice, *arguments: str | Path, answers: dict[str, str]) -> tuple[int, str]:
    """Run a command at a terminal of its own, where somebody answers each question once.

    Returns its exit code and what was on the screen.
    """
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*practice.program, *map(str, arguments)],
        env=practice.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, asked, left = b"", 0, list(answers.items())
    limit = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < limit:
            try:
                screen += os.read(ours, 4_096)
            except OSError:
                break  # nobody holds the other end any more
            if left and left[0][0] in screen[asked:].decode(errors="ignore"):
                asked = len(screen)
                os.write(ours, left.pop(0)[1].encode() + b"\n")
        assert not left, screen.decode()
        return running.wait(PATIENCE_SECONDS), screen.decode()
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def letters(practice: Practice) -> list[tuple[str, int]]:
    """Status of each letter, the oldest first, and how many documents wait for it."""
    return practice.service.rows(
        "SELECT status, (SELECT count(*) FROM deliveries WHERE deliveries.invitation_id ="
        " invitations.invitation_id) FROM invitations ORDER BY created_at"
    )


def words(screen: str) -> str:
    """What stands on the screen, wherever its lines end."""
    return re.sub(r"\s+", " ", screen)


def test_who_agrees_has_a_new_letter_for_which_the_document_waits(
    practice: Practice, calendar: Calendar
) -> None:
    address = "tard@exemple.fr"
    practice.invite(address)
    calendar.go_to(LATE_DAY)
    letter = practice.folder / "nouveau.pdf"
    code, screen = typed(
        practice,
        *("send", practice.file("a.pdf", b"%PDF-1.4"), "--to", address),
        answers={AGAIN: "o", WHERE: str(letter), SEND: "o"},
    )
    assert code == 0, screen
    assert "n'est plus valable que" in words(screen)
    assert letter.read_bytes().startswith(b"%PDF")
    assert letters(practice)[-2:] == [("superseded", 0), ("pending", 1)]


def test_who_does_not_sends_for_the_letter_that_there_is(
    practice: Practice, calendar: Calendar
) -> None:
    address = "encore@exemple.fr"
    practice.invite(address)
    calendar.go_to(2 * LATE_DAY)
    code, screen = typed(
        practice,
        *("send", practice.file("b.pdf", b"%PDF-1.4"), "--to", address),
        answers={AGAIN: "n", SEND: "o"},
    )
    assert code == 0, screen
    assert WHERE not in screen
    assert letters(practice)[-1:] == [("pending", 1)]
