"""The five mails that the service sends, word for word (docs/specs/mails.md).

A test reads the specification and compares: change both or neither. No name, no
document and no link with an identifier ever goes in; the parts in braces are all
that differs between two people's mails.
"""

from __future__ import annotations

import functools
import quopri
import secrets
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from typing import Final

from souspli_mailbox.mail_html import as_html

NOTIFICATION_SUBJECT: Final = (
    "Un document vous attend – A document is waiting for you ({reference})"
)

NOTIFICATION_TEXT: Final = """\
Bonjour,

Un document médical vous attend dans votre espace Souspli.

Pour le lire, ouvrez votre navigateur et tapez cette adresse :
{page}

- Si vous avez déjà un compte : connectez-vous avec votre mot de passe.
- Sinon : prenez le courrier papier remis ou envoyé par votre cabinet.
  Il contient le numéro et le code dont vous avez besoin.

Ce message ne contient ni code ni pièce jointe. Personne ne vous demandera
votre code ou votre mot de passe par téléphone, par SMS ou par e-mail.
Un doute ? Appelez votre cabinet au numéro que vous connaissez.

Référence : {reference}

--

Hello,

A medical document is waiting for you in your Souspli mailbox.

To read it, open your browser and type this address:
{page}

- If you already have an account: sign in with your password.
- If not: take the paper letter from your practice. It holds the number
  and the code that you need.

This message has no code and no attachment. Nobody will ever ask you for
your code or your password by phone, text message or e-mail.
In doubt? Call your practice on the number you know.

Reference: {reference}
"""

REMINDER_SUBJECT: Final = (
    "Rappel : un document vous attend – Reminder: a document is waiting ({reference})"
)

REMINDER_TEXT: Final = """\
Bonjour,

Un document médical vous attend toujours dans votre espace Souspli.

Pour le lire, ouvrez votre navigateur et tapez cette adresse :
{page}

- Si vous avez déjà un compte : connectez-vous avec votre mot de passe.
- Sinon : prenez le courrier papier remis ou envoyé par votre cabinet. Il
  est valable jusqu'à la date imprimée ; ensuite, le document est effacé.
- Vous n'avez pas ou plus ce courrier ? Appelez votre cabinet.

Ce message ne contient ni code ni pièce jointe. Personne ne vous demandera
votre code ou votre mot de passe par téléphone, par SMS ou par e-mail.
Un doute ? Appelez votre cabinet au numéro que vous connaissez.

Référence : {reference}

--

Hello,

A medical document is still waiting for you in your Souspli mailbox.

To read it, open your browser and type this address:
{page}

- If you already have an account: sign in with your password.
- If not: take the paper letter from your practice. It is valid until the
  date printed on it; after that the document is deleted.
- You don't have that letter (any more)? Call your practice.

This message has no code and no attachment. Nobody will ever ask you for
your code or your password by phone, text message or e-mail.
In doubt? Call your practice on the number you know.

Reference: {reference}
"""

CODE_SUBJECT: Final = "Votre code à usage unique – Your one-time code"

CODE_TEXT: Final = """\
Votre code : {code}

Tapez-le dans la page ouverte devant vous. Il est valable 10 minutes.
Si vous n'êtes pas en train de taper ce code, quelqu'un utilise peut-être
votre courrier : appelez votre cabinet. Ne donnez ce code à personne.

--

Your code: {code}

Type it into the page that is open before you. It is valid for 10 minutes.
If you are not typing this code now, somebody may be using your letter:
call your practice. Give this code to nobody.
"""

ACTIVATED_SUBJECT: Final = "Votre espace est ouvert – Your mailbox is open"

ACTIVATED_TEXT: Final = """\
Votre espace Souspli vient d'être ouvert avec le courrier de votre cabinet.

Si ce n'était pas vous, appelez votre cabinet tout de suite.

--

Your Souspli mailbox has just been opened with your practice's letter.

If this was not you, call your practice at once.
"""

TERMS_SUBJECT: Final = "Les conditions d'utilisation changent – The terms of use are changing"

TERMS_TEXT: Final = """\
Bonjour,

Les conditions d'utilisation de votre espace Souspli changent le {jour}.

Vous pouvez les lire et les accepter dès maintenant, dans votre espace, sous
« Mon compte ». Ouvrez-le comme d'habitude, sans suivre de lien.

Même sans votre accord, vos documents restent lisibles.

Ce message ne contient ni lien, ni code, ni pièce jointe. Personne ne vous
demandera votre code ou votre mot de passe par téléphone, par SMS ou par
e-mail. Un doute ? Appelez votre cabinet au numéro que vous connaissez.

--

Hello,

The terms of use of your Souspli mailbox change on {day}.

You can read and accept them now, in your mailbox, under "My account". Open
it as you always do, without following a link.

Even if you don't accept them, your documents stay readable.

This message has no link, no code and no attachment. Nobody will ever ask
you for your code or your password by phone, text message or e-mail.
In doubt? Call your practice on the number you know.
"""


