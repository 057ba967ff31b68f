"""A mail is taken apart as its sender put it together, within limits, whatever its bytes."""

import base64
import email
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.attachments import pdf
from intake_samples.mails import (
    Attachment,
    forwarded,
    mail,
    many_parts,
    multipart,
    nested_parts,
    raw,
)
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_cli.intake.limits import DEFAULT_LIMITS, MIB, Limits
from souspli_cli.intake.mime import Message, read_message
from souspli_cli.intake.values import Finding


def read(message: bytes, limits: Limits = DEFAULT_LIMITS) -> Message:
    return read_message(message, limits=limits)


def contents(message: bytes) -> list[bytes]:
    return [leaf.content for leaf in read(message).leaves]


def test_an_attachment_is_the_bytes_that_were_attached() -> None:
    message = read(mail(Attachment(content=pdf(), name="résultat.pdf")))
    text, attached = message.leaves
    assert text.is_text
    assert not attached.is_text
    assert (attached.content, attached.name) == (pdf(), "résultat.pdf")
    assert (message.message_id, message.subject) == ("1.abc@labo.example", "Résultats")


@pytest.mark.parametrize("cte", ["base64", "quoted-printable"])
def test_each_transfer_encoding_is_taken_off(cte: str) -> None:
    content = "Glycémie = 5,2 mmol/L\r\n".encode() * 20
    message = mail(Attachment(content=content, media_type="application/x-text", cte=cte))
    assert contents(message)[1] == content


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_lines_may_end_as_in_a_mail_or_as_in_a_file(end: bytes) -> None:
    part = raw("Content-Type: text/plain", body=b"un", end=end)
    assert contents(multipart([part, part], end=end)) == [b"un", b"un"]


def test_boundaries_inside_lines_or_followed_by_more_are_none() -> None:
    body = b"\r\nx --b0undary\r\n--b0undaryx\r\n--b0undary- \r\nend"
    assert contents(multipart([body])) == [body[2:]]


def test_what_stands_before_and_behind_the_parts_is_no_part() -> None:
    message = raw(
        "Content-Type: multipart/mixed; boundary=x",
        body=b"this is MIME\r\n--x\r\n\r\none\r\n--x--\r\ngoodbye\r\n",
    )
    assert contents(message) == [b"one"]


def test_a_part_behind_the_last_boundary_s_line_is_still_one() -> None:
    message = raw(
        "Content-Type: multipart/mixed; boundary=x",
        body=b"--x\r\n\r\none\r\n--x--\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
    )
    assert contents(message) == [b"one", b"two"]


def test_a_mail_that_was_cut_off_gives_what_had_arrived() -> None:
    assert contents(multipart([b"\r\none", b"\r\ntwo"], closed=False)) == [b"one", b"two\r\n"]


def test_a_multipart_without_its_boundary_is_one_broken_file() -> None:
    (leaf,) = read(raw("Content-Type: multipart/mixed", body=b"--x\r\n\r\none\r\n--x--")).leaves
    assert leaf.content == b"--x\r\n\r\none\r\n--x--"
    assert Finding.BROKEN in leaf.findings


def test_alternatives_and_related_parts_are_all_there() -> None:
    inner = multipart(
        [b"\r\nplain", raw("Content-Type: text/html", body=b"<p>rich</p>")],
        boundary="inner",
        subtype="alternative",
        headers=(),
    )
    assert contents(multipart([inner, b"\r\nlast"], subtype="related")) == [
        *(b"plain", b"<p>rich</p>", b"last")
    ]


@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_a_mail_in_a_mail_is_taken_apart_too(encoding: str) -> None:
    inner = mail(Attachment(content=pdf()), text=None)
    body = base64.encodebytes(inner) if encoding == "base64" else inner
    message = raw(
        "From: a@b.example",
        "Content-Type: message/rfc822",
        f"Content-Transfer-Encoding: {encoding}",
        body=body,
    )
    assert contents(message) == [pdf()]


def test_base64_with_lines_lost_is_repaired_and_said() -> None:
    encoded = base64.b64encode(pdf()).rstrip(b"=") + b"!\r\n"
    (leaf,) = read(raw("Content-Transfer-Encoding: base64", body=encoded)).leaves
    assert leaf.content == pdf()
    assert leaf.findings == {Finding.BASE64_REPAIRED}


