"""Who sent a document: a member whom an organisation that the reader trusts certifies.

docs/specs/statements.md («A chain») and sealed-document.md §7 rule 2.
"""

from collections.abc import Collection

from souspli_exchange.errors import SenderRefusedError
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import StatementError
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Act,
    VerifiedMember,
    check_may,
    verify_chain,
    verify_self_signed_organisation,
)


def verify_sender(
    organisation: Envelope,
    member: Envelope,
    *,
    trusted: Collection[Fingerprint],
    origin: Origin,
    at: int,
) -> VerifiedMember:
    """Return the member who may have signed a document at the moment `at`.

    `trusted` are the fingerprints of the reader's organisations. Raises
    SenderRefusedError if the statements do not chain to one of them, if membership
    does not cover the moment, or if the role signs no documents.
    """
    try:
        fingerprint = verify_self_signed_organisation(organisation, origin=origin).fingerprint
        if fingerprint not in trusted:
            raise SenderRefusedError("the sender's organisation is not one that is trusted")
        verified = verify_chain(
            organisation, member, organisation=fingerprint, origin=origin, at=at
        )
        check_may(verified.member, Act.DOCUMENTS)
    except StatementError as refused:
        raise SenderRefusedError("the sender's statements do not hold") from refused
    return verified
