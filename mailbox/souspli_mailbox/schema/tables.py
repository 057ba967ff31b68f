"""Every table of the service, as SQLAlchemy Core: the list, and where each stands.

What each column is for and how long it stays is published in
`docs/what-is-kept.md`; a test compares the two, so that a column for a name, a
title or a kind of document can't slip in. Conventions: `columns.py`.

A query joins tables of several concepts, and who reads it needs to see which of its
names are tables: hence `tables.deliveries` everywhere, from this one place. It is also
the list: `metadata` holds every table only once all the modules below are imported, so
nobody takes it from `columns.py`, where it might be incomplete.
"""

from souspli_mailbox.schema.accounts import accounts, members, organisations, unlockers, vaults
from souspli_mailbox.schema.claims import attestations, bindings, claim_sessions
from souspli_mailbox.schema.columns import metadata
from souspli_mailbox.schema.consents import acceptances, choices, consents, terms_seen
from souspli_mailbox.schema.deletions import IS_UNENDED, closings, condemned_objects, purges
from souspli_mailbox.schema.deliveries import IS_UNTOLD, covers, deliveries, receipts, withdrawals
from souspli_mailbox.schema.deposits import (
    IS_UPLOADING,
    deposits,
    organisation_usage,
    sender_covers,
)
from souspli_mailbox.schema.enrolments import IS_UNCERTIFIED, enrolments
from souspli_mailbox.schema.entry import admission_codes, nonces, sessions, throttles
from souspli_mailbox.schema.facts import service_facts, service_secrets
from souspli_mailbox.schema.invitations import (
    IS_ON_PAPER,
    IS_PENDING,
    IS_UNANSWERED,
    invitations,
    person_checks,
)
from souspli_mailbox.schema.work import jobs, notifications

__all__ = [
    "IS_ON_PAPER",
    "IS_PENDING",
    "IS_UNANSWERED",
    "IS_UNCERTIFIED",
    "IS_UNENDED",
    "IS_UNTOLD",
    "IS_UPLOADING",
    "acceptances",
    "accounts",
    "admission_codes",
    "attestations",
    "bindings",
    "choices",
    "claim_sessions",
    "closings",
    "condemned_objects",
    "consents",
    "covers",
    "deliveries",
    "deposits",
    "enrolments",
    "invitations",
    "jobs",
    "members",
    "metadata",
    "nonces",
    "notifications",
    "organisation_usage",
    "organisations",
    "person_checks",
    "purges",
    "receipts",
    "sender_covers",
    "service_facts",
    "service_secrets",
    "sessions",
    "terms_seen",
    "throttles",
    "unlockers",
    "vaults",
    "withdrawals",
]
