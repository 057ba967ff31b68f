"""The end of DATA is found wherever pieces are cut, and there is only one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.bridge.errors import LineTooLongError, SmuggledError
from souspli_cli.bridge.smtp.data_reader import MOST_LINE_BYTES, DataReader


def read(wire: bytes, *, cut: int = 1_000_000, most_bytes: int = 10_000_000) -> tuple[bytes, bytes]:
    """Give the mail and what is behind it."""
    reader = DataReader(most_bytes=most_bytes)
    rest: bytes | None = None
    while rest is None:
        assert wire
        rest = reader.feed(wire[:cut])
        wire = wire[cut:]
    return reader.content(), rest + wire


LINES = st.lists(st.binary(max_size=6).map(lambda line: line.translate(None, b"\r\n")), max_size=6)


@given(lines=LINES, cut=st.integers(1, 9))
def test_what_a_client_stuffs_comes_out_as_it_was(lines: list[bytes], cut: int) -> None:
    mail = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." + line if line[:1] == b"." else line) + b"\r\n" for line in lines)
    assert read(stuffed + b".\r\nQUIT\r\n", cut=cut) == (mail, b"QUIT\r\n")


SMUGGLED = [
    b"a\n.\nMAIL FROM:<x@y>\r\n",
    b"a\n.\r\nMAIL FROM:<x@y>\r\n",
    b"a\r.\r\nMAIL FROM:<x@y>\r\n",
    b"a\r.\rMAIL FROM:<x@y>\r\n",
    b"a\r\n.\nMAIL FROM:<x@y>\r\n",
    b"a\r\n.\rMAIL FROM:<x@y>\r\n",
    b"a\n\r.\r\nMAIL FROM:<x@y>\r\n",
    b".\nMAIL FROM:<x@y>\r\n",
    b".\rMAIL FROM:<x@y>\r\n",
]


@pytest.mark.parametrize("wire", SMUGGLED)
@pytest.mark.parametrize("cut", [1, 2, 3, 4, 1_000])
def test_a_lone_dot_with_other_line_ends_is_refused(wire: bytes, cut: int) -> None:
    with pytest.raises(SmuggledError):
        read(wire + b"\r\n.\r\n", cut=cut)


@given(
    wire=st.lists(st.sampled_from([b"\r", b"\n", b".", b"a"]), max_size=12), cut=st.integers(1, 5)
)
def test_how_pieces_are_cut_changes_nothing(wire: list[bytes], cut: int) -> None:
    whole = b"".join(wire) + b"\r\n.\r\n"

    def outcome(size: int) -> object:
        try:
            return read(whole, cut=size)
        except SmuggledError:
            return "smuggled"

    assert outcome(cut) == outcome(1_000)


@pytest.mark.parametrize("cut", [7, 1_000, 100_000])
@pytest.mark.parametrize("dots", [99, 100, 101, 5_000])
def test_dots_in_a_text_hide_nothing_behind_them(dots: int, cut: int) -> None:
    text = b"1.5 " * dots + b"\r\n"
    assert read(text + b"..stuffed\r\n.\r\n", cut=cut) == (text + b".stuffed\r\n", b"")
    with pytest.raises(SmuggledError):
        read(text + b"\n.\nMAIL FROM:<x@y>\r\n.\r\n", cut=cut)


def test_bare_line_ends_elsewhere_travel_as_they_are() -> None:
    assert read(b"MSH|^~\\&|\rPID|1\n..x\r\n.\r\n") == (b"MSH|^~\\&|\rPID|1\n..x\r\n", b"")


def test_a_mail_without_a_line_is_empty() -> None:
    assert read(b".\r\nNOOP\r\n", cut=1) == (b"", b"NOOP\r\n")


@pytest.mark.parametrize("cut", [1, 7, 1_000])
def test_of_a_mail_beyond_the_limit_nothing_is_kept_and_its_end_is_found(cut: int) -> None:
    reader = DataReader(most_bytes=100)
    wire = b"x" * 1_000 + b"\r\n.\r\nQUIT\r\n"
    rest = None
    while rest is None:
        rest = reader.feed(wire[:cut])
        wire = wire[cut:]
        assert reader.held_bytes <= 100 + 7 + cut
    assert reader.is_too_large
    assert reader.held_bytes < 10
    assert rest + wire == b"QUIT\r\n"


def test_a_mail_as_long_as_the_limit_is_taken() -> None:
    assert read(b"x" * 98 + b"\r\n.\r\n", most_bytes=100)[0] == b"x" * 98 + b"\r\n"


def test_lines_of_64_kib_are_taken_and_longer_ones_are_not() -> None:
    line = b"x" * MOST_LINE_BYTES + b"\r\n"
    assert read(b"a\r\n" + line + b"b\r\n.\r\n")[0] == b"a\r\n" + line + b"b\r\n"
    with pytest.raises(LineTooLongError):
        read(b"a\r\nx" + line + b"b\r\n.\r\n")
