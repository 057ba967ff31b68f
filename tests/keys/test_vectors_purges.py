"""The audit key and purge statements do what the vectors say."""

import json

import pytest
from vectors.reader import Vector, read_vectors
from vectors.verdicts import verdict

from souspli_keys import dsse
from souspli_keys.address import parse_origin
from souspli_keys.audit import AuditKey, parse_audit_key
from souspli_keys.errors import MisuseError, SpellingError, StatementSchemaError
from souspli_keys.operator import OperatorKey
from souspli_keys.public import parse_fingerprint
from souspli_keys.statements import PurgeStatement, verify_purge


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("operator-key"), ids=_name)
def test_an_operator_key_comes_from_its_root(vector: Vector) -> None:
    key = OperatorKey(bytes.fromhex(vector.text("root")))
    assert key.public.ed25519.hex() == vector.text("ed25519")
    assert key.public.ml_dsa_65.hex() == vector.text("ml_dsa_65")
    assert key.public.fingerprint == vector.text("fingerprint")
    assert parse_audit_key(key.public.to_json()) == key.public
    assert vector.text("root") not in repr(key)


@pytest.mark.parametrize("vector", read_vectors("purge-payload"), ids=_name)
def test_a_purge_statement_has_its_fields_and_no_others(vector: Vector) -> None:
    if vector.accepted:
        assert PurgeStatement.parse(vector.body).to_payload() == vector.body
    else:
        with pytest.raises(StatementSchemaError):
            PurgeStatement.parse(vector.body)


@pytest.mark.parametrize("vector", read_vectors("purge"), ids=_name)
def test_a_purge_statement_is_by_the_pinned_key_about_this_letter(vector: Vector) -> None:
    parts = json.loads(vector.body)
    key = parse_audit_key(parts["audit_key"])

    def verify() -> PurgeStatement:
        return verify_purge(
            dsse.parse(parts["statement"]),
            audit_key=key,
            organisation=parse_fingerprint(vector.text("organisation")),
            invitation_id=vector.text("invitation_id"),
            origin=parse_origin(vector.text("origin")),
        )

    verified = verdict(vector, verify)
    if verified is not None:
        assert verified.ended_at == vector.integer("ended_at")
        assert key.fingerprint == vector.text("audit_key")


def test_a_key_of_another_length_is_none() -> None:
    right = OperatorKey(b"r" * 32).public
    with pytest.raises(SpellingError):
        AuditKey(ed25519=right.ed25519[:-1], ml_dsa_65=right.ml_dsa_65)
    with pytest.raises(SpellingError):
        AuditKey(ed25519=right.ed25519, ml_dsa_65=right.ml_dsa_65 + b"\0")
    with pytest.raises(MisuseError):
        OperatorKey(b"r" * 31)