def test_what_is_called_base64_and_is_not_travels_as_it_came() -> None:
    body = "é, ù et à ne sont pas de la base 64 (§ 3) !".encode()
    (leaf,) = read(raw("Content-Transfer-Encoding: base64", body=body)).leaves
    assert leaf.content == body
    assert Finding.BROKEN in leaf.findings


def test_an_encoding_nobody_knows_is_none() -> None:
    assert contents(raw("Content-Transfer-Encoding: x-zip", body=b"abc")) == [b"abc"]


@pytest.mark.parametrize(
    "nothing", [b"", b"\r\n\r\nhello", b"hello world\r\n", bytes(100), b": x\n"]
)
def test_bytes_that_begin_with_no_field_are_no_mail(nothing: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(nothing)


def test_headers_end_at_the_first_line_that_is_none() -> None:
    assert contents(b"From: a@b.example\r\nhello: world\r\nBonjour !\r\nb: c\r\n") == [
        b"Bonjour !\r\nb: c\r\n"
    ]


def test_a_program_s_own_first_line_is_passed_over() -> None:
    assert contents(b"From labo Mon Nov 29\nSubject: a\n\nbody") == [b"body"]


@pytest.mark.parametrize(
    ("hostile", "limit"),
    [
        (many_parts(100_000), "parts"),
        (nested_parts(30), "depth"),
        (forwarded(30, raw("From: a@b.example", body=b"x")), "depth"),
        (raw("X-Long: " + "x" * MIB, body=b"x"), "header_bytes"),
        (raw(*["X-Short: x"] * 100_000, body=b"x"), "header_bytes"),
        (raw("Subject: x", *[" folded"] * 100_000, body=b"x"), "header_bytes"),
        (multipart([raw("X-Long: " + "x" * MIB, body=b"x")]), "header_bytes"),
        (raw("A: b", body=bytes(64 * MIB)), "mail_bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mail_beyond_a_limit_is_refused_by_its_name(hostile: bytes, limit: str) -> None:
    with pytest.raises(BeyondLimitsError, match=rf"^{limit}:"):
        read(hostile)


def test_what_parts_hold_together_is_bounded() -> None:
    parts = [raw("Content-Transfer-Encoding: base64", body=base64.b64encode(bytes(1000)))] * 9
    assert read(multipart(parts), Limits(unpacked_bytes=9_000))
    with pytest.raises(BeyondLimitsError, match=r"^unpacked_bytes:"):
        read(multipart(parts), Limits(unpacked_bytes=8_999))


def test_limits_hold_before_memory_is_taken() -> None:
    hostile = [many_parts(100_000), nested_parts(30), raw("X: " + "x" * MIB, body=b"x")]
    tracemalloc.start()
    try:
        for message in hostile:
            with pytest.raises(BeyondLimitsError):
                read(message)
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()


def test_an_ordinary_mail_takes_little_more_than_its_own_bytes() -> None:
    message = mail(Attachment(content=bytes(8 * MIB)))
    tracemalloc.start()
    try:
        read(message)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(message)
    finally:
        tracemalloc.stop()


# Contents that no boundary of the standard library's may be in.
_PARTS = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=300),
        st.sampled_from(["base64", "quoted-printable"]),
        st.text("abcé ü.;'\"漢()=", min_size=1, max_size=40).map(str.strip).filter(bool),
    ),
    max_size=4,
)


@examples(20)
@given(_PARTS)
def test_what_the_standard_library_reads_is_read_alike(parts: list[tuple[bytes, str, str]]) -> None:
    message = mail(
        *(Attachment(content=content, cte=cte, name=name) for content, cte, name in parts)
    )
    theirs = [
        part.get_payload(decode=True)
        for part in email.message_from_bytes(message).walk()
        if not part.is_multipart()
    ]
    ours = read(message).leaves
    assert [leaf.content for leaf in ours] == theirs
    assert [leaf.content for leaf in ours[1:]] == [content for content, _, _ in parts]
    assert [leaf.name for leaf in ours[1:]] == [name for _, _, name in parts]


@examples(20)
@given(st.binary(max_size=2_000), st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_own_errors(noise: bytes, more: bytes) -> None:
    for message in (noise, b"A: b\n" + noise, multipart([noise, more]), mail() + noise):
        try:
            read(message)
        except (UnreadableError, BeyondLimitsError):
            continue
