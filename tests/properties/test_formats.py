"""Whatever is written is read back, and whatever is read is written the same."""

import random
from functools import cache

import pytest
from fuzz.harnesses import HARNESSES, Harness
from hypothesis import assume, given
from hypothesis import strategies as st
from properties import travelling, values
from properties.codecs import CODECS, Codec
from properties.profile import examples

from souspli_exchange.errors import SpoolError
from souspli_exchange.spool import SpooledDocument, encode_spooled, parse_spooled
from souspli_keys import canonical


@cache
def _seeds(harness: Harness) -> list[bytes]:
    return list(harness.seeds())


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@given(data=st.data())
@examples(25)
def test_what_is_written_is_read_back(codec: Codec, data: st.DataObject) -> None:
    value = data.draw(codec.values)
    encoded = codec.encode(value)
    read = codec.parse(encoded)
    assert codec.compared(read) == codec.compared(value)
    assert codec.encode(read) == encoded


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@given(data=st.data())
@examples(10)
def test_two_values_are_never_written_alike(codec: Codec, data: st.DataObject) -> None:
    one, other = data.draw(codec.values), data.draw(codec.values)
    assume(codec.compared(one) != codec.compared(other))
    assert codec.encode(one) != codec.encode(other)


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
@given(data=st.data())
@examples(40)
def test_a_changed_input_is_refused_or_written_the_same(
    harness: Harness, data: st.DataObject
) -> None:
    # Changed like the fuzzer does: mostly one value, then written again as it should be.
    rng = random.Random(data.draw(st.integers(0, 2**32), label="changes"))  # noqa: S311  (no secret)

    def native(part: bytes) -> bytes:
        at = rng.randrange(len(part) + 1)
        return part[:at] + rng.randbytes(rng.randrange(3)) + part[at + rng.randrange(3) :]

    changed = data.draw(st.sampled_from(_seeds(harness)), label="seed")
    for _ in range(data.draw(st.integers(1, 3), label="times")):
        changed = harness.mutate(changed, rng, native)
    harness.run(changed)


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
@given(anything=st.binary(max_size=300))
@examples(20)
def test_anything_at_all_is_refused_or_written_the_same(harness: Harness, anything: bytes) -> None:
    harness.run(anything)


@given(value=values.JSON_OBJECTS, multiple=st.integers(1, 40))
@examples(40)
def test_padding_has_one_length(value: dict[str, object], multiple: int) -> None:
    padded = canonical.encode_padded(value, multiple=multiple)
    assert len(padded) % multiple == 0
    assert canonical.decode_padded(padded, multiple=multiple) == value
    for other in (padded + b" " * multiple, padded[:-1], padded + b" "):
        if other.endswith(b" ") or len(other) % multiple:
            with pytest.raises(canonical.CanonicalError):
                canonical.decode_padded(other, multiple=multiple)


@given(document=travelling.SPOOLED_DOCUMENTS, data=st.data())
@examples(60)
def test_a_damaged_spooled_document_is_said_to_be_damaged(
    document: SpooledDocument, data: st.DataObject
) -> None:
    encoded = encode_spooled(document)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(SpoolError):
        parse_spooled(encoded[:cut])
    changed = bytearray(encoded)
    changed[cut] ^= data.draw(st.integers(1, 255))
    try:
        parse_spooled(bytes(changed))
    except SpoolError:
        return  # another value would do: a spool is not signed
