"""Envelopes: both signatures are made, both are checked, and nothing is shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souspli_keys import dsse, ed25519
from souspli_keys.agekey import parse_age_identity, recipient_key, spell_age_identity
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import (
    EnvelopeError,
    KeyStringError,
    MisuseError,
    SignatureError,
    SpellingError,
)
from souspli_keys.identity import Identity
from souspli_keys.public import PublicIdentity, parse_fingerprint

SIGNER = Identity.from_root(bytes(32))
OTHER = Identity.from_root(bytes([1]) * 32)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "sig"]), inside)
    ),
    max_leaves=8,
)


@settings(max_examples=20)
@given(st.binary(max_size=100), st.sampled_from(PayloadType))
def test_what_is_signed_verifies_after_a_journey(payload: bytes, kind: PayloadType) -> None:
    envelope = dsse.parse(dsse.sign(kind, payload, SIGNER).to_json())
    assert dsse.verify(envelope, payload_type=kind, signer=SIGNER.public) == payload


@given(json_values)
def test_any_json_is_an_envelope_or_refused_with_the_one_error(value: object) -> None:
    with pytest.raises(EnvelopeError):
        dsse.parse(value)


class Halves:
    """A signer whose two keys belong to two identities."""

    def __init__(self, *, ed25519_by: Identity, ml_dsa_65_by: Identity) -> None:
        self.public = SIGNER.public
        self.sign_ed25519 = ed25519_by.sign_ed25519
        self.sign_ml_dsa_65 = ml_dsa_65_by.sign_ml_dsa_65


@pytest.mark.parametrize(
    "signer",
    [
        Halves(ed25519_by=SIGNER, ml_dsa_65_by=OTHER),
        Halves(ed25519_by=OTHER, ml_dsa_65_by=SIGNER),
    ],
    ids=["ml-dsa-65", "ed25519"],
)
def test_a_signer_with_another_s_key_signs_nothing(signer: Halves) -> None:
    with pytest.raises(MisuseError):
        dsse.sign(PayloadType.GRANT, b"{}", signer)


def test_both_signatures_are_checked_even_if_the_first_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[str] = []
    first, second = dsse._ed25519_holds, dsse._ml_dsa_65_holds

    def see_first(message: bytes, signature: bytes, signer: PublicIdentity) -> bool:
        checked.append("ed25519")
        return first(message, signature, signer)

    def see_second(message: bytes, signature: bytes, signer: PublicIdentity) -> bool:
        checked.append("ml-dsa-65")
        return second(message, signature, signer)

    monkeypatch.setattr(dsse, "_ed25519_holds", see_first)
    monkeypatch.setattr(dsse, "_ml_dsa_65_holds", see_second)
    worthless = Envelope(PayloadType.GRANT, b"{}", bytes(64), bytes(3_309))
    with pytest.raises(SignatureError):
        dsse.verify(worthless, payload_type=PayloadType.RECEIPT, signer=SIGNER.public)
    assert checked == ["ed25519", "ml-dsa-65"]


def test_a_refusal_reads_the_same_whichever_signature_failed() -> None:
    right = dsse.sign(PayloadType.GRANT, b"{}", SIGNER)
    texts = set[str]()
    for envelope in (
        Envelope(PayloadType.GRANT, b"{}", bytes(64), right.ml_dsa_65),
        Envelope(PayloadType.GRANT, b"{}", right.ed25519, bytes(3_309)),
        Envelope(PayloadType.RECEIPT, b"{}", right.ed25519, right.ml_dsa_65),
    ):
        with pytest.raises(SignatureError) as refused:
            dsse.verify(envelope, payload_type=PayloadType.GRANT, signer=SIGNER.public)
        texts.add(str(refused.value))
    assert len(texts) == 1


def test_an_envelope_s_hash_is_its_payload_s() -> None:
    one = dsse.sign(PayloadType.GRANT, b"{}", SIGNER)
    another = dsse.sign(PayloadType.GRANT, b"{}", SIGNER)
    assert one.ml_dsa_65 != another.ml_dsa_65
    assert one.payload_hash == another.payload_hash


def test_an_envelope_does_not_show_its_payload() -> None:
    envelope = dsse.sign(PayloadType.MANIFEST, b'{"patient":"Jeanne"}', SIGNER)
    assert "Jeanne" not in repr(envelope)


def test_an_identity_and_its_public_half_belong_together() -> None:
    public = SIGNER.public
    assert public.recipient_key() == recipient_key(SIGNER.secret_age_seed())
    message = b"message"
    ed25519.verify(message, signature=SIGNER.sign_ed25519(message), public_key=public.ed25519)
    assert Identity.generate().public != public


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_root_is_32_bytes_long(length: int) -> None:
    with pytest.raises(MisuseError):
        Identity.from_root(bytes(length))


def test_a_public_half_with_keys_of_other_lengths_is_refused() -> None:
    public = SIGNER.public
    for short in (
        {"ed25519": public.ed25519[:-1]},
        {"ml_dsa_65": public.ml_dsa_65[:-1]},
        {"recipient": "age1pq1"},
    ):
        fields = {
            "recipient": public.recipient,
            "ed25519": public.ed25519,
            "ml_dsa_65": public.ml_dsa_65,
        }
        with pytest.raises(SpellingError):
            PublicIdentity(**(fields | short))  # type: ignore[arg-type]  # each its own type


def test_a_fingerprint_has_64_small_digits() -> None:
    assert parse_fingerprint(SIGNER.public.fingerprint) == SIGNER.public.fingerprint
    for text in (SIGNER.public.fingerprint.upper(), SIGNER.public.fingerprint[:-1], ""):
        with pytest.raises(SpellingError):
            parse_fingerprint(text)


def test_an_age_identity_has_one_spelling() -> None:
    text = spell_age_identity(bytes(32))
    assert text.startswith("AGE-SECRET-KEY-PQ-1")
    for other in (text.lower(), text[:-1], text.replace("PQ-", ""), ""):
        with pytest.raises(KeyStringError):
            parse_age_identity(other)
