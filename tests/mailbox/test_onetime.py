"""The one-time code is computed the same by whoever needs it, and guessed by nobody."""

from __future__ import annotations

import hashlib
import hmac

from souspli_mailbox.onetime import one_time_code

KEY = bytes(range(32))
SESSION = "0123456789abcdef0123456789abcdef"


def test_a_code_is_the_hmac_of_session_and_counter_as_six_digits() -> None:
    framed = b"".join(
        len(item).to_bytes(4, "big") + item
        for item in (b"souspli/v1/one-time-code", SESSION.encode(), b"7")
    )
    expected = int.from_bytes(hmac.new(KEY, framed, hashlib.sha256).digest()[:8], "big") % 10**6
    assert one_time_code(key=KEY, claim_session_id=SESSION, counter=7) == f"{expected:06d}"


def test_key_session_and_counter_each_change_the_code() -> None:
    codes = {
        one_time_code(key=KEY, claim_session_id=SESSION, counter=1),
        one_time_code(key=KEY, claim_session_id=SESSION, counter=2),
        one_time_code(key=KEY, claim_session_id=SESSION[::-1], counter=1),
        one_time_code(key=KEY[::-1], claim_session_id=SESSION, counter=1),
    }
    assert len(codes) == 4


def test_codes_have_six_digits_and_every_digit_in_every_place() -> None:
    codes = [one_time_code(key=KEY, claim_session_id=SESSION, counter=n) for n in range(2_000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert all({code[place] for code in codes} == set("0123456789") for place in range(6))
