"""The whole job with a bucket: sent, killed, resumed, read; and nothing readable rests there."""

from __future__ import annotations

import hashlib
import signal
from typing import TYPE_CHECKING

import pytest
from product.searcher import Searcher
from product.test_nothing_readable import FILE_NAME, HEALTH, SEGMENT_BYTES, report, words
from product.world import Patient, Practice, RecordedService, start_service, until
from s3_settings import environment

from souspli_exchange.segments import SegmentLayout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3_server import S3Server

    from souspli_storage.s3_location import S3Location


@pytest.fixture(scope="module")
def place(s3_server: S3Server) -> S3Location:
    return s3_server.place()


@pytest.fixture(scope="module")
def service(
    place: S3Location, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RecordedService]:
    folder = tmp_path_factory.mktemp("service")
    store = environment(place, tmp_path_factory.mktemp("keys"))
    made = start_service(folder, tmp_path_factory.mktemp("home"))
    made.environment = made.environment | store
    with made as running:
        yield running  # type: ignore[misc]  # Service.__enter__ gives itself


def parts_under_way(server: S3Server, place: S3Location) -> dict[int, str]:
    """Number and ETag (an MD5, at this store) of the parts of the one upload."""
    asked = {"Bucket": place.bucket, "Prefix": place.prefix}
    return {
        part["PartNumber"]: part["ETag"].strip('"')
        for upload in server.client.list_multipart_uploads(**asked).get("Uploads", ())
        for part in server.client.list_parts(
            Bucket=place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        ).get("Parts", ())
    }


def test_what_was_killed_on_its_way_to_the_bucket_arrives_whole_and_rests_there_unreadable(
    s3_server: S3Server, place: S3Location, service: RecordedService, practice: Practice,
    letter: Path,
) -> None:  # fmt: skip
    file = practice.folder / FILE_NAME
    file.write_bytes(report(SEGMENT_BYTES + 500_000))
    sender = practice.start(*words(file))
    until(lambda: parts_under_way(s3_server, place))
    service.kill()
    sender.send_signal(signal.SIGKILL)
    sender.communicate()
    arrived = parts_under_way(s3_server, place)
    sealed = {
        int(path.name.removeprefix("segment-")) + 1: hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324  (S3's)
        for path in practice.outbox()
        if path.name.startswith("segment-")
    }
    assert len(sealed) == 2
    assert arrived.items() <= sealed.items()

    service.start()
    resumed = practice.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    names = s3_server.listing(place)
    assert len(names) == 2, names
    found = []
    searcher = Searcher(HEALTH)
    for name in names:
        key = name.removeprefix("Versions ")
        body = s3_server.client.get_object(Bucket=place.bucket, Key=key)["Body"].read()
        found += searcher.search(name.encode(), place="a name")
        found += searcher.search(body, place="an object")
        if not key.endswith(".parts"):
            # Byte for byte what was sealed, once, before anything was killed.
            assert len(body) > SEGMENT_BYTES
            for number, digest in sealed.items():
                begin, end = edges(body, number)
                assert hashlib.md5(body[begin:end]).hexdigest() == digest  # noqa: S324  (S3's)
    assert not found, [str(one) for one in found]

    (read,) = Patient.with_letter(service, letter).read_all(practice.folder / "patient")
    assert read.files[FILE_NAME] == file.read_bytes()
    log = (service.folder / "service.log").read_text()
    # A signed address is a permission, and an object's name a pseudonym: neither is logged.
    for word in ("X-Amz-", "Signature", place.prefix, "documents/"):
        assert word not in log


def edges(contents: bytes, number: int) -> tuple[int, int]:
    """Where a part lies: the first has the header and nonce as well."""
    lies = SegmentLayout.of_sealed(len(contents)).sealed_range(number - 1)
    return lies.start, lies.stop
