"""The token in a return path: what it says, and that nobody else can make one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from souspli_mailbox.return_paths import MOST_SENDER_LOCAL, read_return_path, return_path, tag

KEY = b"k" * 32
DELIVERY = "00112233445566778899aabbccddeeff"
ADDRESS = "patient@example.org"


def made(**change: str | bytes) -> str:
    values = {"sender": "no-reply@a.example", "key": KEY, "delivery_id": DELIVERY}
    return return_path(**values | {"address": ADDRESS} | change)  # type: ignore[arg-type]  # of these two types


def test_a_return_path_of_this_version_stays_what_it_is() -> None:
    """A vector: mails that are on their way come back after an upgrade as well."""
    assert made() == "no-reply+aaisem2ekvthpcezvk54zxpo75hc2zgqepotbrq@a.example"


def test_what_is_written_is_read_in_either_case() -> None:
    for text in (made(), made().upper(), made().title()):
        token = read_return_path(text)
        assert token is not None
        assert token.delivery_id == DELIVERY
        assert token.tag == tag(key=KEY, delivery_id=DELIVERY, address=ADDRESS)


def test_the_tag_depends_on_key_delivery_and_address() -> None:
    tags = {
        tag(key=key, delivery_id=delivery_id, address=address)
        for key in (KEY, b"l" * 32)
        for delivery_id in (DELIVERY, "f" * 32)
        for address in (ADDRESS, "patient@example.com")
    }
    assert len(tags) == 8


def test_it_names_neither_the_recipient_nor_fits_more_than_64_bytes() -> None:
    path = made(sender="a" * MOST_SENDER_LOCAL + "@a.example")
    assert "patient" not in path
    assert len(path.rpartition("@")[0]) == 64


@given(st.text(max_size=90))
def test_whatever_stands_there_is_read_without_a_fault(text: str) -> None:
    token = read_return_path(text)
    assert token is None or len(token.delivery_id) == 32


def test_a_token_one_character_short_or_long_is_none() -> None:
    local, _, domain = made().rpartition("@")
    assert read_return_path(f"{local[:-1]}@{domain}") is None
    assert read_return_path(f"{local}a@{domain}") is None
    assert read_return_path(f"{local[:-1]}1@{domain}") is None  # 1 is not of base 32
