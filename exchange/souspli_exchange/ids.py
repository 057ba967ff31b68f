"""Ids of 128 random bits, as 32 lower-case hexadecimal digits (encoding.md §2)."""

import os
import re
from typing import Final, NewType

DocumentId = NewType("DocumentId", str)
DeliveryId = NewType("DeliveryId", str)
InvitationId = NewType("InvitationId", str)
EnrolmentId = NewType("EnrolmentId", str)

ID_BYTES = 16  # 128 bits: two drawn anywhere are never the same

ID_PATTERN: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
HASH_PATTERN: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def random_hex() -> str:
    """Return 128 new random bits: an id, or a salt."""
    return os.urandom(ID_BYTES).hex()


def new_document_id() -> DocumentId:
    """Return the id of a document that does not exist yet."""
    return DocumentId(random_hex())


def new_invitation_id() -> InvitationId:
    """Return the id of an invitation that does not exist yet."""
    return InvitationId(random_hex())


def new_enrolment_id() -> EnrolmentId:
    """Return the id of an enrolment that does not exist yet."""
    return EnrolmentId(random_hex())
