"""Statements: the role table says who may sign what, and nothing unreadable is signed."""

from dataclasses import replace

import pytest

from souspli_keys import dsse
from souspli_keys.address import Address, parse_origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import (
    CanonicalError,
    ChainError,
    DatesError,
    RoleError,
    StatementError,
    StatementSchemaError,
    StatementSignatureError,
)
from souspli_keys.identity import Identity
from souspli_keys.statements import (
    Act,
    Binding,
    Gate,
    Invitation,
    Line,
    Member,
    Organisation,
    Role,
    check_may,
    sign_binding,
    sign_statement,
    verify_binding,
    verify_chain,
    verify_invitation,
    verify_organisation,
    verify_self_signed_organisation,
)

ORIGIN = parse_origin("souspli.localhost")
ROOT, DOCTOR = Identity.generate(), Identity.generate()
NOW = 1_800_000_000

ORGANISATION = Organisation(
    line=Line.first(origin=ORIGIN, issued_at=NOW),
    name="Cabinet des Tilleuls",
    phone="01 23 45 67 89",
    postal_address=("12 rue des Tilleuls",),
    root=ROOT.public,
)
MEMBER = Member(
    line=Line.first(origin=ORIGIN, issued_at=NOW),
    organisation=ROOT.public.fingerprint,
    member=DOCTOR.public,
    name="Dr d’Alençon",
    address=Address("claire@tilleuls.example"),
    role=Role.PRACTITIONER,
    rpps=None,
    may_invite=True,
    not_before=NOW,
    not_after=NOW + 1,
)


INVITATION = Invitation(
    line=Line.first(origin=ORIGIN, issued_at=NOW, subject="ab" * 16),
    invitation_id="ab" * 16,
    organisation=ROOT.public.fingerprint,
    member=DOCTOR.public.fingerprint,
    claim_identity=ROOT.public,
    claim_login_key=bytes(32),
    gate=Gate.EMAIL,
    not_before=NOW,
    not_after=NOW + 1,
    supersedes=None,
)


def test_a_membership_and_an_invitation_may_begin_and_end_in_one_second() -> None:
    member = replace(MEMBER, not_after=MEMBER.not_before)
    assert Member.parse(member.to_payload()) == member
    invitation = replace(INVITATION, not_after=INVITATION.not_before)
    assert Invitation.parse(invitation.to_payload()) == invitation


def test_an_invitation_is_returned_with_the_member_who_made_it() -> None:
    record = sign_statement(INVITATION, DOCTOR)
    verified = verify_invitation(
        record,
        organisation_statement=sign_statement(ORGANISATION, ROOT),
        member_statement=sign_statement(MEMBER, ROOT),
        organisation=ROOT.public.fingerprint,
        origin=ORIGIN,
    )
    assert verified.record == INVITATION
    assert verified.record_hash == record.payload_hash
    assert (verified.inviter.organisation, verified.inviter.member) == (ORGANISATION, MEMBER)


def test_a_binding_is_signed_by_both_and_known_by_its_hash() -> None:
    record = sign_statement(INVITATION, DOCTOR)
    new = Identity.generate()
    binding = Binding(
        line=Line.first(origin=ORIGIN, issued_at=NOW, subject=INVITATION.invitation_id),
        invitation_id=INVITATION.invitation_id,
        record_hash=record.payload_hash,
        identity=new.public,
        bound_at=NOW,
    )
    by_claim, by_identity = sign_binding(binding, claim_identity=ROOT, identity=new)
    verified = verify_binding(
        by_claim, by_identity, record=INVITATION, record_hash=record.payload_hash
    )
    assert verified.binding == binding
    assert verified.binding_hash == by_claim.payload_hash == by_identity.payload_hash


def test_the_first_of_a_line_says_when_and_where_it_was_signed() -> None:
    line = Line.first(origin=ORIGIN, issued_at=NOW, subject="ab" * 16)
    assert (line.origin, line.issued_at, line.subject) == (ORIGIN, NOW, "ab" * 16)
    assert (line.sequence, line.previous) == (1, None)


def test_a_line_begins_with_1_and_nothing_stands_before_it() -> None:
    before = replace(ORGANISATION.line, sequence=0, previous="cd" * 32)
    with pytest.raises(StatementSchemaError):
        Organisation.parse(replace(ORGANISATION, line=before).to_payload())


