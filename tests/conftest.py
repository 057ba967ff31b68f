"""What holds for every test: nothing is skipped silently; one S3 server serves them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from s3_server import S3Server, start


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The run's SeaweedFS, started by the first test that asks for it."""
    with start(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test was skipped: a skipped check is one that nobody made."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
