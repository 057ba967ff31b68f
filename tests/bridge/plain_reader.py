"""A reader of mails made by these tests: attachments are files, `X-…` headers the rest."""

from __future__ import annotations

import os
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from souspli_cli.intake.errors import UnreadableError
from souspli_cli.intake.values import Change, Document, File, Finding, Format, Mail, Traits
from souspli_exchange.manifest import Ins, Priority, Sex


def read(content: bytes) -> Mail:
    """Read a mail; one document for all of it."""
    message = message_from_bytes(content, policy=policy.default)
    said = {name.lower(): str(value) for name, value in message.items()}
    if said.get("x-raise"):
        raise RuntimeError(said["x-raise"])
    if said.get("x-sleep"):
        time.sleep(float(said["x-sleep"]))
    if said.get("x-die"):
        os._exit(9)
    if not content.strip() or not message.keys():
        raise UnreadableError("not a mail")
    files = [
        File(
            name=part.get_filename() or "texte.txt",
            media_type=part.get_content_type(),
            content=part.get_payload(decode=True),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]
    ins = said.get("x-ins")
    traits = Traits(
        birth_name=said.get("x-birth-name"),
        given_names=said.get("x-given-names"),
        birth_date=said.get("x-birth-date"),
        sex=Sex(said["x-sex"]) if "x-sex" in said else None,
        ins=Ins(ins, "1.2.250.1.213.1.4.8") if ins else None,
        address=said.get("x-address"),
    )
    document = Document(
        format=Format.PLAIN,
        files=tuple(files),
        traits=traits,
        title=said.get("x-title"),
        report_id=said.get("x-report"),
        change=Change(said.get("x-change", "new")),
        replaces=tuple(filter(None, said.get("x-replaces", "").split())),
        copies_to=tuple(filter(None, said.get("x-copies", "").split())),
        priority=Priority(said.get("x-priority", "routine")),
        findings=frozenset({Finding.BROKEN} if "x-broken" in said else ()),
    )
    return Mail(
        message_id=said.get("message-id"),
        documents=(document,),
        is_reply_of_a_program=said.get("auto-submitted") == "auto-replied",
        date=said.get("date"),
    )


def mail(
    content: bytes = b"%PDF-1.7 TSH 1,2\n", *, name: str = "resultats.pdf", **headers: str
) -> bytes:
    """Make a mail with one attachment; ``birth_name`` becomes ``X-Birth-Name``."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "labo@labo.example"
    message["Subject"] = "Résultats"
    for header, value in headers.items():
        known = {"message_id": "Message-ID", "auto_submitted": "Auto-Submitted", "date": "Date"}
        message[known.get(header, "X-" + header.replace("_", "-"))] = value
    message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()
