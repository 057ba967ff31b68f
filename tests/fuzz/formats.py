"""What is asked of every reader of bytes: its own error, or the very same bytes again.

Each function takes anything at all. It returns if the reader refuses with an error of
its own or gives a value that is written as it was read; anything else is a finding.
"""

import base64
from collections.abc import Callable

from souspli_exchange import grant, receipt, withdrawal
from souspli_exchange.age import armor as armored
from souspli_exchange.age.errors import ArmorError, HeaderError, HeaderIncompleteError
from souspli_exchange.age.header import authenticated_part, parse_header
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES, parse_sealed_header
from souspli_exchange.bundle import Bundle
from souspli_exchange.cover import encode_cover, parse_cover
from souspli_exchange.errors import CoverRefusedError, IdentityFileError, ManifestRefusedError
from souspli_exchange.manifest import encode_manifest, parse_manifest
from souspli_exchange.offline_identity import (
    encode_identity_file,
    encode_public_identity,
    parse_identity_file,
    parse_public_identity,
)
from souspli_exchange.segments import SegmentLayout
from souspli_keys import canonical, dsse
from souspli_keys.errors import CanonicalError, EnvelopeError, FormatError, StatementSchemaError
from souspli_keys.fields import read_object
from souspli_keys.statements import (
    Acceptance,
    Attestation,
    Binding,
    Choice,
    Closing,
    Consent,
    Enrolment,
    Invitation,
    Joining,
    Member,
    Organisation,
    PurgeStatement,
    Statement,
)

PADDED_MULTIPLE = 16

STATEMENT_KINDS: dict[str, type[Statement]] = {
    "i": Invitation,
    "o": Organisation,
    "a": Attestation,
    "b": Binding,
    "m": Member,
    "c": Consent,
    "h": Choice,
    "e": Acceptance,
    "p": PurgeStatement,
    "z": Closing,
    "n": Enrolment,
    "j": Joining,
}
"""By the letter that stands before the payload; any other byte counts modulo 12."""


def age_header(data: bytes) -> None:
    """`parse_header`: what it reads is written the same; what is cut off is incomplete."""
    try:
        header, length = parse_header(data)
    except HeaderError:
        return
    assert header.encode() == data[:length]
    assert authenticated_part(header.stanzas) == header.authenticated
    assert parse_header(data[:length]) == (header, length)
    try:
        parse_header(data[: data[-1] % length])
    except HeaderIncompleteError:
        return
    raise AssertionError("the beginning of a header is taken for all of it, or for none")


def sealed_header(data: bytes) -> None:
    """`parse_sealed_header`: the one shape of header that a sealed file has."""
    try:
        header, stanza = parse_sealed_header(data)
    except HeaderError:
        return
    assert header.encode() == data[:SEALED_HEADER_BYTES]
    assert header.stanzas == (stanza.to_stanza(),)


def armor(data: bytes) -> None:
    """`decode_armor`: one spelling, but for the ends of lines and what surrounds the block."""
    try:
        value = armored.decode_armor(data)
    except ArmorError:
        return
    text = base64.b64encode(value)
    lines = [text[at : at + armored.COLUMNS] for at in range(0, len(text), armored.COLUMNS)]
    written = b"\n".join([armored.BEGIN, *lines, armored.END])
    assert data.strip(b" \t\r\n").replace(b"\r\n", b"\n") == written


def canonical_json(data: bytes) -> None:
    """`canonical.decode`: one spelling for every value."""
    try:
        value = canonical.decode(data)
    except CanonicalError:
        return
    assert canonical.encode(value) == data


def padded_json(data: bytes) -> None:
    """`canonical.decode_padded`: one length as well."""
    try:
        value = canonical.decode_padded(data, multiple=PADDED_MULTIPLE)
    except CanonicalError:
        return
    assert canonical.encode_padded(value, multiple=PADDED_MULTIPLE) == data


def envelope(data: bytes) -> None:
    """`dsse.parse`: a payload and exactly two signatures."""
    try:
        parsed = dsse.parse(canonical.decode(data))
    except (CanonicalError, EnvelopeError):
        return
    assert canonical.encode(parsed.to_json()) == data
    assert "not verified" in repr(parsed)


def cover(data: bytes) -> None:
    """`parse_cover`, and all that is read of a cover before anything is verified."""
    try:
        parsed = parse_cover(data)
    except CoverRefusedError:
        return
    assert encode_cover(parsed) == data
    assert "AGE-SECRET-KEY" not in repr(parsed)
    manifest(parsed.manifest.payload)
    for envelope_of_grant in parsed.grants:
        _grant(envelope_of_grant.payload)


def manifest(data: bytes) -> None:
    """`parse_manifest`, and the tar that is made from it."""
    try:
        parsed = parse_manifest(data)
    except ManifestRefusedError:
        return
    assert encode_manifest(parsed) == data
    bundle = Bundle(parsed.contents.bundled_files, created_at=parsed.created_at)
    assert bundle.tar_length <= bundle.padded_length
    layout = SegmentLayout(bundle.padded_length)
    assert SegmentLayout.of_sealed(layout.sealed_length) == layout


def identity_file(data: bytes) -> None:
    """Identity files, secret and public: each is one of the two, or none."""
    read = 0
    try:
        assert encode_identity_file(parse_identity_file(data)) == data
        read += 1
    except IdentityFileError:
        pass
    try:
        assert encode_public_identity(parse_public_identity(data)) == data
        read += 1
    except IdentityFileError:
        pass
    assert read <= 1


def statement(data: bytes) -> None:
    """The twelve kinds of statement; the first byte says which."""
    if not data:
        return
    kinds = list(STATEMENT_KINDS.values())
    kind = STATEMENT_KINDS.get(chr(data[0])) or kinds[data[0] % len(kinds)]
    payload = data[1:]
    try:
        parsed = kind.parse(payload)
    except StatementSchemaError:
        return
    assert parsed.to_payload() == payload


def grant_or_receipt(data: bytes) -> None:
    """Grants, receipts and withdrawals; the first byte, `g`, `r` or `w`, says which."""
    if not data:
        return
    readers = {ord("g"): _grant, ord("r"): _receipt, ord("w"): _withdrawal}
    {letter % 3: read for letter, read in readers.items()}[data[0] % 3](data[1:])


def _grant(payload: bytes) -> None:
    _same(payload, lambda value: grant.encode_grant(read_object(value, grant._read_grant)))


def _receipt(payload: bytes) -> None:
    _same(payload, lambda value: receipt.encode_receipt(read_object(value, receipt._read_receipt)))


def _withdrawal(payload: bytes) -> None:
    _same(
        payload,
        lambda value: withdrawal.encode_withdrawal(read_object(value, withdrawal._read_withdrawal)),
    )


def _same(payload: bytes, read_and_write: Callable[[object], bytes]) -> None:
    # The readers of these three are called by `verify_…`, behind a signature that no
    # fuzzer makes, and which is checked last for grants.
    try:
        written = read_and_write(canonical.decode(payload))
    except FormatError:
        return
    assert written == payload
