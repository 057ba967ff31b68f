"""Delivery status notifications as relays write them, about mails of ours."""

from __future__ import annotations

POSTFIX = """\
From: MAILER-DAEMON@relay.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4Yx.1700000000/relay.example"

This is a MIME-encapsulated message.

--4Yx.1700000000/relay.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<patient@example.org>: host mx.example.org[192.0.2.1] said: {diagnostic}

--4Yx.1700000000/relay.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Postfix-Queue-ID: 4Yx
Arrival-Date: Fri, 15 Jan 2027 08:00:00 +0000 (UTC)

Final-Recipient: rfc822; patient@example.org
Original-Recipient: rfc822;patient@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {diagnostic}

--4Yx.1700000000/relay.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Subject: Un document vous attend
From: no-reply@souspli.example

Bonjour

--4Yx.1700000000/relay.example--
"""


def report(
    *,
    to: str = "no-reply@souspli.example",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 <patient@example.org>: no such user",
) -> bytes:
    """Return a report as Postfix writes it."""
    text = POSTFIX.format(to=to, action=action, status=status, diagnostic=diagnostic)
    return text.replace("\n", "\r\n").encode()


# Its own words and layout; one recipient's fields, in another order.
EXCHANGE = (
    b"From: <postmaster@example.org>\r\nTo: <no-reply@souspli.example>\r\n"
    b'Content-Type: multipart/report; report-type="delivery-status"; boundary=b\r\n\r\n'
    b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
    b"--c\r\nContent-Type: text/plain\r\n\r\nYour message couldn't be delivered.\r\n--c--\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns;EXCH.example.org\r\nReceived-From-MTA: dns;relay.example\r\n\r\n"
    b"Final-Recipient: RFC822;patient@example.org\r\nAction: Failed\r\n"
    b"Status: 5.2.1 (mailbox disabled)\r\n\r\n--b--\r\n"
)

OUT_OF_OFFICE = (
    b"From: <patient@example.org>\r\nTo: <no-reply@souspli.example>\r\n"
    b"Subject: Absence\r\nAuto-Submitted: auto-replied\r\n\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\n"
)

# A read receipt (RFC 8098): another report-type.
READ = (
    b"From: <patient@example.org>\r\n"
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;a\r\n\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)

INTERNATIONAL = (
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nj\xc3\xa9r\xc3\xb4me\r\n"
    b"--b\r\nContent-Type: message/global-delivery-status; charset=utf-8\r\n\r\n"
    b"Reporting-MTA: dns;relay.example\r\n\r\n"
    b"Final-Recipient: utf-8; j\xc3\xa9r\xc3\xb4me@example.org\r\nAction: failed\r\n"
    b"Status: 5.6.7\r\n\r\n--b--\r\n"
)
