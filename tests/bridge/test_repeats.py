"""What makes a mail the same as one before: everything that says anything, and nothing else."""

from __future__ import annotations

import pytest

from souspli_cli.bridge.digests import Digests

DIGESTS = Digests.of(bytes(32))
HEADERS = b"Message-ID: <1@labo.example>\r\nDate: Sun, 29 Nov 2026 08:15:00 +0100\r\n"
MAIL = HEADERS + b"Subject: INR\r\n\r\n2,5\r\n"
ONCE = (
    b"Received: from sil (sil.labo.example [10.0.0.7])\r\n"
    b"\tby relais.labo.example (Postfix) with ESMTP id 4F1;\r\n"
    b"\tSun, 29 Nov 2026 08:15:01 +0100 (CET)\r\n"
)
AGAIN = ONCE.replace(b"4F1", b"9A2").replace(b":01", b":31")


def same(one: bytes, other: bytes) -> bool:
    """Say whether the second is taken for the first."""
    to = ("a@exemple.fr",)
    return DIGESTS.repeat("sil", to, one) == DIGESTS.repeat("sil", to, other)


def test_what_a_relay_writes_in_front_does_not_count() -> None:
    assert same(ONCE + MAIL, AGAIN + MAIL)
    assert same(ONCE + MAIL, MAIL)
    assert same(b"Return-Path: <labo@labo.example>\r\n" + ONCE + AGAIN + MAIL, MAIL)
    assert same(ONCE.upper() + MAIL, MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"08:15:00", b"08:15:01"),
        MAIL.replace(b"INR", b"TSH"),
        MAIL.replace(b"2,5", b"2,6"),
        MAIL.replace(b"2,5", b"2,5\r\n"),
        # Not in front: somebody's own, whatever it is called.
        HEADERS + ONCE + b"Subject: INR\r\n\r\n2,5\r\n",
        b"X-Received: 1\r\n" + MAIL,
        b"Received: x\n" + MAIL,
    ],
)
def test_everything_else_does(other: bytes) -> None:
    assert not same(MAIL, other)


@pytest.mark.parametrize(
    "mail",
    [
        MAIL.replace(b"Message-ID", b"X-ID"),
        MAIL.replace(b"<1@labo.example>", b""),
        MAIL.replace(b"Date", b"X-Date"),
        MAIL.replace(b"Sun, 29 Nov 2026 08:15:00 +0100", b" "),
        # In the body they say nothing of the mail.
        b"Subject: INR\r\n\r\n" + HEADERS,
        b"Subject: INR\r\n",
        b"",
    ],
)
def test_without_message_id_or_date_every_byte_counts(mail: bytes) -> None:
    assert same(ONCE + mail, ONCE + mail)
    assert not same(ONCE + mail, AGAIN + mail)


def test_account_and_recipients_count_and_their_order_does_not() -> None:
    to = ("a@exemple.fr", "b@exemple.fr")
    digest = DIGESTS.repeat("sil", to, MAIL)
    assert DIGESTS.repeat("sil", to[::-1], MAIL) == digest
    assert DIGESTS.repeat("sil", to[:1], MAIL) != digest
    assert DIGESTS.repeat("other", to, MAIL) != digest


def test_a_long_trace_takes_no_time() -> None:
    # A million lines that only almost end.
    assert not same(b"Received: x\r\n" + b" \r\n" * 300_000 + b"y", b"")
    assert not same(b"Received: x\r\n" * 100_000 + b"Received", b"")
