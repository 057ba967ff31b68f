"""What holds for every test: nothing is skipped silently. And the real servers, one each."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from s3_server import S3Server
    from simulation.databases import PostgresqlServer

# No test is about time: the machine may have other work.
settings.register_profile("souspli", deadline=None)
settings.load_profile("souspli")


# As the command line has it (`souspli_cli.main`).
OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000


def pytest_collection_finish() -> None:
    """Look for garbage less often, and never among what was imported: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The run's SeaweedFS, started by the first test that asks for it."""
    from s3_server import start  # noqa: PLC0415  (for who asks)

    with start(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A real server, for all tests of the session."""
    from simulation.databases import postgresql_server  # noqa: PLC0415  (for who asks)

    with postgresql_server() as server:
        yield server


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test was skipped: a skipped check is one that nobody made."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
