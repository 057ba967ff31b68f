"""The header parser: strict, generic, and happy with a header whose end has not come yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_exchange.age.errors import AgeUsageError, HeaderError, HeaderIncompleteError
from souspli_exchange.age.header import (
    MAX_HEADER_BYTES,
    VERSION_LINE,
    Header,
    Stanza,
    authenticated_part,
    parse_header,
)

arguments = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
stanzas = st.builds(
    Stanza,
    recipient_type=arguments,
    arguments=st.lists(arguments, max_size=4).map(tuple),
    body=st.binary(max_size=200),
)
headers = st.lists(stanzas, min_size=1, max_size=4).map(
    lambda some: Header(tuple(some), bytes(32), authenticated_part(some))
)
ONE_STANZA = authenticated_part([Stanza("type", ("argument",), b"body")])
WHOLE = Header((), bytes(32), ONE_STANZA).encode()


@given(headers, st.binary(max_size=50))
def test_any_number_of_stanzas_of_any_type_is_read_back_whatever_follows(
    header: Header, payload: bytes
) -> None:
    data = header.encode()
    assert parse_header(data + payload) == (header, len(data))


@given(headers)
def test_a_header_that_stops_early_is_incomplete_and_nothing_else(header: Header) -> None:
    data = header.encode()
    for length in range(len(data)):
        with pytest.raises(HeaderIncompleteError):
            parse_header(data[:length])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_a_header_error(data: bytes) -> None:
    for start in (b"", VERSION_LINE, VERSION_LINE + b"-> "):
        with pytest.raises(HeaderError):
            parse_header(start + data)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_means_something_else(position: int, octet: int) -> None:
    data = bytearray(WHOLE)
    data[position] = octet
    try:
        header, length = parse_header(bytes(data))
    except HeaderError:
        return
    assert header.encode() == data[:length]


def test_another_kind_of_file_is_told_from_its_first_byte() -> None:
    with pytest.raises(HeaderError) as refusal:
        parse_header(b"%")
    assert not isinstance(refusal.value, HeaderIncompleteError)


def test_the_next_version_of_age_is_refused() -> None:
    with pytest.raises(HeaderError) as refusal:
        parse_header(WHOLE.replace(b"/v1", b"/v2"))
    assert not isinstance(refusal.value, HeaderIncompleteError)


@pytest.mark.parametrize("filler", [b"A" * 64 + b"\n", b"A"])
def test_a_header_that_never_ends_is_refused_at_the_limit(filler: bytes) -> None:
    data = VERSION_LINE + b"-> type\n" + filler * (MAX_HEADER_BYTES // len(filler) + 1)
    with pytest.raises(HeaderIncompleteError):
        parse_header(data[:MAX_HEADER_BYTES])
    with pytest.raises(HeaderError) as refusal:
        parse_header(data)
    assert not isinstance(refusal.value, HeaderIncompleteError)


def test_the_longest_header_allowed_is_read() -> None:
    def header_of(length_of_argument: int) -> Header:
        some = (Stanza("type", ("a" * length_of_argument,), b""),)
        return Header(some, bytes(32), authenticated_part(some))

    fixed = len(header_of(1).encode()) - 1
    longest = header_of(MAX_HEADER_BYTES - fixed)
    assert parse_header(longest.encode()) == (longest, MAX_HEADER_BYTES)
    with pytest.raises(HeaderError):
        parse_header(header_of(MAX_HEADER_BYTES - fixed + 1).encode())


@pytest.mark.parametrize(
    "bad",
    [
        b"age-encryption.org/v1\r\n",
        WHOLE.replace(b"-> type", b"->  type"),
        WHOLE.replace(b"argument\n", b"argument \n"),
        WHOLE.replace(b"argument", b"argu\tment"),
        WHOLE.replace(b"argument", "argumént".encode()),
        WHOLE.replace(b"\n---", b"\n\n---"),
        WHOLE.replace(b"--- ", b"---  "),
        WHOLE.replace(b"--- ", b"---\t"),
        VERSION_LINE + b"--- " + b"A" * 43 + b"\n",
        ONE_STANZA + b" " + b"A" * 42 + b"\n",  # a MAC of 31 bytes
        ONE_STANZA + b" " + b"A" * 44 + b"\n",  # and one of 33
        ONE_STANZA + b" \n",
        ONE_STANZA + b"\n",
        ONE_STANZA + b"- " + b"A" * 43 + b"\n",
        WHOLE.replace(b"-> type", b"->type"),
        WHOLE.replace(b"-> type", b"->\ttype"),
        WHOLE.replace(b"-> type", b" -> type"),
        WHOLE.replace(b"argument", b"argu\x1fment"),
        WHOLE.replace(b"argument", b"argu\x7fment"),
        VERSION_LINE + b"-> type\n" + b"A" * 65 + b"\n--- " + b"A" * 43 + b"\n",
        ONE_STANZA + b" " + b"A" * 42 + b"B\n",  # a second spelling of the same bytes
        ONE_STANZA + b" " + b"A" * 43 + b"=\n",
        VERSION_LINE + b"-> type\n" + b"A" * 68 + b"\n--- " + b"A" * 43 + b"\n",
    ],
)
def test_what_age_does_not_allow_is_refused(bad: bytes) -> None:
    with pytest.raises(HeaderError) as refusal:
        parse_header(bad)
    assert not isinstance(refusal.value, HeaderIncompleteError)


@pytest.mark.parametrize("argument", ["", " ", "two words", "line\n", "é", "\x7f"])
def test_an_argument_that_could_not_be_read_back_is_not_written(argument: str) -> None:
    for stanza in (Stanza(argument, (), b""), Stanza("type", (argument,), b"")):
        with pytest.raises(AgeUsageError):
            authenticated_part([stanza])


def test_a_header_without_a_stanza_is_not_written() -> None:
    with pytest.raises(AgeUsageError):
        authenticated_part([])


@pytest.mark.parametrize("octet", range(0x21, 0x7F))
def test_every_visible_character_of_ascii_stands_in_an_argument(octet: int) -> None:
    stanza = Stanza(chr(octet), (chr(octet) * 2,), b"")
    header = Header((stanza,), bytes(32), authenticated_part([stanza]))
    assert parse_header(header.encode())[0] == header


@pytest.mark.parametrize(
    ("body_bytes", "columns"),
    [(0, [0]), (1, [2]), (47, [63]), (48, [64, 0]), (49, [64, 2]), (96, [64, 64, 0])],
)
def test_the_last_line_of_a_body_is_the_one_that_is_not_full(
    body_bytes: int, columns: list[int]
) -> None:
    part = authenticated_part([Stanza("type", (), bytes(body_bytes))])
    _, _, *body, end = part.split(b"\n")
    assert [len(line) for line in body] == columns
    assert end == b"---"
    header, _ = parse_header(part + b" " + b"A" * 43 + b"\n")
    assert header.stanzas == (Stanza("type", (), bytes(body_bytes)),)
    if columns[-1] == 0 and body_bytes:
        # Without its empty line the body goes on with the line that ends the header.
        with pytest.raises(HeaderError):
            parse_header(part.replace(b"\n\n---", b"\n---") + b" " + b"A" * 43 + b"\n")


def test_a_header_is_written_in_age_s_own_words() -> None:
    stanza = Stanza("type", ("one", "two"), b"body")
    header = Header((stanza,), b"\xff" * 32, authenticated_part([stanza]))
    assert header.encode() == (
        b"age-encryption.org/v1\n-> type one two\nYm9keQ\n--- " + b"/" * 42 + b"8\n"
    )


def test_only_what_the_mac_covers_is_authenticated() -> None:
    header, length = parse_header(WHOLE + b"payload")
    assert header.authenticated == ONE_STANZA
    assert length == len(ONE_STANZA) + len(b" ") + 43 + len(b"\n")


def test_a_header_at_the_limit_may_stand_before_a_payload() -> None:
    stanza = Stanza("type", ("a" * 1_000_000,), b"")
    header = Header((stanza,), bytes(32), authenticated_part([stanza]))
    assert parse_header(header.encode() + bytes(MAX_HEADER_BYTES))[0] == header
