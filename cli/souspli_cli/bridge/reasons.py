"""Why a document was not sent: the words that rows keep, ``bridge.reason_<value>``."""

from __future__ import annotations

from typing import Final

from souspli_cli.bridge.routing import Unclear

SPOOL_DAMAGED: Final = "spool_damaged"
BOOK_DAMAGED: Final = "book_damaged"
BROKEN_ANSWER: Final = "broken_answer"
UNEXPECTED: Final = "unexpected"

OF_RECIPIENTS: Final = (
    "address_corrected",
    "back_to_paper",
    "back_to_paper_patient",
    "back_to_paper_practice",
    "account_closed",
    "account_closed_said",
    "invitation_expired",
    "invitation_superseded",
    "invitation_unconfirmed",
    "invitation_pending",
    "invitation_claimed",
    "address_taken",
    "letter_characters",
    "no_invitation",
    "red_stop",
    "bridge_no_traits",
)
"""Names of what `recipients` refuses with. Any other name is shown as it is."""

ALL: Final = (
    *(unclear.value for unclear in Unclear),
    SPOOL_DAMAGED,
    BOOK_DAMAGED,
    BROKEN_ANSWER,
    UNEXPECTED,
    *OF_RECIPIENTS,
)
