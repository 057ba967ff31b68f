"""The settings of a place at the tests' S3 server, as the service's environment has them."""

from __future__ import annotations

from pathlib import Path

from souspli_storage.s3_location import S3Location


def environment(place: S3Location, folder: Path) -> dict[str, str]:
    """Return them, with the keys in files of `folder`."""
    assert place.credentials is not None
    keys = {
        "access": place.credentials.access_key,
        "secret": place.credentials.secret_key,
    }
    folder.mkdir(exist_ok=True)
    for name, text in keys.items():
        (folder / name).write_text(text)
    said = {
        "KIND": "s3",
        "ENDPOINT": place.endpoint,
        "REGION": place.region,
        "BUCKET": place.bucket,
        "PREFIX": place.prefix,
        "ADDRESSING": place.addressing,
        "ACCESS_KEY_FILE": str(folder / "access"),
        "SECRET_KEY_FILE": str(folder / "secret"),
    }
    return {f"SOUSPLI_MAILBOX_STORE_{name}": text for name, text in said.items()}
