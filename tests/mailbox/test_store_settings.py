"""Settings of the store: what is set up wrong is told before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from s3_server import VERSIONED, S3Server

from souspli_mailbox.errors import SettingsError
from souspli_mailbox.page import CONTENT_SECURITY_POLICY, policy_with
from souspli_mailbox.settings import LimitSettings, Settings, load
from souspli_mailbox.store import open_blobs
from souspli_mailbox.store_settings import StoreSettings
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import StoreRefusedError, StoreUnsuitableError
from souspli_storage.regions import is_allowed

PARIS = {"kind": "s3", "bucket": "documents", "region": "eu-west-3"}


def s3_settings(server: S3Server, folder: Path, **changed: Any) -> Settings:
    place = server.place(VERSIONED)
    assert place.credentials is not None
    (folder / "access").write_text(place.credentials.access_key)
    (folder / "secret").write_text(f"{place.credentials.secret_key}\n")
    store = StoreSettings(
        kind="s3",
        endpoint=place.endpoint,
        region=place.region,
        bucket=place.bucket,
        prefix=place.prefix,
        access_key_file=folder / "access",
        secret_key_file=folder / "secret",
    )
    return Settings(data=folder, store=msgspec.structs.replace(store, **changed))


def test_the_environment_names_the_store(tmp_path: Path) -> None:
    settings = load(
        None,
        {
            "SOUSPLI_MAILBOX_DATA": str(tmp_path),
            "SOUSPLI_MAILBOX_STORE_KIND": "s3",
            "SOUSPLI_MAILBOX_STORE_BUCKET": "documents",
            "SOUSPLI_MAILBOX_STORE_REGION": "fr-par",
            "SOUSPLI_MAILBOX_STORE_ENDPOINT": "https://s3.fr-par.scw.cloud",
            "SOUSPLI_MAILBOX_STORE_SECRET_KEY_FILE": str(tmp_path / "secret"),
            "SOUSPLI_MAILBOX_STORE_ACCESS_KEY_FILE": str(tmp_path / "access"),
        },
    )
    assert settings.store.bucket == "documents"
    assert settings.store.clients_address == "https://s3.fr-par.scw.cloud/documents/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "s3"},
        {**PARIS, "bucket": "Documents"},
        {**PARIS, "bucket": "a/b"},
        {**PARIS, "region": None},
        {**PARIS, "region": "eu west"},
        {**PARIS, "prefix": "souspli"},
        {**PARIS, "prefix": "../"},
        {**PARIS, "endpoint": "http://store.example"},
        {**PARIS, "endpoint": "https://user:secret@store.example"},
        {**PARIS, "endpoint": "https://store.example/path"},
        {**PARIS, "endpoint": "https://store.example;script-src *"},
        {**PARIS, "endpoint": "store.example"},
        {**PARIS, "client_endpoint": "http://store.example"},
        {**PARIS, "access_key_file": Path("only-one")},
    ],
)
def test_what_can_not_be_a_store_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="store"):
        StoreSettings(**wrong)


def test_a_document_has_to_fit_an_s3_object(tmp_path: Path) -> None:
    limits = LimitSettings(contents_bytes=100_000_000_000)
    Settings(data=tmp_path, limits=limits)
    with pytest.raises(SettingsError, match="contents_bytes"):
        Settings(data=tmp_path, limits=limits, store=StoreSettings(**PARIS))


def test_keys_stand_in_files_and_are_never_printed(tmp_path: Path) -> None:
    for name in ("access", "secret"):
        (tmp_path / name).write_text(f"the {name} key\n")
    files = {"access_key_file": tmp_path / "access", "secret_key_file": tmp_path / "secret"}
    store = StoreSettings(**PARIS, **files)
    location = store.location()
    assert location.credentials is not None
    assert location.credentials.secret_key == "the secret key"
    assert "the secret key" not in f"{store} {location}"
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(SettingsError, match="secret_key_file"):
        store.location()
    (tmp_path / "secret").unlink()
    with pytest.raises(SettingsError, match="secret_key_file"):
        store.location()


@pytest.mark.parametrize(
    ("changed", "address"),
    [
        ({}, "https://s3.eu-west-3.amazonaws.com/documents/"),
        ({"addressing": "virtual"}, "https://documents.s3.eu-west-3.amazonaws.com/"),
        ({"client_endpoint": "https://files.example"}, "https://files.example/documents/"),
        ({"direct": False}, None),
        ({"kind": "disk"}, None),
    ],
)
def test_clients_are_told_one_address(changed: dict[str, Any], address: str | None) -> None:
    assert StoreSettings(**{**PARIS, **changed}).clients_address == address


def test_the_page_may_read_from_the_store_and_from_nowhere_else() -> None:
    policy = policy_with("https://s3.example/documents/")
    assert policy.replace(" https://s3.example/documents/", "") == CONTENT_SECURITY_POLICY
    assert "connect-src 'self' https://s3.example/documents/;" in policy
    assert policy_with(None) == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("region", ["eu-west-3", "GRA", "fr-par", "eusc-de-east-1"])
def test_regions_of_the_union_are_allowed(region: str) -> None:
    assert is_allowed(region)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2", "eu-central-2", "uk", "bhs", ""])
def test_others_are_not(region: str) -> None:
    assert not is_allowed(region)
    assert is_allowed(region, allowed=("*",))


def test_a_folder_is_the_store_by_default(tmp_path: Path) -> None:
    assert isinstance(open_blobs(Settings(data=tmp_path)), DiskBlobs)


def test_a_store_outside_the_union_is_warned_of_at_the_start(
    s3_server: S3Server, tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as logs:
        open_blobs(s3_settings(s3_server, tmp_path))
    assert logs == []
    with structlog.testing.capture_logs() as logs:
        open_blobs(s3_settings(s3_server, tmp_path, allowed_regions=("fr-par",)))
    assert [(one["event"], one["region"]) for one in logs] == [
        ("store-region-not-allowed", "eu-west-3")
    ]


def test_without_its_bucket_or_with_a_wrong_key_the_service_does_not_start(
    s3_server: S3Server, tmp_path: Path
) -> None:
    with pytest.raises(StoreRefusedError):
        open_blobs(s3_settings(s3_server, tmp_path, bucket="no-such-bucket"))
    settings = s3_settings(s3_server, tmp_path)
    (tmp_path / "secret").write_text("another")
    with pytest.raises(StoreRefusedError):
        open_blobs(settings)


def test_a_store_that_does_not_compare_checksums_is_refused(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("souspli_storage.s3_bucket.Bucket.put_part", lambda *_: None)
    with pytest.raises(StoreUnsuitableError):
        open_blobs(s3_settings(s3_server, tmp_path))
