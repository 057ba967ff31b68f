"""Everything that our formats can say, for hypothesis to draw from."""

import unicodedata
from functools import cache
from typing import Any

from hypothesis import strategies as st

from souspli_exchange.age.header import MAC_BYTES, Header, Stanza, authenticated_part
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import MAX_CREATED_AT
from souspli_exchange.cover import Cover
from souspli_exchange.errors import FileNameError
from souspli_exchange.filenames import check_names
from souspli_exchange.grant import Grant, GrantReason
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.manifest import (
    MAX_BYTES,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Description,
    Ins,
    Manifest,
    Patient,
    Priority,
    Sender,
    Sex,
)
from souspli_exchange.offline_identity import OfflineIdentity, PublicIdentityFile
from souspli_exchange.receipt import Receipt
from souspli_exchange.spool import SpooledCover, SpooledDocument
from souspli_exchange.withdrawal import Withdrawal, WithdrawalReason
from souspli_keys.address import Origin, parse_address
from souspli_keys.canonical import MAX_INTEGER, check_text
from souspli_keys.codes import check_digit
from souspli_keys.dsse import ML_DSA_65_SIGNATURE_BYTES, Envelope, PayloadType
from souspli_keys.errors import CanonicalError
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Acceptance,
    Attestation,
    Binding,
    Choice,
    Consent,
    Gate,
    How,
    Invitation,
    Line,
    Member,
    Organisation,
    PurgeReason,
    PurgeStatement,
    Role,
    Way,
)

DAY = 86_400
# A little short of what canonical JSON takes, so that sums of moments fit as well.
MOMENTS = st.integers(0, MAX_INTEGER - 400 * DAY)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
FINGERPRINTS = HASHES.map(Fingerprint)
DOCUMENT_IDS = IDS.map(DocumentId)
ORIGINS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{1,9}){0,2}", fullmatch=True)
ADDRESSES = st.from_regex(r"[a-zé0-9+_]{1,20}@[a-z0-9]{1,9}(\.[a-z]{2,5}){1,2}", fullmatch=True)


@cache
def identity(number: int) -> Identity:
    """Return one of a few identities, whose keys are not derived each time."""
    return Identity.from_root(bytes([number]) * 32)


PUBLIC_IDENTITIES = st.integers(0, 5).map(lambda number: identity(number).public)


def _may_stand_in_json(text: str) -> bool:
    try:
        check_text(text)
    except CanonicalError:
        return False
    return True


def texts(most: int, *, least: int = 1) -> st.SearchStrategy[str]:
    """Draw texts of `least` to `most` characters that canonical JSON may hold."""
    characters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Cs"))
    drawn = st.text(characters, min_size=least, max_size=most)
    # The normal form of a text may be longer, by up to two characters for each.
    normal = drawn.map(lambda text: unicodedata.normalize("NFC", text)[:most])
    return normal.filter(lambda text: len(text) >= least and _may_stand_in_json(text))


def or_none(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    """Draw from a strategy, or nothing."""
    return st.none() | strategy


KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,5}|payloadType", fullmatch=True)
JSON_OBJECTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts(8, least=0),
        lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
        max_leaves=6,
    ).filter(lambda value: _depth(value) <= 7),
    max_size=5,
)


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
    return 0


# --- age -------------------------------------------------------------------------------

_ARGUMENTS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=9)
STANZAS = st.builds(
    Stanza,
    recipient_type=_ARGUMENTS,
    arguments=st.lists(_ARGUMENTS, max_size=3).map(tuple),
    body=st.binary(max_size=110) | st.sampled_from([bytes(47), bytes(48), bytes(49), bytes(96)]),
)
HEADERS = st.builds(
    lambda stanzas, mac: Header(
        stanzas=tuple(stanzas), mac=mac, authenticated=authenticated_part(stanzas)
    ),
    st.lists(STANZAS, min_size=1, max_size=4),
    st.binary(min_size=MAC_BYTES, max_size=MAC_BYTES),
)

# --- signed things ---------------------------------------------------------------------

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


# --- documents -------------------------------------------------------------------------


def _is_a_file_name(name: str) -> bool:
    try:
        check_names([name])
    except FileNameError:
        return False
    return True


FILE_NAMES = texts(40).map(lambda name: name.replace("/", "-").strip(" ")).filter(_is_a_file_name)


def _are_file_names(names: list[str]) -> bool:
    try:
        check_names(names)
    except FileNameError:
        return False
    return True


def file_names(most: int) -> st.SearchStrategy[list[str]]:
    """Draw the names of 1 to `most` files of one document."""
    return st.lists(FILE_NAMES, min_size=1, max_size=most).filter(_are_file_names)


DATES = st.dates().map(lambda date: date.isoformat())
BIRTH_DATES = st.builds(
    lambda year, month, day: f"{year:04}-{month:02}-{day:02}",
    st.integers(1, 9999),
    st.integers(0, 12),
    st.integers(0, 28),
)
PATIENTS = st.builds(
    Patient,
    birth_name=texts(200),
    given_names=texts(200),
    birth_date=BIRTH_DATES,
    sex=st.sampled_from(Sex),
    ins=st.none()
    | st.builds(
        Ins,
        matricule=st.from_regex(r"[0-9]{6}[0-9AB][0-9]{8}", fullmatch=True),
        oid=st.from_regex(r"[0-9]{1,5}(\.[0-9]{1,5}){1,9}", fullmatch=True),
    ),
)
DESCRIPTIONS = st.builds(
    Description,
    title=texts(200),
    date=DATES,
    patient=st.none() | PATIENTS,
    kind=or_none(st.from_regex(r"[0-9]{1,7}-[0-9]", fullmatch=True)),
    priority=st.sampled_from(Priority),
    replaces=st.none() | DOCUMENT_IDS,
    withdraws=st.none() | DOCUMENT_IDS,
)


@st.composite
def contents(draw: st.DrawFn) -> Contents:
    """Draw the description of some files, none of which exist."""
    names = draw(file_names(4))
    size = st.integers(0, MAX_BYTES // len(names)) | st.integers(0, 600)
    files: list[ContentsFile] = []
    for name in names:
        length = draw(size)
        files.append(
            ContentsFile(
                name=name,
                media_type=draw(
                    st.from_regex(r"[a-z0-9.+-]{1,20}/[a-z0-9.+-]{1,20}", fullmatch=True)
                ),
                size=length,
                sha256=draw(HASHES) if length <= MAX_HASHED_FILE_BYTES else None,
            )
        )
    lengths = st.integers(0, MAX_INTEGER)
    return Contents(tuple(files), draw(lengths), draw(lengths), draw(lengths), draw(HASHES))


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
PUBLIC_IDENTITY_FILES = st.builds(
    PublicIdentityFile,
    public=PUBLIC_IDENTITIES,
    name=texts(200),
    address=ADDRESSES.map(parse_address),
    organisation=FINGERPRINTS,
)
IDENTITY_FILES = st.builds(
    lambda number, name, address: OfflineIdentity(
        identity(number), name, address, organisation=identity(number).public.fingerprint
    ),
    st.integers(0, 5),
    texts(200),
    ADDRESSES.map(parse_address),
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