def test_a_postal_line_has_100_characters_at_most() -> None:
    longest = replace(ORGANISATION, postal_address=("r" * 100,))
    assert Organisation.parse(longest.to_payload()) == longest
    with pytest.raises(StatementSchemaError):
        Organisation.parse(replace(ORGANISATION, postal_address=("r" * 101,)).to_payload())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("may_invite", [True, False])
def test_a_role_may_sign_what_the_specification_s_table_says(
    role: Role, act: Act, may_invite: bool
) -> None:
    allowed = {
        Act.DOCUMENTS: True,
        Act.INVITATIONS: may_invite,
        Act.ATTESTATIONS: role is not Role.BRIDGE,
        Act.CONSENTS: True,
        Act.ENROLMENTS: role is not Role.BRIDGE,
    }[act]
    member = replace(MEMBER, role=role, may_invite=may_invite)
    if allowed:
        assert check_may(member, act) is member
    else:
        with pytest.raises(RoleError):
            check_may(member, act)


def test_a_line_goes_on_with_the_hash_of_what_was_before() -> None:
    envelope = sign_statement(ORGANISATION, ROOT)
    line = ORGANISATION.line.after(envelope.payload_hash, issued_at=NOW + 5)
    assert (line.subject, line.sequence) == (ORGANISATION.line.subject, 2)
    assert line.previous == envelope.payload_hash
    assert line.salt != ORGANISATION.line.salt
    sign_statement(replace(ORGANISATION, line=line), ROOT)


def test_two_lines_have_their_own_subjects_and_salts() -> None:
    one, other = (Line.first(origin=ORIGIN, issued_at=NOW) for _ in range(2))
    assert len({one.subject, other.subject, one.salt, other.salt}) == 4


def test_nothing_is_signed_that_no_reader_would_accept() -> None:
    for wrong in (
        replace(MEMBER, name=""),
        replace(MEMBER, not_after=NOW - 1),
        replace(MEMBER, address=Address("Claire@tilleuls.example")),
    ):
        with pytest.raises(StatementSchemaError):
            sign_statement(wrong, ROOT)
    with pytest.raises(CanonicalError):
        sign_statement(replace(MEMBER, name="a\nb"), ROOT)


def test_an_organisation_proves_itself_and_no_other() -> None:
    envelope = sign_statement(ORGANISATION, ROOT)
    assert verify_self_signed_organisation(envelope, origin=ORIGIN) == ORGANISATION
    fingerprint = ROOT.public.fingerprint
    assert verify_organisation(envelope, organisation=fingerprint, origin=ORIGIN) == ORGANISATION
    with pytest.raises(ChainError):
        verify_organisation(envelope, organisation=DOCTOR.public.fingerprint, origin=ORIGIN)
    with pytest.raises(ChainError):
        verify_self_signed_organisation(envelope, origin=parse_origin("elsewhere.example"))
    forged = sign_statement(ORGANISATION, DOCTOR)
    with pytest.raises(StatementSignatureError):
        verify_self_signed_organisation(forged, origin=ORIGIN)


def test_a_chain_returns_what_was_signed() -> None:
    verified = verify_chain(
        sign_statement(ORGANISATION, ROOT),
        sign_statement(MEMBER, ROOT),
        organisation=ROOT.public.fingerprint,
        origin=ORIGIN,
        at=NOW,
    )
    assert (verified.organisation, verified.member) == (ORGANISATION, MEMBER)


def test_a_statement_for_another_purpose_is_refused() -> None:
    payload = MEMBER.to_payload()
    disguised = dsse.sign(PayloadType.ATTESTATION, payload, ROOT)
    with pytest.raises(StatementSignatureError):
        verify_chain(
            sign_statement(ORGANISATION, ROOT),
            disguised,
            organisation=ROOT.public.fingerprint,
            origin=ORIGIN,
            at=NOW,
        )


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"\xff", b'{"version":1}', b"[" * 100_000])
def test_any_payload_is_refused_with_a_statement_error(payload: bytes) -> None:
    envelope = Envelope(PayloadType.ORGANISATION, payload, bytes(64), bytes(3_309))
    with pytest.raises(StatementError):
        verify_self_signed_organisation(envelope, origin=ORIGIN)


def test_every_reason_is_one_of_five_words() -> None:
    errors = (StatementSchemaError, StatementSignatureError, ChainError, RoleError, DatesError)
    assert {error.reason for error in errors} == {"schema", "signature", "chain", "role", "dates"}
