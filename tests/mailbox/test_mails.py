"""The three mails, compared with the specification itself."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from souspli_mailbox import mails

if TYPE_CHECKING:
    from collections.abc import Callable

SPECIFICATION = Path(__file__).parents[2] / "docs" / "specs" / "mails.md"
NOW = 1_800_000_059

COMMON = {
    "sender": "no-reply@souspli.example",
    "to": "patient@example.org",
    "message_id": "0123456789abcdef",
    "now": NOW,
}


def notification(**change: object) -> EmailMessage:
    return mails.notification(
        **COMMON | {"page": "https://souspli.example/", "reference": "0427"} | change  # type: ignore[arg-type]  # one shape for three functions
    )


def one_time_code(**change: object) -> EmailMessage:
    return mails.one_time_code_mail(**COMMON | {"code": "012345"} | change)  # type: ignore[arg-type]  # the same


def activated(**change: object) -> EmailMessage:
    return mails.activated(**COMMON | change)  # type: ignore[arg-type]  # the same


EVERY = pytest.mark.parametrize("make", [notification, one_time_code, activated])


def specified(heading: str) -> tuple[str, str]:
    """Return subject and text as the page has them, braces and all."""
    page = SPECIFICATION.read_text(encoding="utf-8")
    section = re.search(rf"^## \d\. {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    subject = re.search(r"^Subject: `(.+)`$", section[1], re.MULTILINE)
    assert subject is not None
    block = re.search(r"((?:^    .*\n|^\n)*^    .*\n)", section[1], re.MULTILINE)
    assert block is not None
    lines = [line.removeprefix("    ") for line in block[1].strip("\n").split("\n")]
    return subject[1], "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("heading", "subject", "text"),
    [
        ("Notification", mails.NOTIFICATION_SUBJECT, mails.NOTIFICATION_TEXT),
        ("One-time code", mails.CODE_SUBJECT, mails.CODE_TEXT),
        ("Account activated", mails.ACTIVATED_SUBJECT, mails.ACTIVATED_TEXT),
    ],
)
def test_every_word_is_the_specification_s(heading: str, subject: str, text: str) -> None:
    assert (subject, text) == specified(heading)


@pytest.mark.parametrize(
    ("make", "heading", "parts"),
    [
        (notification, "Notification", {"page": "https://souspli.example/", "reference": "0427"}),
        (one_time_code, "One-time code", {"code": "012345"}),
        (activated, "Account activated", {}),
    ],
)
def test_what_arrives_is_what_is_specified(
    make: Callable[[], EmailMessage], heading: str, parts: dict[str, str]
) -> None:
    arrived = message_from_bytes(make().as_bytes(), policy=policy.default)
    subject, text = specified(heading)
    assert arrived["Subject"] == subject.format(**parts)
    assert arrived.get_content().replace("\r\n", "\n") == text.format(**parts)
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content_charset() == "utf-8"


@EVERY
def test_the_headers_say_no_more_than_they_must(make: Callable[[], EmailMessage]) -> None:
    message = make()
    assert sorted(message.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        ]
    )
    assert message["From"] == "no-reply@souspli.example"
    assert message["To"] == "patient@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<0123456789abcdef@souspli.example>"
    assert message["Content-Transfer-Encoding"] in {"base64", "quoted-printable"}


@EVERY
def test_the_date_is_rounded_to_the_minute(make: Callable[[], EmailMessage]) -> None:
    assert make()["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"


@EVERY
def test_what_is_sent_is_seven_bit_with_short_lines(make: Callable[..., EmailMessage]) -> None:
    sent = make().as_bytes()
    assert sent.isascii()
    assert max(len(line) for line in sent.split(b"\r\n")) <= 78
    assert b"\n" not in sent.replace(b"\r\n", b"")


@pytest.mark.parametrize("make", [one_time_code, activated])
def test_only_the_notification_has_an_address_to_type(make: Callable[[], EmailMessage]) -> None:
    assert "http" not in make().get_content()


@EVERY
def test_an_address_cannot_add_a_header(make: Callable[..., EmailMessage]) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        make(to="patient@example.org\r\nBcc: other@example.org")


def test_an_address_with_accents_keeps_them() -> None:
    message = notification(to="jérôme@example.org")
    assert "jérôme@example.org" in message.as_bytes().decode()


def test_the_return_path_names_the_mail_and_not_the_recipient() -> None:
    assert mails.return_path(sender="no-reply@a.example", token="ab12") == "no-reply+ab12@a.example"
    assert mails.return_path(sender="no-reply@a.example", token=None) == "no-reply@a.example"
