"""Statements, chains, invitations, bindings and attestations do what the vectors say."""

import json

import pytest
from vectors.reader import Vector, read_vectors
from vectors.verdicts import verdict

from souspli_keys import dsse
from souspli_keys.address import parse_origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import StatementSchemaError
from souspli_keys.public import parse_fingerprint
from souspli_keys.statements import (
    Acceptance,
    Attestation,
    Binding,
    Choice,
    Closing,
    Consent,
    Invitation,
    Member,
    Organisation,
    Statement,
    VerifiedBinding,
    VerifiedInvitation,
    VerifiedMember,
    check_in_force,
    verify_attestation,
    verify_binding,
    verify_chain,
    verify_invitation,
)

KINDS: dict[str, type[Statement]] = {
    "organisation": Organisation,
    "member": Member,
    "invitation": Invitation,
    "binding": Binding,
    "attestation": Attestation,
    "consent": Consent,
    "choice": Choice,
    "acceptance": Acceptance,
    "closing": Closing,
}


def _name(vector: Vector) -> str:
    return vector.name


def _envelopes(vector: Vector) -> dict[str, Envelope]:
    return {name: dsse.parse(value) for name, value in json.loads(vector.body).items()}


@pytest.mark.parametrize("vector", read_vectors("statement"), ids=_name)
def test_a_statement_has_its_fields_and_no_others(vector: Vector) -> None:
    kind = KINDS[vector.text("kind")]
    if vector.accepted:
        assert kind.parse(vector.body).to_payload() == vector.body
    else:
        with pytest.raises(StatementSchemaError):
            kind.parse(vector.body)


@pytest.mark.parametrize("vector", read_vectors("chain"), ids=_name)
def test_a_chain_leads_from_a_trusted_fingerprint_to_a_member(vector: Vector) -> None:
    parts = _envelopes(vector)

    def verify() -> VerifiedMember:
        return verify_chain(
            parts["organisation"],
            parts["member"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
            at=vector.integer("at"),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.member.fingerprint == vector.text("member")


@pytest.mark.parametrize("vector", read_vectors("invitation"), ids=_name)
def test_an_invitation_is_by_a_member_who_may_invite(vector: Vector) -> None:
    parts = _envelopes(vector)

    def verify() -> VerifiedInvitation:
        invitation = verify_invitation(
            parts["record"],
            organisation_statement=parts["organisation"],
            member_statement=parts["member"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
        )
        return check_in_force(invitation, now=vector.integer("now"))

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.record_hash == vector.text("record_hash")


@pytest.mark.parametrize("vector", read_vectors("binding"), ids=_name)
def test_a_binding_is_by_the_claim_identity_and_the_new_one(vector: Vector) -> None:
    parts = _envelopes(vector)
    record = Invitation.parse(parts["record"].payload)

    def verify() -> VerifiedBinding:
        return verify_binding(
            parts["by_claim"],
            parts["by_identity"],
            record=record,
            record_hash=parts["record"].payload_hash,
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.binding_hash == vector.text("binding_hash")
        assert verified.binding.identity.fingerprint == vector.text("identity")


@pytest.mark.parametrize("vector", read_vectors("attestation"), ids=_name)
def test_an_attestation_is_by_a_member_who_may_attest(vector: Vector) -> None:
    parts = _envelopes(vector)
    binding = VerifiedBinding(
        binding=Binding.parse(parts["binding"].payload),
        binding_hash=parts["binding"].payload_hash,
    )

    def verify() -> Attestation:
        return verify_attestation(
            parts["attestation"],
            organisation_statement=parts["organisation"],
            member_statement=parts["member"],
            organisation=parse_fingerprint(vector.text("organisation")),
            origin=parse_origin(vector.text("origin")),
            binding=binding,
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.address == vector.text("address")
