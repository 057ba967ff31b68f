"""The page reads contents straight from a bucket, under its policy, which names no other place."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest
from e2e.forked_world import ForkedWorld
from e2e.screens.support import Claimant, Practice, Watched, sign_in, watched_page
from playwright.sync_api import Browser, Page
from s3_server import S3Server
from s3_settings import environment

from souspli_storage.s3_cors import cors_json
from souspli_storage.s3_location import S3Location

TITLE = "Analyses"
DRAWN = ".pdf-sheet[data-outcome^='drawn']"


@dataclass(frozen=True)
class Reader:
    """A patient whose document rests in the bucket."""

    page: str
    place: S3Location
    account: str
    password: str = field(repr=False)

    def read(self, watched: Watched) -> None:
        """Open the document; ends when it is verified and drawn."""
        sign_in(watched, self.page, account=self.account, password=self.password)
        watched.page.get_by_role("button", name=TITLE).click()
        watched.page.locator(DRAWN).first.wait_for()

    def asked_of_store(self, watched: Watched) -> list[str]:
        """Methods of what the page asked of the store; nothing went to any other host."""
        store = self.place.address_for_clients
        strangers = [
            request.url
            for request in watched.requests
            if not request.url.startswith((self.page, store, "blob:", "about:"))
        ]
        assert strangers == []
        return [one.method for one in watched.requests if one.url.startswith(store)]


@pytest.fixture(scope="module")
def reader(
    chromium: Browser, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Reader]:
    folder = tmp_path_factory.mktemp("store")
    place = s3_server.place()
    with ForkedWorld(
        folder / "world", language="fr", settings=environment(place, folder / "keys")
    ) as world:
        practice = Practice(world=world, page=world.start().page, folder=folder)
        invitee = practice.invite()
        with watched_page(chromium, practice.page) as watched:
            claimant = Claimant(watched, practice, invitee)
            password = claimant.claim()
            account = account_number(watched.page)
        practice.send(invitee, world.make_report(), title=TITLE)
        yield Reader(page=practice.page, place=place, account=account, password=password)


def account_number(page: Page) -> str:
    return "".join(filter(str.isdigit, page.locator("#account-number").inner_text()))


@pytest.fixture
def bucket(s3_server: S3Server, reader: Reader) -> Generator[S3Server]:
    """The bucket without a rule, before and after."""
    s3_server.client.delete_bucket_cors(Bucket=reader.place.bucket)
    yield s3_server
    s3_server.client.delete_bucket_cors(Bucket=reader.place.bucket)


def test_with_the_rule_a_document_is_read_at_the_store(
    chromium: Browser, bucket: S3Server, reader: Reader
) -> None:
    bucket.client.put_bucket_cors(
        Bucket=reader.place.bucket,
        CORSConfiguration=json.loads(cors_json(reader.page.rstrip("/"))),
    )
    with watched_page(chromium, reader.page) as watched:
        reader.read(watched)
        assert reader.asked_of_store(watched) == ["GET"]
        assert watched.complaints == []
        (answer,) = [
            request.response()
            for request in watched.requests
            if request.url.startswith(reader.place.address_for_clients)
        ]
        assert answer is not None
        assert answer.status == 206
        sent = answer.request.all_headers()
        assert "cookie" not in sent
        assert "referer" not in sent
        assert not any(request.url.endswith("/contents") for request in watched.requests)


def test_without_it_the_browser_refuses_and_the_service_gives_the_document(
    chromium: Browser, bucket: S3Server, reader: Reader
) -> None:
    with watched_page(chromium, reader.page) as watched:
        reader.read(watched)
        assert reader.asked_of_store(watched)
        assert any(request.url.endswith("/contents") for request in watched.requests)
        # Chromium says that the store did not let it in; the policy has no part in it.
        assert watched.complaints
        assert not [line for line in watched.complaints if line.startswith("CSP")]
