"""Wycheproof's sets in every Python back-end, and the page that says how many."""

import re
from collections import Counter
from pathlib import Path

import pytest
from primitives.back_ends import RUNS
from primitives.wycheproof import Case, Run, Verdict, equal, read_set, tally

PAGE = Path(__file__).parents[2] / "docs/vectors.md"

KINDS = (
    ("valid", Verdict.TAKEN),
    ("invalid", Verdict.REFUSED),
    ("acceptable", Verdict.TAKEN),
    ("acceptable", Verdict.REFUSED),
)
"""The page's columns: every other pair of the two is a failure."""


def row_of(run: Run, counts: Counter[tuple[str, Verdict]]) -> str:
    not_run = sum(count for (_, verdict), count in counts.items() if verdict is Verdict.NOT_RUN)
    numbers = [*(counts[kind] for kind in KINDS), not_run]
    assert sum(numbers) == len(read_set(run.set_name))
    return f"| `{run.set_name}` | {run.back_end} | {' | '.join(map(str, numbers))} |"


def python_rows() -> list[str]:
    section = PAGE.read_text("utf-8").partition("### In Python")[2].partition("\n###")[0]
    return re.findall(r"^\| `.*\|$", section, re.MULTILINE)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.set_name}, {run.back_end}")
def test_a_back_end_takes_what_is_valid_refuses_what_is_not_and_the_page_says_how_many(
    run: Run,
) -> None:
    assert row_of(run, tally(run)) in python_rows()


def test_the_page_shows_these_runs_and_no_others() -> None:
    shown = [tuple(re.findall(r"[^|]+", row)[:2]) for row in python_rows()]
    assert shown == [(f" `{run.set_name}` ", f" {run.back_end} ") for run in RUNS]


def test_the_sets_that_no_run_uses_are_named_on_the_page() -> None:
    """Expanded secret keys are never read: a key is kept as its seed."""
    text = PAGE.read_text("utf-8")
    for name in ("mldsa_65_sign_noseed_test", "mlkem_768_semi_expanded_decaps_test"):
        assert f"`{name}`" in text
        assert name not in {run.set_name for run in RUNS}
        assert len(read_set(name)) > 0


@pytest.mark.parametrize(
    ("expected", "verdict"), [("valid", Verdict.REFUSED), ("invalid", Verdict.TAKEN)]
)
def test_a_back_end_that_gets_one_vector_wrong_is_noticed(expected: str, verdict: Verdict) -> None:
    run = RUNS[0]
    victim = next(case for case in read_set(run.set_name) if case.expected == expected)

    def judge(case: Case) -> Verdict:
        return verdict if case is victim else run.judge(case)

    with pytest.raises(AssertionError, match=rf": {victim.number} "):
        tally(Run(run.set_name, "a wrong one", judge))


def test_a_back_end_that_gives_another_value_is_noticed() -> None:
    def judge(case: Case) -> Verdict:
        return equal(case.bytes("tag") + b"\0", case.bytes("tag"))

    with pytest.raises(AssertionError):
        tally(Run(RUNS[0].set_name, "a wrong one", judge))
