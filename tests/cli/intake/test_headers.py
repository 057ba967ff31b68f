"""Names, subjects and ids are read from headers as programs write them, wrongly too."""

import pytest
from intake_samples.mails import raw

from souspli_cli.intake.headers import (
    Headers,
    decode_words,
    file_name,
    is_reply_of_a_program,
    read_date,
    read_headers,
    read_message_id,
)
from souspli_cli.intake.limits import DEFAULT_LIMITS


def headers(*lines: str | bytes) -> Headers:
    message = raw(*lines, body=b"x")
    return read_headers(message, 0, len(message), most=DEFAULT_LIMITS.header_bytes)[0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('Content-Disposition: attachment; filename="a b.pdf"', "a b.pdf"),
        ("Content-Disposition: attachment; filename=a.pdf", "a.pdf"),
        ("Content-Disposition: attachment;\r\n\tfilename=a.pdf", "a.pdf"),
        (r'Content-Disposition: attachment; filename="a\"b.pdf"', 'a"b.pdf'),
        ("Content-Type: application/pdf; name=a.pdf", "a.pdf"),
        ("Content-Disposition: attachment; filename*=UTF-8''r%C3%A9s.pdf", "rés.pdf"),
        ("Content-Disposition: attachment; filename*=iso-8859-1'fr'r%E9s.pdf", "rés.pdf"),
        (
            "Content-Disposition: attachment; filename*0*=UTF-8''r%C3; filename*1*=%A9s;"
            ' filename*2=".pdf"',
            "rés.pdf",
        ),
        ('Content-Disposition: attachment; filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
        ("Content-Disposition: attachment; filename=\"old\"; filename*=UTF-8''new", "new"),
        ("Content-Disposition: attachment; filename==?UTF-8?Q?r=C3=A9s.pdf?=", "rés.pdf"),
        (
            'Content-Disposition: attachment; filename="=?utf-8?B?csOp?=\r\n =?utf-8?B?cy5wZGY=?="',
            "rés.pdf",
        ),
        ("Content-Disposition: attachment; filename*=no-such-set''r%C3%A9s.pdf", "rés.pdf"),
        ("Content-Disposition: attachment; filename*=%41.pdf", "A.pdf"),
        ("Content-Disposition: attachment; filename*x=3; filename=", None),
        ("Content-Disposition: attachment;;;; filename", None),
    ],
)
def test_a_file_s_name_is_read_in_every_spelling(line: str, name: str | None) -> None:
    assert file_name(headers(line))[0] == name


def test_a_name_of_bare_bytes_is_a_guess_unless_it_is_utf_8() -> None:
    assert file_name(headers("Content-Type: a/b; name=rés".encode())) == ("rés", False)
    assert file_name(headers("Content-Type: a/b; name=rés".encode("cp1252"))) == ("rés", True)


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("=?utf-8?Q?R=C3=A9sultats_de?= Mme X", "Résultats de Mme X"),
        ("=?utf-8?B?UsOpc3VsdGF0cw?=", "Résultats"),
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        ("=?utf-8?B?4?=", "4"),
        ("=?iso-8859-1?Q?=E9?= =?utf-8?Q?=C3=A9?=", "éé"),
        ("=?punycode?Q?abc?=", "abc"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("a =?utf-8?Q?b", "a =?utf-8?Q?b"),
    ],
)
def test_encoded_words_are_decoded(text: str, decoded: str) -> None:
    assert decode_words(text)[0] == decoded


@pytest.mark.parametrize(
    ("line", "message_id"),
    [
        ("Message-ID: <a.b@c.example>", "a.b@c.example"),
        ("MESSAGE-ID:\t<a@b>", "a@b"),
        ("Message-ID:\r\n <a@b>", "a@b"),
        ("Message-ID: a@b", None),
        ("Message-ID: <a@b> <c@d>", None),
        ("Message-ID: <a b@c>", None),
        ("Message-ID: <a@b\0>", None),
        ("Message-ID: <é@b>", None),
        ("Message-ID: <a@b@c>", None),
        (f"Message-ID: <{'a' * 300}@b>", None),
        ("Subject: none", None),
    ],
)
def test_a_message_id_is_one_or_none(line: str, message_id: str | None) -> None:
    assert read_message_id(headers(line)) == message_id


def test_the_first_of_two_equal_fields_counts() -> None:
    assert headers("Content-Type: a/b", "content-type: c/d").value("content-type")[0] == "a/b"


def test_nuls_and_controls_do_not_end_a_header() -> None:
    assert headers("Subject: a\0b\x01c", "Message-ID: <a@b>").fields.keys() == {
        *("subject", "message-id")
    }


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Fri, 15 Jan 2027 05:00:00 +0100", True),
        ("15 Jan 2027 05:00 GMT", True),
        ("Fri, 15 Jan 2027 05:00:00 +0100 (CET)", True),
        ("15/01/2027", False),
        ("Fri, 15 Jan 2027 05:00:00 +0100\r\n\tBcc: x@y.fr", False),
        ("DURAND Jeanne", False),
    ],
)
def test_a_date_is_taken_as_it_stands_or_not_at_all(date: str, read: bool) -> None:
    assert read_date(headers(f"Date: {date}")) == (date if read else None)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("auto-submitted: Auto-Replied; owner=x", True),
        ("Auto-Submitted: auto-generated", False),
        ("Auto-Submitted: no", False),
        ("Subject: auto-replied", False),
    ],
)
def test_a_program_s_reply_says_so(field: str, said: bool) -> None:
    assert is_reply_of_a_program(headers(field)) is said
