"""What the bridge answers by SMTP: constants, so that nothing of a mail is ever in one.

docs/specs/bridge.md §3.
"""

from __future__ import annotations

from typing import Final

SIGNED_IN: Final = "235 2.7.0 Authentication successful"
SENDER_OK: Final = "250 2.1.0 Ok"
RECIPIENT_OK: Final = "250 2.1.5 Ok"
GO_ON: Final = "354 End data with <CR><LF>.<CR><LF>"

# A laboratory's software shows these to its people, as they are: French, then English, in
# ASCII, since SMTP has nothing else without SMTPUTF8.
BUSY: Final = (
    "421 4.3.2 Trop de connexions, a reessayer plus tard / Too many connections, try again later"
)
LATER: Final = (
    "451 4.3.0 Echec passager, rien n'a ete garde, a renvoyer plus tard"
    " / Temporary failure, nothing was kept, try again later"
)
NO_ROOM: Final = (
    "452 4.3.1 Plus de place sur le pont, rien n'a ete garde, a renvoyer plus tard"
    " / Insufficient system storage, nothing was kept, try again later"
)
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Trop de destinataires / Too many recipients"
TOO_MANY_TRIES: Final = (
    "454 4.7.0 Trop de mots de passe faux, a reessayer plus tard"
    " / Too many failed attempts, try again later"
)

LINE_TOO_LONG: Final = "500 5.5.2 Ligne trop longue / Line too long"
AUTH_NOT_UNDERSTOOD: Final = "501 5.5.2 Authentication data not understood"
DATA_SYNTAX: Final = "501 5.5.4 Syntax: DATA"
RECIPIENT_FIRST: Final = "503 5.5.1 RCPT first"
SIGN_IN_FIRST: Final = "530 5.7.0 Compte et mot de passe requis / Authentication required"
TLS_FIRST: Final = "530 5.7.0 Chiffrement (STARTTLS) requis d'abord / Must issue STARTTLS first"
SIGN_IN_WRONG: Final = "535 5.7.8 Compte ou mot de passe faux / Authentication credentials invalid"
RECIPIENT_UNKNOWN: Final = (
    "550 5.1.1 Destinataire inconnu du pont : invitez d'abord le patient"
    " / Recipient unknown here: invite the patient first"
)
SMUGGLED: Final = "550 5.5.2 Line ends other than CR LF around a lone dot refused"
SENDER_REFUSED: Final = (
    "550 5.7.1 Ce compte ne peut pas envoyer depuis cette adresse"
    " / This account may not send from this address"
)
TOO_LARGE: Final = "552 5.3.4 Mail trop gros / Message too large"
PROGRAM: Final = (
    "554 5.7.1 Programmes, scripts et macros ne sont pas pris ici"
    " / Programs, scripts and macros are not accepted here"
)
UNREADABLE: Final = "554 5.6.0 Ce mail ne se lit pas / Message content can't be read"


def queued(queue_id: str) -> str:
    """Give the answer to a mail that is durable."""
    return f"250 2.0.0 Ok: queued as {queue_id}"
