"""What a PDF does to whoever opens it is known before it is sent, whatever it is."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from bridge import pdfs

from souspli_cli.bridge.pdf import content as pdf_content
from souspli_cli.bridge.pdf import examiners as pdf_examiners
from souspli_cli.bridge.pdf import words as pdf_words
from souspli_cli.bridge.pdf.examiners import NOT_EXAMINED, PdfExaminers
from souspli_cli.bridge.policy import Policy, Sending

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("name", pdfs.EXPECTED)
def test_what_is_in_a_pdf_is_found(name: str) -> None:
    content, expected = pdfs.EXPECTED[name]
    assert pdf_content.look_at(content).findings == expected


def test_pages_are_counted() -> None:
    assert pdf_content.look_at(pdfs.plain()).pages == 1


def test_more_than_anybody_looks_at_is_not_called_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("MOST_OBJECTS", "MOST_VALUES", "MOST_PAGES"):
        with monkeypatch.context() as patched:
            patched.setattr(pdf_content, bound, 0)
            assert pdf_content.look_at(pdfs.plain()) == pdf_content.UNREADABLE


def test_one_process_looks_into_many_and_is_replaced_when_it_dies_or_hangs() -> None:
    with PdfExaminers(1) as examiners:
        for content, expected in pdfs.EXPECTED.values():
            assert examiners.examine(content).findings == expected
        (first,) = examiners._idle.queue
        assert first.served == len(pdfs.EXPECTED)
        # Killed while it waited: the next PDF has nothing to do with that.
        os.kill(first._process.pid, signal.SIGKILL)
        first._process.wait()
        assert examiners.examine(pdfs.plain()).pages == 1
        (second,) = examiners._idle.queue
        # Stopped, as one that never comes back.
        os.kill(second._process.pid, signal.SIGSTOP)
        examiners._longest_seconds = 0.2
        assert examiners.examine(pdfs.plain()).findings == {pdf_words.UNREADABLE}
        assert examiners._idle.empty()
        assert second._process.poll() == -signal.SIGKILL
        # More than its memory, before it has looked at anything.
        examiners._longest_seconds = 60
        too_much = bytes(600 * 1024**2)
        assert examiners.examine(too_much).findings == {pdf_words.UNREADABLE}


def test_a_mail_whose_pdfs_take_too_long_keeps_no_other_one_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_examiners, "USUAL_SECONDS", 0.0)
    monkeypatch.setattr(pdf_examiners, "MOST_SECONDS_OF_ONE_MAIL", 1.0)
    opened: list[int] = []

    def hundred() -> Iterator[bytes]:
        slow = pdfs.many_objects(100_000)
        for number in range(100):
            opened.append(number)
            yield slow

    with PdfExaminers(1, longest_seconds=0.6) as examiners:
        found = examiners.examine_all(hundred(), mail="A", number=0)
        assert found == {pdf_words.UNREADABLE}
        # Two, and the third was only handed over.
        assert opened == [0, 1, 2]
        assert examiners.examine_all([pdfs.plain()], mail="A", number=1) == found
        examiners._longest_seconds = 60  # a new process, on a machine that may be busy
        assert examiners.examine_all([pdfs.plain()], mail="B", number=0) == frozenset()
        # The same document, tried again, begins anew: a service that is away for a while
        # makes no PDF unreadable.
        assert examiners.examine_all([pdfs.plain()], mail="A", number=0) == frozenset()


def test_without_examiners_nothing_is_called_examined() -> None:
    with PdfExaminers(0) as examiners:
        assert examiners.examine(pdfs.plain()) == NOT_EXAMINED


@pytest.mark.parametrize(
    ("findings", "reason"),
    [
        (set(), None),
        ({pdf_words.UNREADABLE}, None),
        ({pdf_words.JAVASCRIPT}, "active_content"),
        ({pdf_words.LAUNCH}, "active_content"),
        ({pdf_words.FORM}, "active_content"),
        ({pdf_words.EMBEDDED_FILES, pdf_words.EMBEDDED_PROGRAM}, "active_content"),
        ({pdf_words.ENCRYPTED}, None),
        ({pdf_words.EMBEDDED_FILES}, None),
    ],
)
def test_by_itself_the_bridge_holds_back_what_runs_and_nothing_else(
    findings: set[str], reason: str | None
) -> None:
    assert Policy().reason_to_check(findings) == reason
    strict = Policy(encrypted=Sending.CHECK, embedded_files=Sending.CHECK)
    assert (strict.reason_to_check(findings) is None) == (findings <= {pdf_words.UNREADABLE})
    assert Policy(active_content=Sending.SEND).reason_to_check(findings) is None
