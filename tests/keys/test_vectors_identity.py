"""Identities, public halves and envelopes do what the vectors say."""

import json

import pytest
from vectors.reader import Vector, read_vectors

from souspli_keys import agekey, dsse
from souspli_keys.errors import EnvelopeError, FormatError, SignatureError
from souspli_keys.framing import derive
from souspli_keys.identity import Identity
from souspli_keys.public import format_fingerprint, parse_public


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("identity"), ids=_name)
def test_all_keys_of_an_identity_come_from_its_root(vector: Vector) -> None:
    identity = Identity.from_root(vector.hex("root"))
    public = identity.public
    assert derive(vector.hex("root"), "souspli/v1/identity/age") == vector.hex("age_seed")
    assert identity.secret_age_seed() == vector.hex("age_seed")
    assert agekey.spell_age_identity(vector.hex("age_seed")) == vector.text("age_identity")
    assert agekey.parse_age_identity(vector.text("age_identity")) == vector.hex("age_seed")
    assert public.recipient == vector.text("recipient")
    assert public.ed25519 == vector.hex("ed25519")
    assert public.ml_dsa_65 == vector.hex("ml_dsa_65")
    assert public.fingerprint == vector.text("fingerprint")
    assert format_fingerprint(public.fingerprint) == vector.text("shown")


@pytest.mark.parametrize("vector", read_vectors("public"), ids=_name)
def test_a_public_half_has_three_fields(vector: Vector) -> None:
    value = json.loads(vector.body)
    if vector.accepted:
        public = parse_public(value)
        assert public.fingerprint == vector.text("fingerprint")
        assert public.to_json() == value
    else:
        with pytest.raises(FormatError):
            parse_public(value)


@pytest.mark.parametrize("vector", read_vectors("dsse"), ids=_name)
def test_an_envelope_holds_only_with_both_signatures(vector: Vector) -> None:
    parts = json.loads(vector.body)
    signer = parse_public(parts["signer"])
    payload_type = dsse.PayloadType(vector.text("payload_type"))
    if vector.accepted:
        envelope = dsse.parse(parts["envelope"])
        payload = dsse.verify(envelope, payload_type=payload_type, signer=signer)
        signed = dsse.pre_authentication_encoding(payload_type, payload)
        assert signed == vector.hex("signed")
        assert envelope.payload_hash == vector.text("payload_hash")
        assert envelope.to_json() == parts["envelope"]
    else:
        with pytest.raises((EnvelopeError, SignatureError)):
            dsse.verify(dsse.parse(parts["envelope"]), payload_type=payload_type, signer=signer)
