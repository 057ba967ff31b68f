"""Consents, choices and acceptances do what the vectors say, and one of two words counts."""

import json

import pytest
from vectors.reader import Vector, read_vectors
from vectors.verdicts import verdict

from souspli_keys import dsse
from souspli_keys.address import parse_origin
from souspli_keys.public import parse_fingerprint, parse_public
from souspli_keys.statements import (
    Acceptance,
    Choice,
    Consent,
    Said,
    Way,
    in_force,
    verify_acceptance,
    verify_choice,
    verify_consent,
)


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("consent"), ids=_name)
def test_a_consent_is_noted_by_a_member_for_one_patients_line(vector: Vector) -> None:
    parts = {name: dsse.parse(value) for name, value in json.loads(vector.body).items()}

    def verify() -> Consent:
        return verify_consent(
            parts["consent"],
            organisation_statement=parts["organisation"],
            member_statement=parts["member"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
            subject=vector.text("subject"),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.way.value == vector.text("way")


@pytest.mark.parametrize("vector", read_vectors("choice"), ids=_name)
def test_a_choice_is_signed_by_the_account_for_one_practice(vector: Vector) -> None:
    body = json.loads(vector.body)

    def verify() -> Choice:
        return verify_choice(
            dsse.parse(body["envelope"]),
            identity=parse_public(body["identity"]),
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.way.value == vector.text("way")


@pytest.mark.parametrize("vector", read_vectors("acceptance"), ids=_name)
def test_an_acceptance_is_signed_by_the_account(vector: Vector) -> None:
    body = json.loads(vector.body)

    def verify() -> Acceptance:
        return verify_acceptance(
            dsse.parse(body["envelope"]),
            identity=parse_public(body["identity"]),
            origin=parse_origin(vector.text("origin")),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.terms_hash == vector.text("terms_hash")


@pytest.mark.parametrize("vector", read_vectors("in-force"), ids=_name)
def test_the_later_of_two_words_counts(vector: Vector) -> None:
    def said(value: dict[str, object] | None) -> Said | None:
        return None if value is None else Said(way=Way(value["way"]), at=int(str(value["at"])))

    body = json.loads(vector.body)
    result = in_force(consent=said(body["consent"]), choice=said(body["choice"]))
    words = (
        "unknown"
        if result is None
        else f"{result.way.value} {result.since} {'patient' if result.by_patient else 'practice'}"
    )
    assert words == vector.text("result")
