"""Real laboratories' files, if SOUSPLI_SAMPLES names a folder of them, give what is known of them.

They are not ours to keep: without the folder there is nothing to collect here.

    SOUSPLI_SAMPLES=… .venv/bin/python -m pytest tests/cli/intake/test_samples.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from intake_samples.expected import EXPECTED, Expected
from intake_samples.real import OTHERS, TRAITS, outcome_of
from intake_samples.table import PAGE

SAMPLES = os.environ.get("SOUSPLI_SAMPLES")
FOLDER = Path(SAMPLES or "")
THERE = {name: FOLDER / name for name in EXPECTED if SAMPLES and (FOLDER / name).exists()}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_page_has_a_row_for_each_sample(name: str) -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    expected = EXPECTED[name]
    (row, reason) = (line.split(" | ") for line in rows if line.startswith(f"| `{name}` | "))
    assert (row[1], int(row[2]), row[5]) == (expected.format, expected.derived, expected.change)
    assert row[-1] == f"`{expected.reason}` |"
    assert reason[-1] == f"{expected.why} |"


def test_what_is_expected_is_named_as_intake_names_it() -> None:
    for expected in EXPECTED.values():
        assert set(expected.traits.split()) <= set(TRAITS)
        assert set(expected.others.split()) <= set(OTHERS)


if SAMPLES:  # no samples, no test: an empty list would be a skipped one

    @pytest.mark.parametrize("name", THERE)
    def test_a_sample_gives_what_is_known_of_it(name: str) -> None:
        outcome = outcome_of(THERE[name])
        assert outcome.travels
        assert outcome.answer == "250 2.0.0 Ok: queued"
        (seen,) = outcome.documents
        assert seen.state == "to-check"
        got = Expected(
            format=seen.format,
            derived=seen.derived,
            traits=_in_order(seen.traits, TRAITS, EXPECTED[name].traits),
            others=_in_order(seen.others, OTHERS, EXPECTED[name].others),
            change=seen.change,
            copies=seen.copies,
            findings=" ".join(sorted(seen.findings)),
            reason=seen.reason,
            why=EXPECTED[name].why,
        )
        assert got == EXPECTED[name]

    def test_every_sample_is_known() -> None:
        found = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*")}
        assert found <= EXPECTED.keys()


def _in_order(found: frozenset[str], all_names: tuple[str, ...], expected: str) -> str:
    """Return the names as `expected` lists them, if they are the same ones."""
    same = found == set(expected.split())
    return expected if same else " ".join(name for name in all_names if name in found)
