"""Base64 that an interface mangled gives what was sent; what is no base64 gives nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.errors import NotThisFormatError


@given(st.binary(min_size=1, max_size=200))
def test_what_was_encoded_comes_back_and_needs_no_repair(content: bytes) -> None:
    assert decode_base64(base64.b64encode(content)) == (content, False)
    assert decode_base64(base64.encodebytes(content)) == (content, False)


@given(st.binary(min_size=2, max_size=200))
def test_lost_padding_and_the_other_alphabet_are_repaired(content: bytes) -> None:
    bare = base64.urlsafe_b64encode(content).rstrip(b"=")
    assert decode_base64(bare)[0] == content
    assert decode_base64(bare + b"===")[0] == content


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=9))
def test_pieces_that_were_encoded_one_by_one_are_joined(pieces: list[bytes]) -> None:
    encoded = b"".join(base64.b64encode(piece) for piece in pieces)
    assert decode_base64(encoded)[0] == b"".join(pieces)


@pytest.mark.parametrize(
    "text",
    [b"", b" \r\n", b"=", b"A", b"A=" * 20_000, b"=" * 1_000_000, b"data:,", b"bonjour, madame !"],
)
def test_what_is_no_base64_is_refused(text: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        decode_base64(text)


@given(st.binary(max_size=200))
def test_anything_is_decoded_or_refused(text: bytes) -> None:
    try:
        content, _ = decode_base64(text)
    except NotThisFormatError:
        return
    assert 0 < len(content) <= len(text)
