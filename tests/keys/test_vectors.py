"""The vectors themselves: written as they say, and made again byte for byte."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from vectors.generate_keys import CANONICAL_COUNT, SIGNATURES, count_canonical, make_vectors
from vectors.making import SignatureStore
from vectors.reader import (
    FOLDER,
    SUFFIX,
    Vector,
    VectorError,
    parse_vector,
    read_vectors,
    write_vectors,
)


@dataclass(frozen=True)
class Made:
    """All vectors, and the store that gave their signatures: a copy of the one that is kept."""

    vectors: list[Vector]
    store: SignatureStore
    signatures: Path


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Made:
    signatures = tmp_path_factory.mktemp("vectors") / "signatures"
    shutil.copy(SIGNATURES, signatures)
    store = SignatureStore(signatures)
    return Made(make_vectors(store), store, signatures)


def test_making_the_vectors_again_gives_the_same_bytes(made_again: Made, tmp_path: Path) -> None:
    vectors = made_again.vectors
    write_vectors(vectors, folder=tmp_path)
    groups = {vector.name.partition("/")[0] for vector in vectors}
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    kept = {
        path.relative_to(FOLDER): path.read_bytes()
        for group in groups
        for path in (FOLDER / group).iterdir()
    }
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


def test_as_many_vectors_of_canonical_json_are_read_as_were_made(made_again: Made) -> None:
    counted = int(CANONICAL_COUNT.read_text(encoding="ascii"))
    assert counted == count_canonical(made_again.vectors)
    assert counted == len(read_vectors("canonical"))


def test_the_signatures_that_are_kept_are_those_that_are_needed(made_again: Made) -> None:
    made_again.store.save()
    assert made_again.signatures.read_bytes() == SIGNATURES.read_bytes()


def test_every_group_of_vectors_is_told_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    groups = {path.parent.name for path in FOLDER.rglob(f"*{SUFFIX}")}
    assert [group for group in groups if f"| `{group}` |" not in readme] == []


def test_a_vector_is_read_as_it_was_written() -> None:
    vector = Vector("g/n", {"what": "a fact", "expect": "accept"}, b"\n\n\x00body\r\n ")
    assert parse_vector("g/n", vector.to_bytes()) == vector


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"what: a\nexpect: accept\n",
        b"what: a\n\n",
        b"what: a\nexpect: maybe\n\n",
        b"what: a\nexpect: accept\nexpect: refuse\n\n",
        b"what:a\nexpect: accept\n\n",
        b"what: a \nexpect: accept\n\n",
        b"What: a\nexpect: accept\n\n",
    ],
)
def test_a_file_that_is_no_vector_is_refused(content: bytes) -> None:
    with pytest.raises(VectorError):
        parse_vector("g/n", content)


def test_a_group_without_vectors_is_a_mistake() -> None:
    with pytest.raises(VectorError):
        read_vectors("no-such-group")
