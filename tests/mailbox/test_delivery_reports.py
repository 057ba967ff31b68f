"""Reports as relays write them are read; whatever else comes is no report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.reports import EXCHANGE, INTERNATIONAL, OUT_OF_OFFICE, READ, report

from souspli_mailbox.bounce_reasons import REASONS, SUBJECTS, BounceReason, reason_of
from souspli_mailbox.delivery_reports import MAX_REPORT_BYTES, read_report

SPECIFICATION = Path(__file__).parents[2] / "docs" / "specs" / "mails.md"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.1", BounceReason.ADDRESS_UNKNOWN),
        ("5.1.2", BounceReason.DOMAIN_UNKNOWN),
        ("5.4.4", BounceReason.DOMAIN_UNKNOWN),
        ("5.1.10", BounceReason.DOMAIN_UNKNOWN),
        ("5.2.1", BounceReason.MAILBOX_DISABLED),
        ("5.2.2", BounceReason.MAILBOX_FULL),
        ("4.2.2", BounceReason.MAILBOX_FULL),
        ("5.7.26", BounceReason.REFUSED),
        ("4.4.1", BounceReason.UNREACHABLE),
        ("5.6.7", BounceReason.ADDRESS_UNSUPPORTED),
        ("5.9.9", BounceReason.OTHER),
        ("5.999.999", BounceReason.OTHER),
    ],
)
def test_a_report_of_a_failure_gives_the_reason_of_its_status(
    status: str, reason: BounceReason
) -> None:
    assert read_report(report(status=status, diagnostic="554 no")) is reason


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "failing"])
def test_what_has_not_failed_is_no_report(action: str) -> None:
    assert read_report(report(action=action)) is None


@pytest.mark.parametrize(
    ("diagnostic", "reason"),
    [
        ("552 5.2.2 over quota", BounceReason.MAILBOX_FULL),
        ("550-5.1.1 The account does not exist", BounceReason.ADDRESS_UNKNOWN),
        ("550 no", BounceReason.OTHER),
        ("", BounceReason.OTHER),
        ("5.1.1", BounceReason.OTHER),
    ],
)
def test_where_the_status_says_nothing_the_relay_s_answer_may(
    diagnostic: str, reason: BounceReason
) -> None:
    assert read_report(report(status="5.0.0", diagnostic=diagnostic)) is reason


def test_other_relays_reports_are_read() -> None:
    assert read_report(EXCHANGE) is BounceReason.MAILBOX_DISABLED
    assert read_report(INTERNATIONAL) is BounceReason.ADDRESS_UNSUPPORTED


def test_replies_and_read_receipts_are_no_reports() -> None:
    assert read_report(OUT_OF_OFFICE) is None
    assert read_report(READ) is None


def test_of_several_recipients_all_must_have_failed() -> None:
    second = b"\r\n\r\nFinal-Recipient: rfc822; b@example.org\r\nAction: %s\r\nStatus: 5.0.0"
    before = b"Diagnostic-Code: smtp; 550 5.1.1 <patient@example.org>: no such user"
    assert before in report()
    both = report().replace(before, before + second % b"failed")
    assert read_report(both) is BounceReason.ADDRESS_UNKNOWN
    assert read_report(report().replace(before, before + second % b"delivered")) is None


def test_a_report_that_is_too_large_is_none() -> None:
    large = report() + b"x" * (MAX_REPORT_BYTES - len(report()))
    assert read_report(large) is BounceReason.ADDRESS_UNKNOWN
    assert read_report(large + b"x") is None


def test_parts_in_parts_end_without_a_fault() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (level, level)
        for level in range(3_000)
    )
    assert read_report(deep) is None
    messages = b"Content-Type: message/rfc822\r\n\r\n" * 3_000
    assert read_report(messages) is None
    inside = report().replace(b"Content-Type: message/rfc822\r\n\r\n", messages)
    assert read_report(inside) in {None, BounceReason.ADDRESS_UNKNOWN}


@given(st.data())
@settings(max_examples=150)
def test_a_damaged_report_is_read_or_none_and_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(report())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    assert read_report(bytes(raw)) in {None, *BounceReason}


@given(st.binary(max_size=400))
def test_anything_is_read_without_a_fault(raw: bytes) -> None:
    assert read_report(raw) is None


@pytest.mark.parametrize(
    "text", ["", "no", "5.1", "5.1.1.1", "3.1.1", "5.1.1000", "٥.١.١", "x5.1.1", "5.-1.1"]
)
def test_what_is_no_enhanced_status_code_gives_no_reason(text: str) -> None:
    assert reason_of(text) is BounceReason.OTHER


def test_the_table_of_the_specification_is_the_table_of_the_code() -> None:
    page = SPECIFICATION.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE))
    assert rows.keys() == {reason.value for reason in BounceReason}
    for reason in BounceReason:
        exact = {
            (int(subject), int(detail))
            for subject, detail in re.findall(r"x\.(\d+)\.(\d+)", rows[reason])
        }
        assert exact == {code for code, one in REASONS.items() if one is reason}
        subjects = {int(subject) for subject in re.findall(r"x\.(\d+)\.\*", rows[reason])}
        assert subjects == {subject for subject, one in SUBJECTS.items() if one is reason}
