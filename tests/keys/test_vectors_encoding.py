"""Framing, base64, canonical JSON, addresses and trees do what the vectors say."""

import json

import pytest
from vectors.reader import Vector, read_vectors

from souspli_keys import canonical, framing, tree, values
from souspli_keys.address import normalise_address, parse_address, parse_origin
from souspli_keys.errors import AddressError, CanonicalError, SpellingError


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("framing"), ids=_name)
def test_items_are_framed(vector: Vector) -> None:
    items = [bytes.fromhex(item) for item in json.loads(vector.body)]
    assert framing.frame(vector.text("label"), *items) == vector.hex("framed")


@pytest.mark.parametrize("vector", read_vectors("derive"), ids=_name)
def test_keys_are_derived(vector: Vector) -> None:
    assert framing.derive(vector.hex("key"), vector.text("label")) == vector.hex("derived")


@pytest.mark.parametrize("vector", read_vectors("base64"), ids=_name)
def test_base64_has_one_spelling(vector: Vector) -> None:
    text = vector.body.decode()
    if vector.accepted:
        assert values.decode_base64(text) == vector.hex("value")
        assert values.encode_base64(vector.hex("value")) == text
    else:
        with pytest.raises(SpellingError):
            values.decode_base64(text)


@pytest.mark.parametrize("vector", read_vectors("canonical"), ids=_name)
def test_json_has_one_spelling(vector: Vector) -> None:
    if vector.accepted:
        assert canonical.encode(canonical.decode(vector.body)) == vector.body
    else:
        with pytest.raises(CanonicalError):
            canonical.decode(vector.body)


@pytest.mark.parametrize("vector", read_vectors("padded"), ids=_name)
def test_padding_has_one_length(vector: Vector) -> None:
    multiple = vector.integer("multiple")
    if vector.accepted:
        value = canonical.decode_padded(vector.body, multiple=multiple)
        assert canonical.encode_padded(value, multiple=multiple) == vector.body
    else:
        with pytest.raises(CanonicalError):
            canonical.decode_padded(vector.body, multiple=multiple)


@pytest.mark.parametrize("vector", read_vectors("address"), ids=_name)
def test_an_address_has_one_spelling(vector: Vector) -> None:
    typed = vector.body.decode()
    if vector.accepted:
        address = normalise_address(typed)
        assert address == vector.text("address")
        assert parse_address(address) == address
    else:
        with pytest.raises(AddressError):
            normalise_address(typed)


@pytest.mark.parametrize(
    "vector",
    [v for v in read_vectors("address") if v.accepted and v.body.decode() != v.text("address")],
    ids=_name,
)
def test_another_spelling_of_an_address_is_refused_where_it_should_be_canonical(
    vector: Vector,
) -> None:
    with pytest.raises(AddressError):
        parse_address(vector.body.decode())


@pytest.mark.parametrize("vector", read_vectors("origin"), ids=_name)
def test_an_origin_is_a_name_without_more(vector: Vector) -> None:
    text = vector.body.decode()
    if vector.accepted:
        assert parse_origin(text) == text
    else:
        with pytest.raises(AddressError):
            parse_origin(text)


@pytest.mark.parametrize("vector", read_vectors("tree"), ids=_name)
def test_leaves_hash_to_their_tree(vector: Vector) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in json.loads(vector.body)]
    assert tree.tree_hash([tree.leaf_hash(leaf) for leaf in leaves]) == vector.hex("tree_hash")
