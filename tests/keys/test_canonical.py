"""Canonical JSON: what is written is read, and nothing else is."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys import canonical
from souspli_keys.errors import CanonicalError, MisuseError

keys = st.from_regex(r"\A[a-z][a-z0-9_]{0,5}\Z")


def _may_stand(text: str) -> bool:
    try:
        canonical.check_text(text)
    except CanonicalError:
        return False
    return True


# Without unassigned characters (Cn): nearly all code points are, and hardly any text
# would be left.
texts = (
    st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"]), max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(_may_stand)
)
integers = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
leaves = st.none() | st.booleans() | integers | texts


def _containers(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inside, max_size=4) | st.dictionaries(keys, inside, max_size=4)


values = leaves
for _ in range(3):
    values = leaves | _containers(values)
objects = st.dictionaries(keys, values, max_size=5)


@given(objects)
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@given(objects)
def test_what_is_written_is_what_a_compact_sorted_encoder_writes(value: dict[str, object]) -> None:
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical.encode(value) == plain.encode()


@given(objects, st.data())
def test_one_changed_byte_is_refused_or_is_another_value(
    value: dict[str, object], data: st.DataObject
) -> None:
    encoded = bytearray(canonical.encode(value))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        read = canonical.decode(bytes(encoded))
    except CanonicalError:
        return
    assert canonical.encode(read) == encoded


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore")))
def test_any_bytes_are_read_or_refused_with_the_one_error(encoded: bytes) -> None:
    try:
        read = canonical.decode(encoded)
    except CanonicalError:
        return
    assert canonical.encode(read) == encoded


@given(objects, st.integers(1, 2_000))
def test_padding_reaches_the_next_multiple_and_no_further(
    value: dict[str, object], multiple: int
) -> None:
    padded = canonical.encode_padded(value, multiple=multiple)
    assert len(padded) % multiple == 0
    assert len(padded) - len(canonical.encode(value)) < multiple
    assert canonical.decode_padded(padded, multiple=multiple) == value


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.0},
        {"a": float("nan")},
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": "\ud800"},
        {"a": "e\u0301"},
        {"a": "\u202e"},
        {"a": "\n"},
        {"a": "\ufeff"},
        {"A": 1},
        {"": 1},
        {"__proto__": 1},
        {1: 1},
        {None: 1},
        {"a": [[[[[[[[]]]]]]]]},
        {"a": "x" * canonical.MAX_BYTES},
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_writer_refuses_what_a_reader_would(value: dict[str, object]) -> None:
    with pytest.raises(CanonicalError):
        canonical.encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(CanonicalError):
        canonical.encode({"a": endless})


def test_a_refusal_carries_nothing_of_the_document() -> None:
    for document in (b'{"name":"Jeanne" oops', b'{"name":"Jeanne\xff"}'):
        with pytest.raises(CanonicalError) as refused:
            canonical.decode(document)
        assert "Jeanne" not in str(refused.value)
        assert refused.value.__context__ is None


def test_what_is_too_long_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(canonical, "_parse", parsed.append)
    with pytest.raises(CanonicalError):
        canonical.decode(b" " * (canonical.MAX_BYTES + 1))
    assert parsed == []


def test_nothing_is_padded_to_multiples_of_nothing() -> None:
    with pytest.raises(MisuseError):
        canonical.encode_padded({}, multiple=0)
