"""Statements: signed envelopes that say who people are (statements.md).

Public: the service verifies them too. Signing takes a `dsse.Signer`.
"""

from souspli_keys.statements.acceptance import Acceptance, verify_acceptance
from souspli_keys.statements.attestation import Attestation, verify_attestation
from souspli_keys.statements.binding import (
    BINDING_GRACE_SECONDS,
    Binding,
    VerifiedBinding,
    sign_binding,
    verify_binding,
)
from souspli_keys.statements.chain import (
    VerifiedMember,
    verify_chain,
    verify_organisation,
    verify_self_signed_organisation,
)
from souspli_keys.statements.choice import Choice, verify_choice
from souspli_keys.statements.closing import Closing, verify_closing
from souspli_keys.statements.consent import Consent, How, verify_consent
from souspli_keys.statements.enrolment import (
    Enrolment,
    VerifiedEnrolment,
    check_certificate,
    check_enrolment_in_force,
    verify_enrolment,
)
from souspli_keys.statements.invitation import (
    Gate,
    Invitation,
    VerifiedInvitation,
    check_in_force,
    verify_invitation,
)
from souspli_keys.statements.joining import (
    Joining,
    VerifiedJoining,
    account_hash,
    sign_joining,
    verify_joining,
)
from souspli_keys.statements.line import Line
from souspli_keys.statements.member import Member, check_may
from souspli_keys.statements.organisation import Organisation
from souspli_keys.statements.purge import (
    MAX_DOCUMENTS,
    PurgeReason,
    PurgeStatement,
    verify_purge,
)
from souspli_keys.statements.roles import Act, Role
from souspli_keys.statements.statement import Statement, sign_statement
from souspli_keys.statements.way import InForce, Said, Way, in_force

__all__ = [
    "BINDING_GRACE_SECONDS",
    "MAX_DOCUMENTS",
    "Acceptance",
    "Act",
    "Attestation",
    "Binding",
    "Choice",
    "Closing",
    "Consent",
    "Enrolment",
    "Gate",
    "How",
    "InForce",
    "Invitation",
    "Joining",
    "Line",
    "Member",
    "Organisation",
    "PurgeReason",
    "PurgeStatement",
    "Role",
    "Said",
    "Statement",
    "VerifiedBinding",
    "VerifiedEnrolment",
    "VerifiedInvitation",
    "VerifiedJoining",
    "VerifiedMember",
    "Way",
    "account_hash",
    "check_certificate",
    "check_enrolment_in_force",
    "check_in_force",
    "check_may",
    "in_force",
    "sign_binding",
    "sign_joining",
    "sign_statement",
    "verify_acceptance",
    "verify_attestation",
    "verify_binding",
    "verify_chain",
    "verify_choice",
    "verify_closing",
    "verify_consent",
    "verify_enrolment",
    "verify_invitation",
    "verify_joining",
    "verify_organisation",
    "verify_purge",
    "verify_self_signed_organisation",
]
