"""A place of its own in the tests' S3 store, for the tests that ask for one."""

import secrets
from collections.abc import Iterator

import compiled_once
import pytest
from s3_proxy import Proxy, proxy
from s3_server import S3Server

from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_location import S3Location

compiled_once.install()


@pytest.fixture
def place(s3_server: S3Server) -> S3Location:
    """Where nothing is yet, in a bucket without versions."""
    return s3_server.place()


@pytest.fixture
def store(place: S3Location) -> S3Blobs:
    """The documents of that place."""
    return open_s3(place)


@pytest.fixture
def line(s3_server: S3Server) -> Iterator[Proxy]:
    """A line to the store that can break."""
    with proxy(s3_server.server.endpoint) as running:
        yield running


@pytest.fixture
def key() -> str:
    """The key of an object that nobody made yet."""
    return secrets.token_hex(16)
