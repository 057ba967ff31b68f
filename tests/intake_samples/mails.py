"""Mails, ordinary ones by the standard library, hostile ones byte by byte."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a mail."""

    content: bytes
    name: str | None = "resultat.pdf"
    media_type: str = "application/octet-stream"
    cte: str = "base64"


def mail(
    *attachments: Attachment,
    text: str | None = "Bonjour,\n\nvoici les résultats.\n",
    html: str | None = None,
    subject: str | None = "Résultats",
    message_id: str | None = "<1.abc@labo.example>",
) -> bytes:
    """Return a mail as a laboratory's program sends it."""
    message = EmailMessage()
    message["From"] = "labo@labo.example"
    message["To"] = "patient@example.fr"
    if subject is not None:
        message["Subject"] = subject
    if message_id is not None:
        message["Message-ID"] = message_id
    if text is not None:
        message.set_content(text)
    if html is not None:
        if text is None:
            message.set_content(html, subtype="html")
        else:
            message.add_alternative(html, subtype="html")
    for one in attachments:
        main, _, sub = one.media_type.partition("/")
        message.add_attachment(
            one.content, maintype=main, subtype=sub, filename=one.name, cte=one.cte
        )
    # The library's own boundaries are another one each time.
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_boundary_of_tests")
    return message.as_bytes()


def raw(*headers: str | bytes, body: bytes = b"", end: bytes = b"\r\n") -> bytes:
    """Return a mail, or a part of one, of exactly these header lines and this body."""
    lines = [line if isinstance(line, bytes) else line.encode() for line in headers]
    return end.join([*lines, b"", body])


def multipart(
    parts: Iterable[bytes],
    *,
    boundary: str = "b0undary",
    subtype: str = "mixed",
    headers: tuple[str | bytes, ...] = ("From: labo@labo.example",),
    closed: bool = True,
    end: bytes = b"\r\n",
) -> bytes:
    """Return a mail of these raw parts."""
    line = b"--" + boundary.encode()
    body = b"".join(line + end + part + end for part in parts) + (line + b"--" + end) * closed
    kind = f'Content-Type: multipart/{subtype}; boundary="{boundary}"'
    return raw(*headers, kind, body=body, end=end)


def many_parts(count: int) -> bytes:
    """Return a mail of `count` tiny parts."""
    return multipart([b"\r\nx"] * count)


def nested_parts(depth: int, innermost: bytes = b"\r\nx") -> bytes:
    """Return a part in a part in a part."""
    part = innermost
    for level in range(depth):
        part = multipart([part], boundary=f"level{level}", headers=())
    return b"From: labo@labo.example\r\n" + part


def forwarded(depth: int, innermost: bytes) -> bytes:
    """Return a mail in a mail in a mail."""
    for _ in range(depth):
        innermost = raw("From: a@b.example", "Content-Type: message/rfc822", body=innermost)
    return innermost
