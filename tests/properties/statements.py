"""Envelopes and statements (docs/specs/statements.md, consent.md), for hypothesis to draw from."""

from hypothesis import strategies as st
from properties.values import (
    ADDRESSES,
    DAY,
    FINGERPRINTS,
    HASHES,
    IDS,
    MOMENTS,
    ORIGINS,
    PUBLIC_IDENTITIES,
    or_none,
    texts,
)

from souspli_keys.address import Origin, parse_address
from souspli_keys.canonical import MAX_INTEGER
from souspli_keys.codes import check_digit
from souspli_keys.dsse import ML_DSA_65_SIGNATURE_BYTES, Envelope, PayloadType
from souspli_keys.statements import (
    Acceptance,
    Attestation,
    Binding,
    Choice,
    Closing,
    Consent,
    Enrolment,
    Gate,
    How,
    Invitation,
    Joining,
    Line,
    Member,
    Organisation,
    PurgeReason,
    PurgeStatement,
    Role,
    Way,
)

ENVELOPES = st.builds(
    Envelope,
    payload_type=st.sampled_from(PayloadType),
    payload=st.binary(max_size=200),
    ed25519=st.binary(min_size=64, max_size=64),
    ml_dsa_65=st.binary(min_size=1, max_size=9).map(
        lambda some: (some * ML_DSA_65_SIGNATURE_BYTES)[:ML_DSA_65_SIGNATURE_BYTES]
    ),
)


@st.composite
def lines(draw: st.DrawFn, *, subject: str | None = None, sequence: int | None = None) -> Line:
    """Draw a statement's place on its line."""
    sequence = sequence or draw(st.integers(1, 9))
    return Line(
        origin=Origin(draw(ORIGINS)),
        subject=subject or draw(IDS),
        sequence=sequence,
        previous=None if sequence == 1 else draw(HASHES),
        salt=draw(IDS),
        issued_at=draw(MOMENTS),
    )


ORGANISATIONS = st.builds(
    Organisation,
    line=lines(),
    name=texts(200),
    phone=st.from_regex(r"[0-9 +]{3,30}", fullmatch=True),
    postal_address=st.lists(texts(100), max_size=6).map(tuple),
    root=PUBLIC_IDENTITIES,
)


@st.composite
def members(draw: st.DrawFn) -> Member:
    """Draw a member statement, some of at most 366 days."""
    begin = draw(MOMENTS)
    rpps = draw(st.none() | st.from_regex(r"[0-9]{10}", fullmatch=True))
    return Member(
        line=draw(lines()),
        organisation=draw(FINGERPRINTS),
        member=draw(PUBLIC_IDENTITIES),
        name=draw(texts(200)),
        address=parse_address(draw(ADDRESSES)),
        role=draw(st.sampled_from(Role)),
        rpps=None if rpps is None else rpps + check_digit(rpps),
        may_invite=draw(st.booleans()),
        not_before=begin,
        not_after=begin + draw(st.integers(0, 366 * DAY)),
    )


@st.composite
def invitations(draw: st.DrawFn) -> Invitation:
    """Draw the first invitation of a line, or a later one."""
    begin, invitation_id = draw(MOMENTS), draw(IDS)
    supersedes = draw(or_none(IDS.filter(lambda other: other != invitation_id)))
    line = (
        lines(subject=invitation_id, sequence=1)
        if supersedes is None
        else lines(subject=supersedes, sequence=2)
    )
    return Invitation(
        line=draw(line),
        invitation_id=invitation_id,
        organisation=draw(FINGERPRINTS),
        member=draw(FINGERPRINTS),
        claim_identity=draw(PUBLIC_IDENTITIES),
        claim_login_key=draw(st.binary(min_size=32, max_size=32)),
        gate=Gate.EMAIL,
        not_before=begin,
        not_after=begin + draw(st.integers(0, 30 * DAY)),
        supersedes=supersedes,
    )


