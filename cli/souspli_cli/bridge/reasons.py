"""Why a document was not sent: the words that rows keep, ``bridge.reason_<value>``."""

from __future__ import annotations

from typing import Final

from souspli_cli.bridge.pdf.words import EMBEDDED_FILES, ENCRYPTED
from souspli_cli.bridge.policy import ACTIVE_CONTENT
from souspli_cli.bridge.routing import Unclear

SPOOL_DAMAGED: Final = "spool_damaged"
BOOK_DAMAGED: Final = "book_damaged"
BROKEN_ANSWER: Final = "broken_answer"
UNEXPECTED: Final = "unexpected"
TOO_LATE: Final = "too_late"
MAYBE_SENT: Final = "maybe_sent"
"""Too late as well, or rejected; and its deposit was begun: its patient may have it."""
NOT_ALLOWED: Final = "not_allowed"
SAID_WITHDRAWN: Final = "withdrawn"
"""The service's word about a document that nobody here has taken back."""

DELETION: Final = "deletion"
"""By the settings, a person decides what is taken back."""
SENT_BEFORE: Final = "document_differs"
"""The service has it with other covers: an older profile was put back, or there are two."""
WITHDRAWS_UNKNOWN: Final = "withdraws_unknown"
WITHDRAWS_UNCHECKED: Final = "withdraws_unchecked"
WITHDRAWS_GONE: Final = "withdraws_gone"
WITHDRAWS_MAYBE_SENT: Final = "withdraws_maybe_sent"

MAY_BE_THERE: Final = (MAYBE_SENT, SENT_BEFORE)
"""Of documents that are not sent from here, and that the service may have all the same."""

OF_POLICY: Final = (ACTIVE_CONTENT, ENCRYPTED, EMBEDDED_FILES, DELETION)

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
    TOO_LATE,
    MAYBE_SENT,
    NOT_ALLOWED,
    SAID_WITHDRAWN,
    SENT_BEFORE,
    WITHDRAWS_UNKNOWN,
    WITHDRAWS_UNCHECKED,
    WITHDRAWS_GONE,
    WITHDRAWS_MAYBE_SENT,
    *OF_POLICY,
    *OF_RECIPIENTS,
)
