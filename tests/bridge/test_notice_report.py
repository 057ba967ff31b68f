"""A notice is an RFC 3464 report that any mail program reads, and holds nothing of a patient."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from souspli_cli.bridge import reasons
from souspli_cli.bridge.notices.report import Outgoing, ReportedDocument, ReportedMail, compose
from souspli_cli.bridge.notices.rows import Kind

NOW = 1_800_000_000
MAIL = ReportedMail(
    queue_id="ABCDEFGHIJKLMNOP",
    received_at=NOW - 14_400,
    documents=(ReportedDocument("d" * 32, "nobody"),),
    of=2,
    recipients=("jeanne@exemple.fr", "patients@pont.labo.example"),
    message_id="42@sil.labo.example",
    date="Fri, 15 Jan 2027 05:00:00 +0100",
    until=None,
)


def changed(**more: Any) -> ReportedMail:
    """The mail, with something else about it."""
    return ReportedMail(**(vars(MAIL) | more))


def notice(
    *mails: ReportedMail, kind: Kind = Kind.TO_CHECK, to: str = "labo@labo.example"
) -> bytes:
    """The bytes of a notice about mails."""
    return compose(Outgoing(kind, to, "pont.labo.example", "N7", NOW, mails or (MAIL,)))


def read(content: bytes) -> EmailMessage:
    """What Python's own parser makes of it, without a complaint."""
    message = message_from_bytes(content, policy=policy.default)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def parts(report: EmailMessage) -> list[Any]:
    """The parts of a report."""
    return list(report.iter_parts())


def blocks(report: EmailMessage) -> list[dict[str, str]]:
    """The fields of the whole, then of each recipient."""
    status = parts(report)[1].get_payload()
    return [{name: str(value) for name, value in one.items()} for one in status]


def test_it_has_every_part_and_field_that_rfc_3464_asks_for() -> None:
    report = read(notice())
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in parts(report)] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    whole, *recipients = [one for one in blocks(report) if one]
    assert whole["Reporting-MTA"] == "dns; pont.labo.example"
    assert whole["X-Souspli-Queue-Id"] == "ABCDEFGHIJKLMNOP"
    assert whole["X-Souspli-Document"] == f"{'d' * 32}; nobody"
    assert whole["Arrival-Date"] == "Fri, 15 Jan 2027 04:00:00 +0000"
    assert [one["Final-Recipient"] for one in recipients] == [
        "rfc822; jeanne@exemple.fr",
        "rfc822; patients@pont.labo.example",
    ]
    assert all((one["Action"], one["Status"]) == ("delayed", "4.1.0") for one in recipients)


def test_it_is_an_answer_of_a_program_and_says_the_reason_to_one() -> None:
    report = read(notice())
    assert report["From"] == "postmaster@pont.labo.example"
    assert report["To"] == "labo@labo.example"
    assert report["Auto-Submitted"] == "auto-replied"
    assert report["X-Souspli-Error"] == "nobody"
    assert report["Message-ID"] == "<N7@pont.labo.example>"
    assert report["Subject"] == "Document à vérifier / Document to be checked"


def test_a_person_reads_french_first_and_what_to_do() -> None:
    text = parts(read(notice()))[0].get_content()
    assert text.index("quelqu'un doit regarder") < text.index("somebody has to look")
    assert text.count("souspli bridge quarantine") == 2
    assert "1 document(s) sur 2 (dddddddd)" in text
    assert "personne de ce nom dans le carnet" in text


def test_of_the_mail_s_headers_it_repeats_message_id_and_date_alone() -> None:
    headers = parts(read(notice()))[2].get_content()
    assert headers.splitlines()[:2] == [
        "Message-ID: <42@sil.labo.example>",
        "Date: Fri, 15 Jan 2027 05:00:00 +0100",
    ]
    report = read(notice(changed(message_id=None, date=None)))
    assert len(parts(report)) == 2


