"""The five mails, compared with the specification itself."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
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
        **COMMON | {"page": "https://souspli.example/", "reference": "0427"} | change  # type: ignore[arg-type]  # one shape for four functions
    )


def reminder(**change: object) -> EmailMessage:
    return mails.reminder(
        **COMMON | {"page": "https://souspli.example/", "reference": "0427"} | change  # type: ignore[arg-type]  # the same
    )


def one_time_code(**change: object) -> EmailMessage:
    return mails.one_time_code_mail(**COMMON | {"code": "012345"} | change)  # type: ignore[arg-type]  # the same


def activated(**change: object) -> EmailMessage:
    return mails.activated(**COMMON | change)  # type: ignore[arg-type]  # the same


def terms_change(**change: object) -> EmailMessage:
    return mails.terms_change(**COMMON | {"in_force_from": 1_801_440_000} | change)  # type: ignore[arg-type]  # the same


EVERY = pytest.mark.parametrize(
    "make", [notification, reminder, one_time_code, activated, terms_change]
)


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
        ("Reminder", mails.REMINDER_SUBJECT, mails.REMINDER_TEXT),
        ("One-time code", mails.CODE_SUBJECT, mails.CODE_TEXT),
        ("Account activated", mails.ACTIVATED_SUBJECT, mails.ACTIVATED_TEXT),
        ("Terms that change", mails.TERMS_SUBJECT, mails.TERMS_TEXT),
    ],
)
def test_every_word_is_the_specification_s(heading: str, subject: str, text: str) -> None:
    assert (subject, text) == specified(heading)


@pytest.mark.parametrize(
    ("make", "heading", "parts"),
    [
        (notification, "Notification", {"page": "https://souspli.example/", "reference": "0427"}),
        (reminder, "Reminder", {"page": "https://souspli.example/", "reference": "0427"}),
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
    plain = arrived.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == text.format(**parts)
    assert plain.get_content_charset() == "utf-8"


@EVERY
def test_the_headers_say_no_more_than_they_must(make: Callable[[], EmailMessage]) -> None:
    message = make()
    assert set(message.keys()) - {"Content-Transfer-Encoding"} == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert len(message.keys()) == len(set(message.keys()))
    assert message["From"] == "no-reply@souspli.example"
    assert message["To"] == "patient@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<0123456789abcdef@souspli.example>"
    for part in message.walk():
        if not part.is_multipart():
            assert part["Content-Transfer-Encoding"] in {"base64", "quoted-printable"}


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


class _Words(HTMLParser):
    """What a reader sees of a page; tags and attributes beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += f" {data} "


def html_of(message: EmailMessage) -> str:
    arrived = message_from_bytes(message.as_bytes(), policy=policy.default)
    part = arrived.get_body(("html",))
    assert part is not None
    return str(part.get_content())


TELLING = pytest.mark.parametrize("make", [notification, reminder])


@TELLING
def test_the_html_part_has_the_words_of_the_plain_part_and_no_others(
    make: Callable[[], EmailMessage],
) -> None:
    plain = make().get_body(("plain",))
    assert plain is not None
    seen = _Words()
    seen.feed(html_of(make()).partition("<body")[2].partition(">")[2])
    said = [word for word in plain.get_content().split() if word not in {"-", "--"}]
    assert seen.text.split() == said


@TELLING
def test_a_reader_s_program_fetches_nothing_and_follows_nothing(
    make: Callable[[], EmailMessage],
) -> None:
    page = html_of(make())
    seen = _Words()
    seen.feed(page)
    elements = "html head meta title body div p strong ul li hr"
    assert " ".join(sorted(seen.tags)) == " ".join(sorted(elements.split(" ")))
    assert seen.attributes == {"lang", "charset", "name", "content", "style"}
    assert "url(" not in page
    # Seen to be able to fail: the address is there, as text.
    assert "https://souspli.example/" in seen.text


def test_what_stands_in_the_page_s_address_is_no_html() -> None:
    page = html_of(notification(page="https://a.example/<img src=x>&"))
    assert "<img" not in page
    assert "https://a.example/&lt;img src=x&gt;&amp;" in page


@TELLING
def test_each_language_is_marked_as_what_it_is(make: Callable[[], EmailMessage]) -> None:
    page = html_of(make())
    french, english = page.index('<div lang="fr">'), page.index('<div lang="en">')
    assert french < page.index("Bonjour") < english < page.index("Hello")
