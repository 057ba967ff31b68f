"""Codes, records, joinings and certificates do what the vectors say (docs/specs/enrolment.md)."""

import json
from dataclasses import dataclass

import pytest
from vectors.reader import Vector, read_vectors
from vectors.verdicts import verdict

from souspli_keys import argon2, dsse, framing
from souspli_keys.address import parse_origin
from souspli_keys.dsse import Envelope
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.errors import CodeError, StatementSchemaError
from souspli_keys.identity import Identity
from souspli_keys.public import parse_fingerprint, parse_public
from souspli_keys.statements import (
    Enrolment,
    Joining,
    Member,
    Statement,
    VerifiedEnrolment,
    VerifiedJoining,
    account_hash,
    check_certificate,
    check_enrolment_in_force,
    verify_chain,
    verify_enrolment,
    verify_joining,
)

KINDS: dict[str, type[Statement]] = {"enrolment": Enrolment, "joining": Joining}


@dataclass(frozen=True)
class Unlocker:
    unlocker_id: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes


@dataclass(frozen=True)
class Account:
    account_number: str
    sealed_vault: bytes
    unlockers: list[Unlocker]


def _name(vector: Vector) -> str:
    return vector.name


def _envelopes(vector: Vector) -> dict[str, Envelope]:
    return {
        name: dsse.parse(value)
        for name, value in json.loads(vector.body).items()
        if name != "identity"
    }


@pytest.mark.parametrize("vector", read_vectors("enrolment-code"), ids=_name)
def test_a_code_is_read_as_it_was_meant(vector: Vector) -> None:
    if not vector.accepted:
        with pytest.raises(CodeError):
            EnrolmentCode(vector.body.decode())
        return
    code = EnrolmentCode(vector.body.decode())
    assert (code.secret_written(), code.handle) == (vector.text("written"), vector.text("handle"))


@pytest.mark.parametrize("vector", read_vectors("code-identity"), ids=_name)
def test_a_code_gives_one_identity_for_one_enrolment(vector: Vector) -> None:
    organisation = parse_fingerprint(vector.text("organisation"))
    salt = argon2.salt_of(
        "souspli/v1/enrolment-salt",
        vector.text("origin"),
        vector.hex("enrolment_id"),
        vector.hex("organisation"),
    )
    assert salt == vector.hex("salt")
    root = framing.derive(vector.hex("key"), "souspli/v1/enrolment/identity")
    assert root == vector.hex("root")
    identity = EnrolmentCode(vector.text("code")).code_identity(
        origin=parse_origin(vector.text("origin")),
        enrolment_id=vector.text("enrolment_id"),
        organisation=organisation,
    )
    assert identity.public == Identity(root).public
    assert identity.public.fingerprint == vector.text("fingerprint")


@pytest.mark.parametrize("vector", read_vectors("joining-account"), ids=_name)
def test_everything_about_an_account_is_in_its_hash(vector: Vector) -> None:
    body = json.loads(vector.body)
    account = Account(
        account_number=body["account_number"],
        sealed_vault=bytes.fromhex(body["sealed_vault"]),
        unlockers=[
            Unlocker(
                unlocker_id=one["unlocker_id"],
                kind=one["kind"],
                login_public_key=bytes.fromhex(one["login_public_key"]),
                wrapped_vault_key=bytes.fromhex(one["wrapped_vault_key"]),
            )
            for one in body["unlockers"]
        ],
    )
    assert account_hash(account) == vector.text("account_hash")


@pytest.mark.parametrize("vector", read_vectors("enrolment-payload"), ids=_name)
def test_a_record_or_joining_has_its_fields_and_no_others(vector: Vector) -> None:
    kind = KINDS[vector.text("kind")]
    if vector.accepted:
        assert kind.parse(vector.body).to_payload() == vector.body
    else:
        with pytest.raises(StatementSchemaError):
            kind.parse(vector.body)


@pytest.mark.parametrize("vector", read_vectors("enrolment"), ids=_name)
def test_an_enrolment_is_by_a_member_who_may_ask(vector: Vector) -> None:
    parts = _envelopes(vector)

    def verify() -> VerifiedEnrolment:
        enrolment = verify_enrolment(
            parts["record"],
            organisation_statement=parts["organisation"],
            member_statement=parts["member"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
        )
        return check_enrolment_in_force(enrolment, now=vector.integer("now"))

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.record_hash == vector.text("record_hash")


@pytest.mark.parametrize("vector", read_vectors("joining"), ids=_name)
def test_a_joining_is_by_the_code_s_identity_and_the_new_one(vector: Vector) -> None:
    parts = _envelopes(vector)
    record = Enrolment.parse(parts["record"].payload)

    def verify() -> VerifiedJoining:
        return verify_joining(
            parts["by_code"],
            parts["by_identity"],
            record=record,
            record_hash=parts["record"].payload_hash,
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.joining_hash == vector.text("joining_hash")
        assert verified.joining.identity.fingerprint == vector.text("identity")


@pytest.mark.parametrize("vector", read_vectors("certificate"), ids=_name)
def test_a_certificate_says_what_was_asked_for(vector: Vector) -> None:
    parts = _envelopes(vector)
    identity = parse_public(json.loads(vector.body)["identity"])

    def verify() -> Member:
        claimed = Member.parse(parts["certificate"].payload)
        chain = verify_chain(
            parts["organisation"],
            parts["certificate"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
            at=claimed.line.issued_at,
        )
        record = Enrolment.parse(parts["record"].payload)
        return check_certificate(chain.member, record=record, identity=identity)

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.fingerprint == vector.text("member")
