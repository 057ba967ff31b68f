"""Bundles, manifests, sealed documents and receipts do what the vectors say."""

import base64
import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from exchange.world import MemorySink
from vectors.generate_exchange import SIGNATURES, STANZAS, make_vectors
from vectors.made_documents import StanzaStore
from vectors.making import SignatureStore
from vectors.reader import FOLDER, Vector, read_vectors, write_vectors

from souspli_exchange.bundle import Bundle, BundledFile, file_headers, padded_length
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.errors import (
    ContentsRefusedError,
    CoverRefusedError,
    GrantRefusedError,
    IdentityFileError,
    ManifestRefusedError,
    ReceiptRefusedError,
    RefusedError,
    SenderRefusedError,
    WithdrawalRefusedError,
)
from souspli_exchange.ids import DocumentId
from souspli_exchange.manifest import encode_manifest, parse_manifest
from souspli_exchange.offline_identity import (
    encode_identity_file,
    encode_public_identity,
    parse_identity_file,
    parse_public_identity,
)
from souspli_exchange.receipt import verify_receipt
from souspli_exchange.sealed import Reader, VerifiedCover, open_cover
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.withdrawal import Withdrawal, encode_withdrawal, verify_withdrawal
from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint, parse_public

# A misshapen envelope is noticed while the cover is parsed.
RAISED_BY_RULE: dict[int, tuple[type[RefusedError], ...]] = {
    1: (CoverRefusedError,),
    2: (SenderRefusedError, ManifestRefusedError, CoverRefusedError),
    3: (GrantRefusedError,),
    4: (ContentsRefusedError,),
}


def _name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", read_vectors("padded-length"), ids=_name)
def test_a_length_is_padded(vector: Vector) -> None:
    padded = padded_length(vector.integer("tar_length"))
    layout = SegmentLayout(padded)
    assert padded == vector.integer("padded_length")
    assert layout.sealed_length == vector.integer("sealed_length")
    assert layout.count == vector.integer("segments")
    assert SegmentLayout.of_sealed(layout.sealed_length) == layout


@pytest.mark.parametrize("vector", read_vectors("tar-header"), ids=_name)
def test_a_file_s_headers_are_these_bytes(vector: Vector) -> None:
    file = BundledFile(vector.hex("name").decode(), vector.integer("size"))
    headers = file_headers(
        file, number=vector.integer("number"), created_at=vector.integer("created_at")
    )
    assert headers == vector.body


