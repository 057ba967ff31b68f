"""Closings do what the vectors say (docs/specs/closing.md §1)."""

import json

import pytest
from vectors.reader import Vector, read_vectors
from vectors.verdicts import verdict

from souspli_keys import dsse
from souspli_keys.address import parse_origin
from souspli_keys.public import parse_public
from souspli_keys.statements import Closing, verify_closing


@pytest.mark.parametrize("vector", read_vectors("closing"), ids=lambda vector: vector.name)
def test_a_closing_is_signed_by_the_account(vector: Vector) -> None:
    body = json.loads(vector.body)

    def verify() -> Closing:
        return verify_closing(
            dsse.parse(body["envelope"]),
            identity=parse_public(body["identity"]),
            origin=parse_origin(vector.text("origin")),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.line.subject == vector.text("subject")