@st.composite
def bindings(draw: st.DrawFn) -> Binding:
    """Draw a binding."""
    invitation_id = draw(IDS)
    return Binding(
        line=draw(lines(subject=invitation_id, sequence=1)),
        invitation_id=invitation_id,
        record_hash=draw(HASHES),
        identity=draw(PUBLIC_IDENTITIES),
        bound_at=draw(MOMENTS),
    )


@st.composite
def attestations(draw: st.DrawFn) -> Attestation:
    """Draw an attestation."""
    invitation_id = draw(IDS)
    return Attestation(
        line=draw(lines(subject=invitation_id)),
        organisation=draw(FINGERPRINTS),
        member=draw(FINGERPRINTS),
        invitation_id=invitation_id,
        binding_hash=draw(HASHES),
        identity=draw(FINGERPRINTS),
        address=parse_address(draw(ADDRESSES)),
    )


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """Draw a consent."""
    line = draw(lines(subject=draw(IDS)))
    text = draw(st.none() | st.tuples(st.from_regex("[0-9a-z-]{1,32}", fullmatch=True), HASHES))
    return Consent(
        line=line,
        organisation=draw(FINGERPRINTS),
        member=draw(FINGERPRINTS),
        way=draw(st.sampled_from(Way)) if text is not None else Way.PAPER,
        how=draw(st.sampled_from(How)),
        given_at=draw(st.integers(0, line.issued_at)),
        text_version=None if text is None else text[0],
        text_hash=None if text is None else text[1],
    )


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    """Draw a choice."""
    return Choice(
        line=draw(lines(subject=draw(IDS))),
        organisation=draw(FINGERPRINTS),
        way=draw(st.sampled_from(Way)),
    )


@st.composite
def acceptances(draw: st.DrawFn) -> Acceptance:
    """Draw an acceptance of terms."""
    return Acceptance(
        line=draw(lines(subject=draw(IDS))),
        terms_version=draw(st.from_regex("[0-9a-z-]{1,32}", fullmatch=True)),
        terms_hash=draw(HASHES),
    )


@st.composite
def closings(draw: st.DrawFn) -> Closing:
    """Draw the end of an account."""
    return Closing(line=draw(lines(subject=draw(IDS), sequence=1)))


@st.composite
def enrolments(draw: st.DrawFn) -> Enrolment:
    """Draw an enrolment record, some of at most 7 days."""
    begin, like = draw(MOMENTS), draw(members())
    return Enrolment(
        line=draw(lines(sequence=1)),
        organisation=like.organisation,
        member=draw(FINGERPRINTS),
        code_identity=like.member,
        name=like.name,
        address=like.address,
        role=like.role,
        rpps=like.rpps,
        may_invite=like.may_invite,
        not_before=begin,
        not_after=begin + draw(st.integers(0, 7 * DAY)),
    )


@st.composite
def joinings(draw: st.DrawFn) -> Joining:
    """Draw the answer to an enrolment."""
    return Joining(
        line=draw(lines(sequence=1)),
        record_hash=draw(HASHES),
        identity=draw(PUBLIC_IDENTITIES),
        account_hash=draw(HASHES),
        joined_at=draw(MOMENTS),
    )


@st.composite
def purges(draw: st.DrawFn) -> PurgeStatement:
    """Draw what the service signs about a letter that nobody answered."""
    begun_at, ended_at, backups_until = sorted(draw(st.tuples(MOMENTS, MOMENTS, MOMENTS)))
    counts = st.integers(0, MAX_INTEGER)
    return PurgeStatement(
        line=draw(lines(subject=draw(IDS), sequence=1)),
        organisation=draw(FINGERPRINTS),
        reason=draw(st.sampled_from(PurgeReason)),
        begun_at=begun_at,
        ended_at=ended_at,
        deliveries=draw(counts),
        documents=tuple(sorted(draw(st.sets(IDS, max_size=5)))),
        objects_deleted=draw(counts),
        objects_kept=draw(counts),
        backups_until=backups_until,
    )