@pytest.mark.parametrize(
    ("kind", "reason", "action", "status"),
    [
        (Kind.DELAYED, None, "delayed", "4.4.1"),
        (Kind.DELAYED, "broken_answer", "delayed", "4.0.0"),
        (Kind.TO_CHECK, "spool_damaged", "delayed", "4.3.0"),
        (Kind.FAILED, "too_late", "failed", "5.4.7"),
        (Kind.FAILED, "maybe_sent", "failed", "5.4.7"),
        (Kind.FAILED, "not_allowed", "failed", "5.7.1"),
        (Kind.FAILED, "quota", "failed", "5.0.0"),
    ],
)
def test_action_and_status_say_whether_it_is_over(
    kind: Kind, reason: str | None, action: str, status: str
) -> None:
    documents = (ReportedDocument("d", reason),)
    until = NOW + 60 if kind is Kind.DELAYED else None
    report = read(notice(changed(documents=documents, until=until), kind=kind))
    _, recipient, *_ = blocks(report)
    assert (recipient["Action"], recipient["Status"]) == (action, status)
    assert ("Will-Retry-Until" in recipient) == (kind is Kind.DELAYED)
    assert report["X-Souspli-Error"] == (reason or "service_away")


@pytest.mark.parametrize("reason", reasons.ALL)
def test_every_reason_of_the_ledger_is_said_in_words(reason: str) -> None:
    text = parts(read(notice(changed(documents=(ReportedDocument("d", reason),)))))[0].get_content()
    assert "code " not in text


INJECTIONS = ["x\r\nBcc: all@exemple.fr", "x\nBcc: all@exemple.fr", "x\r\n\r\nbody", "é", "x" * 990]


@pytest.mark.parametrize("bad", INJECTIONS)
def test_nothing_that_comes_from_a_mail_adds_a_line(bad: str) -> None:
    whole = notice(
        changed(
            message_id=f"{bad}@labo",
            date=bad,
            recipients=(f"{bad}@exemple.fr",),
            documents=(ReportedDocument("d" * 32, bad),),
        ),
        to=f"{bad}@labo.example",
    )
    report = read(whole)
    assert b"Bcc" not in whole
    assert report["X-Souspli-Error"] == "unexpected"
    _, recipient, *_ = blocks(report)
    assert recipient["Final-Recipient"].startswith(("x-souspli; unknown", "utf-8; \\x{E9}@"))
    assert all(len(line) < 998 for line in whole.split(b"\r\n"))
    assert len(parts(report)) == 2


def test_an_address_that_is_not_ascii_is_spelt_as_rfc_6533_says() -> None:
    _, recipient, *_ = blocks(read(notice(changed(recipients=("hélène+a=b@exemple.fr",)))))
    assert recipient["Final-Recipient"] == "utf-8; h\\x{E9}l\\x{E8}ne\\x{2B}a\\x{3D}b@exemple.fr"


def test_several_mails_are_one_message_with_a_report_of_each() -> None:
    mails = [changed(queue_id=letter * 16, message_id=f"{letter}@labo") for letter in "ABC"]
    message = read(notice(*mails))
    assert message.get_content_type() == "multipart/mixed"
    text, *attached = parts(message)
    assert all(one.queue_id in text.get_content() for one in mails)
    reports = [one.get_payload(0) for one in attached]
    assert [one["X-Souspli-Queue-Id"] for one in reports] == [one.queue_id for one in mails]
    assert [one["Message-ID"] for one in reports] == [
        f"<N7.{number}@pont.labo.example>" for number in range(3)
    ]
    assert all(one.get_content_type() == "multipart/report" for one in reports)
    assert message["X-Souspli-Error"] == "nobody"


def test_a_mail_whose_file_is_damaged_is_reported_all_the_same() -> None:
    report = read(notice(changed(of=0, recipients=(), message_id=None, date=None)))
    _, recipient, *_ = blocks(report)
    assert recipient["Final-Recipient"] == "x-souspli; unknown"
    assert "le fichier gardé est abîmé" in parts(report)[0].get_content()