# `=_` is in no quoted-printable text, so that no part can hold it.
_ALTERNATIVE: Final = 'multipart/alternative; boundary="=_souspli"'


def notification(
    *, sender: str, to: str, page: str, reference: str, message_id: str, now: int
) -> EmailMessage:
    """Return the mail that says that a document waits.

    `reference`: four random digits, so that two mails don't look like one sent
    twice. `page`: the page's address, the same for everybody.
    """
    return _message(
        sender=sender,
        to=to,
        subject=NOTIFICATION_SUBJECT.format(reference=reference),
        text=NOTIFICATION_TEXT.format(page=page, reference=reference),
        message_id=message_id,
        now=now,
        html=True,
    )


def reminder(
    *, sender: str, to: str, page: str, reference: str, message_id: str, now: int
) -> EmailMessage:
    """Return the mail that says that a document still waits; parts as of `notification`."""
    return _message(
        sender=sender,
        to=to,
        subject=REMINDER_SUBJECT.format(reference=reference),
        text=REMINDER_TEXT.format(page=page, reference=reference),
        message_id=message_id,
        now=now,
        html=True,
    )


def one_time_code_mail(
    *, sender: str, to: str, code: str, message_id: str, now: int
) -> EmailMessage:
    """Return the mail with the one-time code. There is no link in it, nor the page's address."""
    return _message(
        sender=sender,
        to=to,
        subject=CODE_SUBJECT,
        text=CODE_TEXT.format(code=code),
        message_id=message_id,
        now=now,
    )


def activated(*, sender: str, to: str, message_id: str, now: int) -> EmailMessage:
    """Return the mail that tells the address of record that its invitation was claimed."""
    return _message(
        sender=sender,
        to=to,
        subject=ACTIVATED_SUBJECT,
        text=ACTIVATED_TEXT,
        message_id=message_id,
        now=now,
    )


def terms_change(
    *, sender: str, to: str, in_force_from: int, message_id: str, now: int
) -> EmailMessage:
    """Return the mail that announces new terms, 30 days and more before they are in force."""
    begins = datetime.fromtimestamp(in_force_from, UTC)
    return _message(
        sender=sender,
        to=to,
        subject=TERMS_SUBJECT,
        # In numbers where everybody reads them alike: 01/02 is two days to English readers.
        text=TERMS_TEXT.format(jour=f"{begins:%d/%m/%Y}", day=f"{begins:%Y-%m-%d}"),
        message_id=message_id,
        now=now,
    )


def draw_reference() -> str:
    """Return four random digits, by which a recipient tells two mails apart."""
    return f"{secrets.randbelow(10_000):04d}"


def _message(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    now: int,
    html: bool = False,
) -> EmailMessage:
    # An address may have é before its @; only then is the extension asked of the
    # relay, which may not know it.
    policy = SMTP if to.isascii() and sender.isascii() else SMTPUTF8
    message = EmailMessage(policy=policy)
    message["From"] = _header(policy, "From", sender)
    message["To"] = _address(to)
    message["Subject"] = subject
    # Rounded: when to the second a document was deposited is nobody's business.
    message["Date"] = _header(
        policy, "Date", format_datetime(datetime.fromtimestamp(now - now % 60, UTC))
    )
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no out-of-office reply is to come back.
    message["Auto-Submitted"] = _header(policy, "Auto-Submitted", "auto-generated")
    message["MIME-Version"] = _header(policy, "MIME-Version", "1.0")
    if html:
        message["Content-Type"] = _header(policy, "Content-Type", _ALTERNATIVE)
        # The better one last (RFC 2046 §5.1.4).
        message.set_payload([_part(policy, text, "plain"), _part(policy, as_html(text), "html")])
    else:
        _fill(message, policy, text, "plain")
    return message


def _part(policy: EmailPolicy[EmailMessage], text: str, subtype: str) -> EmailMessage:
    part = EmailMessage(policy=policy)
    _fill(part, policy, text, subtype)
    return part


def _fill(
    message: EmailMessage, policy: EmailPolicy[EmailMessage], text: str, subtype: str
) -> None:
    kind = f'text/{subtype}; charset="utf-8"'
    message["Content-Type"] = _header(policy, "Content-Type", kind)
    message["Content-Transfer-Encoding"] = _header(
        policy, "Content-Transfer-Encoding", "quoted-printable"
    )
    message.set_payload(quopri.encodestring(text.encode()).decode("ascii"))


# Parsing its headers is most of what a mail costs, and most of them are every mail's:
# those of a service, of a minute.
@functools.lru_cache(maxsize=16)
def _header(policy: EmailPolicy, name: str, value: str) -> object:
    return policy.header_factory(name, _address(value) if name == "From" else value)


def _address(address: str) -> Address:
    # In two parts: given whole, it would be refused for an é before the @. A
    # line break in either part is refused all the same.
    local, _, domain = address.rpartition("@")
    return Address(username=local, domain=domain)
