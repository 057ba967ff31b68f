"""Codes, passwords, claim codes, persons and login signatures do what the vectors say."""

import pytest
from vectors.reader import Vector, read_vectors

from souspli_keys import codes, unlockers
from souspli_keys.address import parse_origin
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.errors import CodeError, LoginRefusedError, PasswordError, PersonError
from souspli_keys.framing import derive
from souspli_keys.identity import Identity
from souspli_keys.login import LoginChallenge, LoginPurpose, verify_login
from souspli_keys.person import compact_birth_date, normalise_surname, person_check
from souspli_keys.public import parse_fingerprint
from souspli_keys.unlockers import LoginKey


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("claim-code"), ids=_name)
def test_a_claim_code_is_read_as_it_was_meant(vector: Vector) -> None:
    typed = vector.body.decode()
    if vector.accepted:
        assert ClaimCode.parse(typed).secret_symbols() == vector.text("symbols")
    else:
        with pytest.raises(CodeError):
            ClaimCode.parse(typed)


@pytest.mark.parametrize("vector", read_vectors("admission-code"), ids=_name)
def test_an_admission_code_is_read_as_it_was_meant(vector: Vector) -> None:
    typed = vector.body.decode()
    if vector.accepted:
        code = codes.parse_admission_code(typed)
        assert code == vector.text("symbols")
        assert codes.format_admission_code(code) == vector.text("written")
    else:
        with pytest.raises(CodeError):
            codes.parse_admission_code(typed)


@pytest.mark.parametrize("vector", read_vectors("number"), ids=_name)
def test_account_and_letter_numbers_are_read_as_they_were_meant(vector: Vector) -> None:
    typed = vector.body.decode()
    if vector.accepted:
        number = codes.parse_account_number(typed)
        assert number == vector.text("number") == codes.parse_letter_number(typed)
        assert codes.format_number(number) == vector.text("written")
    else:
        with pytest.raises(CodeError):
            codes.parse_account_number(typed)
        with pytest.raises(CodeError):
            codes.parse_letter_number(typed)


@pytest.mark.parametrize("vector", read_vectors("password"), ids=_name)
def test_a_password_gives_the_same_keys_on_every_keyboard(vector: Vector) -> None:
    typed = vector.body.decode()
    origin = parse_origin(vector.text("origin"))
    account = codes.parse_account_number(vector.text("account"))
    if vector.accepted:
        assert unlockers.normalise_password(typed) == vector.hex("normalised")
        unlocker = unlockers.from_password(typed, origin=origin, account=account)
        assert unlocker.secret_bytes() == vector.hex("secret")
        assert unlocker.login_key.public_key == vector.hex("login_public_key")
        assert unlocker.wrap_key.secret_bytes() == vector.hex("wrap_key")
    else:
        with pytest.raises(PasswordError):
            unlockers.from_password(typed, origin=origin, account=account)


@pytest.mark.parametrize("vector", read_vectors("claim"), ids=_name)
def test_a_claim_code_gives_the_claim_keys(vector: Vector) -> None:
    keys = ClaimKeys(
        ClaimCode.parse(vector.text("code")),
        origin=parse_origin(vector.text("origin")),
        invitation_id=vector.text("invitation_id"),
        organisation=parse_fingerprint(vector.text("organisation")),
    )
    assert keys.identity.secret_root() == vector.hex("claim_root")
    assert keys.identity.public.fingerprint == vector.text("fingerprint")
    assert Identity.from_root(vector.hex("claim_root")).public == keys.identity.public
    assert keys.login_key.public_key == vector.hex("login_public_key")
    check_key = derive(vector.hex("key"), "souspli/v1/claim/person-check")
    assert check_key == vector.hex("person_check_key")
    assert keys.person_check(surname="Martin", birth_date="1947-03-00") == person_check(
        check_key, surname="MARTIN", birth_date="1947-03-00"
    )


@pytest.mark.parametrize("vector", read_vectors("person"), ids=_name)
def test_a_person_is_compared_whatever_the_spelling(vector: Vector) -> None:
    typed = vector.body.decode()
    key, birth_date = vector.hex("key"), vector.text("birth_date")
    if vector.accepted:
        assert normalise_surname(typed) == vector.text("surname")
        check = person_check(key, surname=typed, birth_date=birth_date)
        assert check == vector.hex("person_check")
    else:
        with pytest.raises(PersonError):
            person_check(key, surname=typed, birth_date=birth_date)


@pytest.mark.parametrize("vector", read_vectors("birth-date"), ids=_name)
def test_a_birth_date_may_have_unknown_parts(vector: Vector) -> None:
    text = vector.body.decode()
    if vector.accepted:
        assert compact_birth_date(text) == vector.text("compact")
    else:
        with pytest.raises(PersonError):
            compact_birth_date(text)


@pytest.mark.parametrize("vector", read_vectors("login"), ids=_name)
def test_a_login_signature_opens_one_thing_only(vector: Vector) -> None:
    challenge = LoginChallenge(
        purpose=LoginPurpose(vector.text("purpose")),
        origin=parse_origin(vector.text("origin")),
        subject=vector.text("subject"),
        login_public_key=vector.hex("login_public_key"),
        nonce=vector.hex("nonce"),
    )
    if vector.accepted:
        assert challenge.signed_bytes() == vector.hex("signed")
        assert LoginKey(vector.hex("seed")).sign(challenge) == vector.hex("signature")
        assert verify_login(vector.hex("signature"), challenge) is challenge
    else:
        with pytest.raises(LoginRefusedError):
            verify_login(vector.hex("signature"), challenge)