@pytest.mark.parametrize("vector", read_vectors("tar"), ids=_name)
def test_a_tar_is_a_function_of_its_files(vector: Vector) -> None:
    files = [(file["name"], bytes.fromhex(file["content"])) for file in json.loads(vector.body)]
    bundle = Bundle(
        [BundledFile(name, len(content)) for name, content in files],
        created_at=vector.integer("created_at"),
    )
    tar = bytearray(bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = files[index][1][offset : offset + len(out)]

    bundle.fill(0, memoryview(tar), read=read)
    assert bundle.tar_length == vector.integer("tar_length")
    assert bundle.padded_length == vector.integer("padded_length")
    assert sha256(tar).digest() == vector.hex("sha256")


@pytest.mark.parametrize("vector", read_vectors("manifest"), ids=_name)
def test_a_manifest_keeps_all_rules(vector: Vector) -> None:
    if vector.accepted:
        assert encode_manifest(parse_manifest(vector.body)) == vector.body
        assert sha256(vector.body).hexdigest() == vector.text("manifest_hash")
    else:
        with pytest.raises(ManifestRefusedError):
            parse_manifest(vector.body)


@pytest.mark.parametrize("vector", read_vectors("identity-file"), ids=_name)
def test_an_identity_file_has_one_spelling(vector: Vector) -> None:
    if vector.accepted:
        own = parse_identity_file(vector.body)
        assert own.identity.public.fingerprint == vector.text("fingerprint")
        assert encode_identity_file(own) == vector.body
    else:
        with pytest.raises(IdentityFileError):
            parse_identity_file(vector.body)


@pytest.mark.parametrize("vector", read_vectors("public-identity-file"), ids=_name)
def test_a_public_identity_file_has_one_spelling(vector: Vector) -> None:
    if vector.accepted:
        known = parse_public_identity(vector.body)
        assert known.public.fingerprint == vector.text("fingerprint")
        assert encode_public_identity(known) == vector.body
    else:
        with pytest.raises(IdentityFileError):
            parse_public_identity(vector.body)


@pytest.mark.parametrize("vector", read_vectors("withdrawal"), ids=_name)
def test_a_withdrawal_is_of_one_document_by_its_sender(vector: Vector) -> None:
    body = json.loads(vector.body)

    def verify() -> Withdrawal:
        return verify_withdrawal(
            dsse.parse(body["withdrawal"]),
            organisation=dsse.parse(body["organisation"]),
            member=dsse.parse(body["member"]),
            trusted={Fingerprint(one) for one in body["organisations"]},
            origin=Origin(vector.text("origin")),
            document_id=DocumentId(vector.text("document_id")),
        ).withdrawal

    if vector.accepted:
        found = verify()
        assert found.withdrawn_at == vector.integer("withdrawn_at")
        assert found.reason == vector.text("reason")
        assert (found.replaced_by or "") == vector.headers.get("replaced_by", "")
        assert encode_withdrawal(found) == dsse.parse(body["withdrawal"]).payload
    else:
        with pytest.raises(WithdrawalRefusedError):
            verify()


@pytest.mark.parametrize("vector", read_vectors("receipt"), ids=_name)
def test_a_receipt_is_for_one_document_by_one_reader(vector: Vector) -> None:
    body = json.loads(vector.body)

    def verify() -> int:
        return verify_receipt(
            dsse.parse(body["envelope"]),
            reader=parse_public(body["reader"]),
            document_id=DocumentId(vector.text("document_id")),
            manifest_hash=vector.text("manifest_hash"),
            origin=vector.text("origin"),
        ).opened_at

    if vector.accepted:
        assert verify() == vector.integer("opened_at")
    else:
        with pytest.raises(ReceiptRefusedError):
            verify()


@pytest.mark.parametrize("vector", read_vectors("sealed-document"), ids=_name)
def test_a_sealed_document_opens_or_is_refused_where_it_is_wrong(vector: Vector) -> None:
    body = json.loads(vector.body)
    contents = None if body["contents"] is None else base64.b64decode(body["contents"])
    if vector.accepted:
        cover = _open_cover(body)
        assert cover.manifest_hash == vector.text("manifest_hash")
        assert cover.effective_recipient == vector.text("effective_recipient")
        assert len(cover.grants) == vector.integer("grants")
        if contents is not None:
            files = _open_contents(cover, contents)
            assert [sha256(file).hexdigest() for file in files] == [
                vector.text(f"file_{number}") for number in range(1, len(files) + 1)
            ]
    elif vector.text("refused_at") == "cover":
        with pytest.raises(RAISED_BY_RULE[vector.integer("rule")]):
            _open_cover(body)
    else:
        assert contents is not None
        cover = _open_cover(body)
        with pytest.raises(ContentsRefusedError):
            _open_contents(cover, contents)


def _open_cover(body: dict[str, str]) -> VerifiedCover:
    reader = Reader(
        identities=[Identity.from_root(bytes.fromhex(root)) for root in body["identities"]],
        origin=Origin(body["origin"]),
        organisations=[Fingerprint(known) for known in body["organisations"]],
    )
    return open_cover(
        base64.b64decode(body["cover"]),
        reader=reader,
        document_id=DocumentId(body["document_id"]),
        organisation=dsse.parse(body["organisation"]),
        member=dsse.parse(body["member"]),
    )


def _open_contents(cover: VerifiedCover, sealed: bytes) -> list[bytes]:
    sink = MemorySink()
    opener = ContentsOpener(cover, write=sink.write)
    # As `receive.read_contents` does with the length that the service states.
    if len(sealed) != opener.layout.sealed_length:
        raise ContentsRefusedError("another length")
    while (where := opener.next_range) is not None:
        opener.open_next(sealed[where.start : where.stop])
    opener.finish()
    return [sink.content(index) for index in range(len(cover.manifest.contents.files))]


def test_making_the_vectors_again_gives_the_same_bytes(tmp_path: Path) -> None:
    for kept in (SIGNATURES, STANZAS):
        shutil.copy(kept, tmp_path)
    signatures = SignatureStore(tmp_path / SIGNATURES.name)
    stanzas = StanzaStore(tmp_path / STANZAS.name)
    vectors = make_vectors(signatures, stanzas)
    write_vectors(vectors, folder=tmp_path / "made")
    signatures.save()
    stanzas.save()
    for kept in (SIGNATURES, STANZAS):
        assert (tmp_path / kept.name).read_bytes() == kept.read_bytes()
    groups = {vector.name.partition("/")[0] for vector in vectors}
    for group in groups:
        made = {path.name: path.read_bytes() for path in (tmp_path / "made" / group).iterdir()}
        kept_files = {path.name: path.read_bytes() for path in (FOLDER / group).iterdir()}
        assert made.keys() == kept_files.keys()
        assert [name for name in made if made[name] != kept_files[name]] == []
