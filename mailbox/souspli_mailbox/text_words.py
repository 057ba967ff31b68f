"""The text message that the service sends, word for word (docs/specs/mails.md §8). Pure.

Letters of the GSM alphabet alone (3GPP TS 23.038 §6.2.1): one character outside of it,
as ê is, more than halves what a message holds. A test compares with the specification.
"""

from __future__ import annotations

from typing import Final

TEXT: Final = (
    "Souspli: un document médical vous attend, et nos e-mails ne vous parviennent pas. "
    "Adresse: {host} Un doute? Appelez votre cabinet.\n"
    "A medical document is waiting for you and our e-mails don't reach you. "
    "Address: {host} In doubt? Call your practice."
)


def waiting_text(*, host: str) -> str:
    """Return the message; `host`: of the page, the same for everybody."""
    return TEXT.format(host=host)
