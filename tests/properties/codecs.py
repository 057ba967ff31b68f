"""Every pair of a writer and a reader, and the values that they take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from properties import age_headers, identity_files, statements, travelling, values

from souspli_exchange import grant, receipt, withdrawal
from souspli_exchange.age.header import parse_header
from souspli_exchange.cover import Cover, encode_cover, parse_cover
from souspli_exchange.manifest import encode_manifest, parse_manifest
from souspli_exchange.offline_identity import (
    encode_identity_file,
    encode_public_identity,
    parse_identity_file,
    parse_public_identity,
)
from souspli_exchange.spool import encode_spooled, parse_spooled
from souspli_keys import canonical, dsse
from souspli_keys.fields import read_object
from souspli_keys.public import parse_public
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
)

PADDED_MULTIPLE = 16


def _as_it_is(value: Any) -> object:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A writer and its reader."""

    name: str
    values: st.SearchStrategy[Any]
    encode: Callable[[Any], bytes]
    parse: Callable[[bytes], Any]
    compared: Callable[[Any], object] = _as_it_is
    """What two equal values have in common, where they are not equal by themselves."""


def _statement(kind: Any, strategy: st.SearchStrategy[Any]) -> Codec:
    return Codec(
        name=kind.__name__, values=strategy, encode=lambda s: s.to_payload(), parse=kind.parse
    )


def _secret_parts(cover: Cover) -> object:
    # Keys are secrets, equal to nothing but themselves.
    return cover.document_key.secret_seed(), cover.manifest, cover.grants


CODECS = (
    Codec(
        name="age header",
        values=age_headers.HEADERS,
        encode=lambda header: header.encode(),
        parse=lambda encoded: parse_header(encoded)[0],
    ),
    Codec(
        name="canonical JSON",
        values=values.JSON_OBJECTS,
        encode=canonical.encode,
        parse=canonical.decode,
    ),
    Codec(
        name="padded canonical JSON",
        values=values.JSON_OBJECTS,
        encode=lambda value: canonical.encode_padded(value, multiple=PADDED_MULTIPLE),
        parse=lambda encoded: canonical.decode_padded(encoded, multiple=PADDED_MULTIPLE),
    ),
    Codec(
        name="envelope",
        values=statements.ENVELOPES,
        encode=lambda envelope: canonical.encode(envelope.to_json()),
        parse=lambda encoded: dsse.parse(canonical.decode(encoded)),
    ),
    Codec(
        name="public identity",
        values=values.PUBLIC_IDENTITIES,
        encode=lambda public: canonical.encode(public.to_json()),
        parse=lambda encoded: parse_public(canonical.decode(encoded)),
    ),
    Codec(
        name="cover",
        values=travelling.COVERS,
        encode=encode_cover,
        parse=parse_cover,
        compared=_secret_parts,
    ),
    Codec(
        name="manifest", values=travelling.MANIFESTS, encode=encode_manifest, parse=parse_manifest
    ),
    Codec(
        name="grant",
        values=travelling.GRANTS,
        encode=grant.encode_grant,
        parse=lambda encoded: read_object(canonical.decode(encoded), grant._read_grant),
    ),
    Codec(
        name="receipt",
        values=travelling.RECEIPTS,
        encode=receipt.encode_receipt,
        parse=lambda encoded: read_object(canonical.decode(encoded), receipt._read_receipt),
    ),
    Codec(
        name="withdrawal",
        values=travelling.WITHDRAWALS,
        encode=withdrawal.encode_withdrawal,
        parse=withdrawal.parse_withdrawal,
    ),
    _statement(Organisation, statements.ORGANISATIONS),
    _statement(Member, statements.members()),
    _statement(Invitation, statements.invitations()),
    _statement(Binding, statements.bindings()),
    _statement(Attestation, statements.attestations()),
    _statement(Consent, statements.consents()),
    _statement(Choice, statements.choices()),
    _statement(Acceptance, statements.acceptances()),
    _statement(PurgeStatement, statements.purges()),
    _statement(Closing, statements.closings()),
    _statement(Enrolment, statements.enrolments()),
    _statement(Joining, statements.joinings()),
    Codec(
        name="public identity file",
        values=identity_files.PUBLIC_IDENTITY_FILES,
        encode=encode_public_identity,
        parse=parse_public_identity,
    ),
    Codec(
        name="identity file",
        values=identity_files.IDENTITY_FILES,
        encode=encode_identity_file,
        parse=parse_identity_file,
        compared=lambda own: (own.identity.secret_root(), own.public_file),
    ),
    Codec(
        name="spooled document",
        values=travelling.SPOOLED_DOCUMENTS,
        encode=encode_spooled,
        parse=parse_spooled,
    ),
)
