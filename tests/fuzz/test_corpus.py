"""Every input that a fuzzer found worth keeping still ends as it should."""

import random

import pytest
from fuzz.harnesses import CORPUS, HARNESSES, Harness


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
def test_the_kept_inputs_are_refused_or_read_exactly(harness: Harness) -> None:
    kept = sorted(harness.corpus.iterdir())
    assert kept, "no corpus"
    for path in kept:
        harness.run(path.read_bytes())


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
def test_the_seeds_are_refused_or_read_exactly(harness: Harness) -> None:
    seeds = list(harness.seeds())
    assert seeds
    for seed in seeds:
        harness.run(seed)


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
def test_changing_an_input_twice_from_one_number_gives_the_same(harness: Harness) -> None:
    def native(part: bytes) -> bytes:
        return part[::-1]

    for number, seed in enumerate(harness.seeds()):
        first = harness.mutate(seed, random.Random(number), native)  # noqa: S311  (no secret)
        second = harness.mutate(seed, random.Random(number), native)  # noqa: S311  (no secret)
        assert first == second
        harness.run(first)


def test_no_folder_of_inputs_is_without_a_harness() -> None:
    assert {path.name for path in CORPUS.iterdir()} == HARNESSES.keys()
