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
    assert public.recipient_key == recipient_key(SIGNER.secret_age_seed())
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


@pytest.mark.parametrize(
    ("public_key", "message", "signature"),
    [
        pytest.param(
            "c40edcbfc49d8b3b8993457ded8f8d0578999ebfd923a322156c30a0b8c47f67",
            "6d30",
            "0d34819eee5be6df16526d84280da8cb888e8c1f439a3b31ba454e710c4116a1"
            "4529320b6fb99477f3f50c8d858fda38e285511ca954260a1e6db2b64093b100",
            id="a key that is not in the subgroup of prime order",
        ),
        pytest.param(
            "e38050f472de5d76dba6a003a4e40d8b884e05980c8c1770f2baefe7d88d673b",
            "6d32",
            "6a0a21bc4edc0fabfe7b4368e01b5d0ffc3b7a611dddbc3a55e262e637dc551b"
            "0baaaf0244161bd19256c0e20594a039856e6b0d602a72fe073505cefb151c0c",
            id="such a key, with a signature that fits without the cofactor as well",
        ),
        pytest.param(
            "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df",
            "78",
            "0100000000000000000000000000000000000000000000000000000000000000"
            "20a144238de68fd3d550c9bb3f6eaf57c93ec47081888323184c4952397e9f04",
            id="a first half that is the point of order one",
        ),
        pytest.param(
            "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df",
            "78",
            "4c09ae0bb152ce1900464b0c9307316e1f761f80aaf20226936f0aa6a0bd49e4"
            "0e07ca2d6404aef52e9623abf8b4cd08677b1be9fdec2bd662bc939208449b00",
            id="a first half that is not in the subgroup of prime order",
        ),
    ],
)
def test_a_point_over_which_libraries_differ_verifies_nothing(
    public_key: str, message: str, signature: str
) -> None:
    """Made by a signer who knows the secret; the browser's test holds the same."""
    with pytest.raises(SignatureError):
        ed25519.verify(
            bytes.fromhex(message),
            signature=bytes.fromhex(signature),
            public_key=bytes.fromhex(public_key),
        )
