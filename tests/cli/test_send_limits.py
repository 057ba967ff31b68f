"""How large a document may be sent: the command's limit, and the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souspli_exchange.contents_sealer import sealed_length

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_world import Ended, Practice, Service

TO = "limits@exemple.fr"
GIBIBYTE = 1024**3


@pytest.fixture(scope="module", autouse=True)
def invited(practice: Practice) -> None:
    ended = practice.invite(address=TO)
    assert ended.code == 0, ended.err


@pytest.fixture(autouse=True)
def nothing_stays(practice: Practice) -> Iterator[None]:
    """Whatever a test tries, nothing is left in the outbox."""
    yield
    assert practice.outbox() == []


@pytest.fixture
def limited(service: Service) -> Iterator[Service]:
    """The service, to be started with a limit; afterwards it has its usual one again."""
    service.stop()
    yield service
    service.stop()
    service.start()


def sparse(folder: Path, size: int) -> Path:
    """A file of so many zeros, which take no room."""
    path = folder / "scanner.bin"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def send_under(practice: Practice, max_size: str, *more: str | Path) -> Ended:
    """`souspli send` where the environment has a limit."""
    environment = practice.environment | {"SOUSPLI_MAX_SIZE": max_size}
    return practice.souspli("send", *more, "--json", env=environment)


def test_the_commands_own_limit_is_named_with_the_way_to_raise_it(
    practice: Practice, tmp_path: Path
) -> None:
    large = sparse(tmp_path, 2 * GIBIBYTE + 1)
    refused = practice.send(large, to=TO)
    assert (refused.code, refused.error) == (1, "files-too-large")
    assert "2048 Mio" in refused.err
    assert "--max-size" in refused.err


def test_a_limit_of_the_environment_holds_unless_the_command_has_one(
    practice: Practice, tmp_path: Path
) -> None:
    small = sparse(tmp_path, 2000)
    refused = send_under(practice, "1K", small, "--to", TO, "--yes")
    assert (refused.code, refused.error) == (1, "files-too-large")
    assert send_under(practice, "1K", small, "--to", TO, "--yes", "--max-size", "2K").code == 0


def test_what_the_service_does_not_take_is_refused_before_it_is_sealed(
    practice: Practice, tmp_path: Path
) -> None:
    """The disk has no room for what would be sealed, were it begun."""
    large = sparse(tmp_path, 3 * GIBIBYTE)
    arguments = ["send", large, "--to", TO, "--yes", "--json", "--max-size", "4G"]
    refused = practice.run(*arguments, limit_file_size=1_000_000)
    assert (refused.code, refused.error) == (1, "beyond-service")
    assert "2304 Mio" in refused.err
    assert "--max-size" not in refused.err


def test_the_service_s_limit_is_one_of_what_was_sealed(
    practice: Practice, limited: Service, tmp_path: Path
) -> None:
    file = sparse(tmp_path, 100_000)
    sealed = sealed_length([(file.name, 100_000)])
    limited.start(SOUSPLI_MAILBOX_LIMITS_CONTENTS_BYTES=str(sealed - 1))
    assert practice.send(file, to=TO).error == "beyond-service"
    limited.stop()
    limited.start(SOUSPLI_MAILBOX_LIMITS_CONTENTS_BYTES=str(sealed))
    sent = practice.send(file, to=TO)
    assert sent.code == 0, sent.err


def test_what_was_kept_is_sent_whatever_the_commands_limit_is_now(
    practice: Practice, limited: Service, tmp_path: Path
) -> None:
    """Sealed again for a new letter, too; it waits while the service does not take it."""
    kept = practice.send(sparse(tmp_path, 100_000), to=TO)
    assert (kept.code, kept.error) == (75, "kept")
    limited.start(SOUSPLI_MAILBOX_LIMITS_CONTENTS_BYTES="65536")
    again = practice.invite("--again", "--force", address=TO)
    assert again.code == 0, again.err
    refused = send_under(practice, "1K", "--resume")
    assert [failed["name"] for failed in refused.json["failed"]] == ["too-large-for-service"]
    assert len(practice.outbox()) == 1
    limited.stop()
    limited.start()
    resumed = send_under(practice, "1K", "--resume")
    assert resumed.code == 0, resumed.err
    assert len(resumed.json["sent"]) == 1
