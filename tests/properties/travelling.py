"""Covers and what goes with them, there and back; for hypothesis to draw from."""

from typing import Any

from hypothesis import strategies as st
from properties.descriptions import DESCRIPTIONS, contents
from properties.statements import ENVELOPES
from properties.values import (
    DOCUMENT_IDS,
    FINGERPRINTS,
    HASHES,
    IDS,
    MOMENTS,
    ORIGINS,
    PUBLIC_IDENTITIES,
    texts,
)

from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import MAX_CREATED_AT
from souspli_exchange.cover import Cover
from souspli_exchange.grant import Grant, GrantReason
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.manifest import Manifest, Sender
from souspli_exchange.receipt import Receipt
from souspli_exchange.spool import SpooledCover, SpooledDocument
from souspli_exchange.withdrawal import Withdrawal, WithdrawalReason
from souspli_keys.canonical import MAX_INTEGER

MANIFESTS = st.builds(
    Manifest,
    salt=IDS,
    document_id=DOCUMENT_IDS,
    origin=ORIGINS,
    created_at=st.integers(0, MAX_CREATED_AT),
    sender=st.builds(
        Sender,
        address=texts(254),
        fingerprint=FINGERPRINTS,
        name=texts(200),
        organisation=FINGERPRINTS,
    ),
    recipient=FINGERPRINTS,
    contents=contents(),
    document=DESCRIPTIONS,
)
COVERS = st.builds(
    Cover,
    document_key=st.binary(min_size=32, max_size=32).map(HybridIdentity),
    manifest=ENVELOPES,
    grants=st.lists(ENVELOPES, max_size=3).map(tuple),
)
GRANTS = st.builds(
    Grant,
    document_id=DOCUMENT_IDS,
    granter=PUBLIC_IDENTITIES,
    granted_at=MOMENTS,
    manifest_hash=HASHES,
    origin=ORIGINS,
    reason=st.sampled_from(GrantReason),
    salt=IDS,
    to=FINGERPRINTS,
)


RECEIPTS = st.builds(
    Receipt,
    document_id=DOCUMENT_IDS,
    manifest_hash=HASHES,
    opened_at=MOMENTS,
    origin=ORIGINS,
    reader=FINGERPRINTS,
    salt=IDS,
)


def _withdrawal(
    reason: WithdrawalReason, other: DocumentId, document_id: DocumentId, **said: Any
) -> Withdrawal:
    """One that names a corrected document exactly if it is replaced by one."""
    replaced = reason is WithdrawalReason.REPLACED and other != document_id
    return Withdrawal(
        document_id=document_id,
        reason=reason if replaced else WithdrawalReason.OTHER,
        replaced_by=other if replaced else None,
        **said,
    )


WITHDRAWALS = st.builds(
    _withdrawal,
    document_id=DOCUMENT_IDS,
    member=FINGERPRINTS,
    organisation=FINGERPRINTS,
    origin=ORIGINS,
    reason=st.sampled_from(WithdrawalReason),
    other=DOCUMENT_IDS,
    salt=IDS,
    withdrawn_at=MOMENTS,
)
SPOOLED_DOCUMENTS = st.builds(
    SpooledDocument,
    document_id=DOCUMENT_IDS,
    sealed_length=st.integers(0, MAX_INTEGER),
    checksums=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4).map(tuple),
    covers=st.lists(
        st.builds(
            SpooledCover,
            invitation_id=IDS.map(InvitationId),
            recipient=FINGERPRINTS,
            manifest_hash=HASHES,
            sealed=st.binary(min_size=1, max_size=90),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    sender_cover=st.binary(min_size=1, max_size=90),
)
