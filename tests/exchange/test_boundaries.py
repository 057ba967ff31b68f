"""The last value that is taken and the first that is not, where one more would matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from exchange.people import DAY, DESCRIPTION, NOW, ORIGIN, Practice

from souspli_exchange import workers
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import Bundle, BundledFile, file_headers
from souspli_exchange.cover import (
    GRANT_ROOM_BYTES,
    MAX_COVER_BYTES,
    PADDING_BYTES,
    Cover,
    check_room_for_grants,
    encode_cover,
    parse_cover,
)
from souspli_exchange.errors import (
    BeyondLimitsError,
    CoverRefusedError,
    ExchangeUsageError,
    ManifestRefusedError,
    TooLargeToSendError,
)
from souspli_exchange.grant import MAX_GRANTS
from souspli_exchange.ids import DocumentId
from souspli_exchange.invitation import NewInvitation, draw_invitation
from souspli_exchange.manifest import (
    MAX_BYTES,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Ins,
    Limits,
    Manifest,
    Patient,
    Sender,
    Sex,
    encode_manifest,
    parse_manifest,
)
from souspli_exchange.sealed import MAX_SEALED_COVER_BYTES, seal_cover, unverified_manifest
from souspli_exchange.segments import START_BYTES, SegmentLayout
from souspli_keys import canonical
from souspli_keys.address import Origin
from souspli_keys.codes import parse_letter_number
from souspli_keys.dsse import ML_DSA_65_SIGNATURE_BYTES, Envelope, PayloadType
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Invitation

FILE = ContentsFile("a.pdf", "application/pdf", 3, "ab" * 32)
SENDER = Sender("anne@cabinet.example", Fingerprint("ab" * 32), "Anne", Fingerprint("cd" * 32))
PATIENT = Patient("Martin", "Jeanne", "1950-02-00", Sex.FEMALE, Ins("2" * 15, "1.2.250"))
MANIFEST = Manifest(
    salt="ab" * 16,
    document_id=DocumentId("cd" * 16),
    origin=ORIGIN,
    created_at=NOW,
    sender=SENDER,
    recipient=Fingerprint("ef" * 32),
    contents=Contents((FILE,), 65_536, 70_000, 2_048, "ab" * 32),
    document=replace(DESCRIPTION, patient=PATIENT),
)


def of_file(file: ContentsFile) -> Manifest:
    return replace(MANIFEST, contents=replace(MANIFEST.contents, files=(file,)))


def of_patient(patient: Patient) -> Manifest:
    return replace(MANIFEST, document=replace(MANIFEST.document, patient=patient))


LONGEST = {
    "origin": replace(MANIFEST, origin=Origin("o" * 253)),
    "title": replace(MANIFEST, document=replace(MANIFEST.document, title="t" * 200)),
    "kind": replace(MANIFEST, document=replace(MANIFEST.document, kind="1234567-8")),
    "sender's address": replace(MANIFEST, sender=replace(SENDER, address="a" * 254)),
    "sender's name": replace(MANIFEST, sender=replace(SENDER, name="n" * 200)),
    "file's name": of_file(replace(FILE, name="n" * 200)),
    "media type": of_file(replace(FILE, media_type="a/" + "b" * 98)),
    "birth name": of_patient(replace(PATIENT, birth_name="b" * 200)),
    "given names": of_patient(replace(PATIENT, given_names="g" * 200)),
    "oid": of_patient(replace(PATIENT, ins=Ins("2" * 15, "1." * 31 + "22"))),
    "largest file with a hash": of_file(replace(FILE, size=MAX_HASHED_FILE_BYTES)),
}
TOO_LONG = {
    "origin": replace(MANIFEST, origin=Origin("o" * 254)),
    "title": replace(MANIFEST, document=replace(MANIFEST.document, title="t" * 201)),
    "kind": replace(MANIFEST, document=replace(MANIFEST.document, kind="12345678-9")),
    "sender's address": replace(MANIFEST, sender=replace(SENDER, address="a" * 255)),
    "sender's name": replace(MANIFEST, sender=replace(SENDER, name="n" * 201)),
    "media type": of_file(replace(FILE, media_type="a/" + "b" * 99)),
    "birth name": of_patient(replace(PATIENT, birth_name="b" * 201)),
    "given names": of_patient(replace(PATIENT, given_names="g" * 201)),
    "matricule": of_patient(replace(PATIENT, ins=Ins("2" * 16, "1.2"))),
    "oid": of_patient(replace(PATIENT, ins=Ins("2" * 15, "1." * 31 + "222"))),
    "smallest file without a hash": of_file(replace(FILE, size=MAX_HASHED_FILE_BYTES + 1)),
}


@pytest.mark.parametrize("manifest", LONGEST.values(), ids=LONGEST)
def test_a_manifest_s_longest_values_are_read_back(manifest: Manifest) -> None:
    assert parse_manifest(encode_manifest(manifest)) == manifest


@pytest.mark.parametrize("manifest", TOO_LONG.values(), ids=TOO_LONG)
def test_a_longer_value_is_written_into_no_manifest(manifest: Manifest) -> None:
    with pytest.raises(ManifestRefusedError):
        encode_manifest(manifest)


def test_as_many_files_and_bytes_as_the_limits_say_are_taken() -> None:
    files = (FILE, replace(FILE, name="b.pdf"))
    two = replace(MANIFEST, contents=replace(MANIFEST.contents, files=files))
    payload = encode_manifest(two)
    exactly = Limits(max_files=2, max_bytes=6)
    assert parse_manifest(payload, limits=exactly) == two
    assert encode_manifest(two, limits=exactly) == payload
    for smaller in (Limits(max_files=1, max_bytes=6), Limits(max_files=2, max_bytes=5)):
        with pytest.raises(BeyondLimitsError):
            parse_manifest(payload, limits=smaller)
        with pytest.raises(TooLargeToSendError):
            encode_manifest(two, limits=smaller)


def test_a_file_s_name_is_not_printed() -> None:
    assert repr(FILE) == "ContentsFile(…)"


def test_a_writer_with_larger_limits_writes_a_larger_document() -> None:
    huge = of_file(replace(FILE, size=MAX_BYTES + 1, sha256=None))
    limits = Limits(max_bytes=MAX_BYTES + 1)
    assert parse_manifest(encode_manifest(huge, limits=limits), limits=limits) == huge
    with pytest.raises(TooLargeToSendError):
        encode_manifest(huge)


def test_a_manifest_without_a_file_is_beyond_nobody_s_limits() -> None:
    fields = canonical.decode(encode_manifest(MANIFEST))
    contents = fields["contents"]
    assert isinstance(contents, dict)
    without = canonical.encode(fields | {"contents": contents | {"files": []}})
    with pytest.raises(ManifestRefusedError) as refused:
        parse_manifest(without)
    assert not isinstance(refused.value, BeyondLimitsError)


def cover_of(payload_bytes: int) -> Cover:
    manifest = Envelope(
        payload_type=PayloadType.MANIFEST,
        payload=bytes(payload_bytes),
        ed25519=bytes(64),
        ml_dsa_65=bytes(ML_DSA_65_SIGNATURE_BYTES),
    )
    return Cover(document_key=HybridIdentity(bytes(32)), manifest=manifest)


def test_the_largest_cover_is_written_and_read_back() -> None:
    cover = cover_of(388_000)
    plaintext = encode_cover(cover)
    assert len(plaintext) == MAX_COVER_BYTES
    assert parse_cover(plaintext).manifest == cover.manifest
    with pytest.raises(TooLargeToSendError):
        encode_cover(cover_of(394_000))
    with pytest.raises(CoverRefusedError):
        parse_cover(plaintext + b" " * PADDING_BYTES)


def test_the_largest_sealed_cover_is_decrypted() -> None:
    me = Identity.generate()
    sealed = seal_cover(cover_of(388_000), me.public)
    assert len(sealed) == MAX_SEALED_COVER_BYTES
    with pytest.raises(ManifestRefusedError):  # its zeros are none, but that is seen later
        unverified_manifest(sealed, identities=[me])


def test_a_cover_that_leaves_room_for_eight_grants_exactly_may_be_sealed() -> None:
    room = MAX_GRANTS * GRANT_ROOM_BYTES
    largest, larger = 314_000, 320_000
    assert len(encode_cover(cover_of(largest))) + room == MAX_COVER_BYTES
    check_room_for_grants(largest)
    assert len(encode_cover(cover_of(larger))) + room == MAX_COVER_BYTES + PADDING_BYTES
    with pytest.raises(TooLargeToSendError):
        check_room_for_grants(larger)


@pytest.mark.parametrize(("name", "blocks"), [("a", 1), ("a" * 100, 1), ("a" * 101, 3), ("", 3)])
def test_a_tar_header_holds_a_name_of_1_to_100_bytes(name: str, blocks: int) -> None:
    assert len(file_headers(BundledFile(name, 0), number=1, created_at=NOW)) == blocks * 512


def test_a_bundle_s_range_may_end_where_it_ends_and_nowhere_outside() -> None:
    bundle = Bundle([BundledFile("a", 1)], created_at=NOW)
    end = bundle.padded_length
    bundle.compare(end - 1, memoryview(b"\0"), write=lambda *_: None)
    bundle.compare(end, memoryview(b""), write=lambda *_: None)
    for start in (-1, end):
        with pytest.raises(ExchangeUsageError):
            bundle.compare(start, memoryview(b"\0"), write=lambda *_: None)


def test_the_least_contents_have_one_byte() -> None:
    assert SegmentLayout.of_sealed(START_BYTES + 17).padded_length == 1


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (8, 8), (9, 8), (None, 1)])
def test_there_are_as_many_threads_as_cores_up_to_eight(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int
) -> None:
    """On Linux those that a container leaves to the process, elsewhere the machine's."""
    monkeypatch.setattr(workers.os, "sched_getaffinity", lambda _pid: set(range(cores or 0)))
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(workers.sys, "platform", "linux")
    assert workers.thread_count() == threads
    monkeypatch.setattr(workers.os, "sched_getaffinity", lambda _pid: {0, 1, 2})
    monkeypatch.setattr(workers.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(workers.sys, "platform", "darwin")
    assert workers.thread_count() == threads


@pytest.mark.parametrize("validity", [301, 30 * DAY])
def test_an_invitation_holds_from_five_minutes_ago_for_as_long_as_is_said(
    practice: Practice, validity: int
) -> None:
    new = invite(practice, validity=validity)
    record = Invitation.parse(new.record.payload)
    assert (record.not_before, record.not_after) == (NOW - 300, NOW - 300 + validity)
    assert new.not_after == record.not_after
    assert record.line.issued_at == NOW
    assert record.invitation_id == new.invitation_id
    assert record.organisation == new.organisation == practice.fingerprint
    assert record.member == practice.sender.statement.fingerprint
    assert parse_letter_number(new.letter_number) == new.letter_number


@pytest.mark.parametrize("validity", [300, 30 * DAY + 1])
def test_an_invitation_that_is_over_at_once_or_too_late_is_a_misuse(
    practice: Practice, validity: int
) -> None:
    with pytest.raises(ExchangeUsageError):
        invite(practice, validity=validity)


def test_a_person_has_one_to_four_surnames_and_two_spellings_of_one_are_one(
    practice: Practice,
) -> None:
    assert len(invite(practice, surnames=["A", "B", "C", "D"]).person_checks) == 4
    assert len(invite(practice, surnames=["Le Goff", "LEGOFF"]).person_checks) == 1
    for surnames in ([], ["A", "B", "C", "D", "E"]):
        with pytest.raises(ExchangeUsageError):
            invite(practice, surnames=surnames)


def invite(
    practice: Practice, *, surnames: Sequence[str] = ("A",), validity: int = DAY
) -> NewInvitation:
    return draw_invitation(
        practice.sender, surnames=surnames, birth_date="1950-02-00", now=NOW, validity=validity
    )
