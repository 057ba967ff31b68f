"""Every error is problem details with constant words, and the log names nobody."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from pathlib import Path

import pytest
import structlog
from simulation.databases import Place
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.sealed import addressed, deposit, draw
from simulation.service import Answer, Service, running
from sqlalchemy import text

from souspli_mailbox.middlewares import describe
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.state import DRAIN
from souspli_storage import postgresql_server

SPECIFICATION = Path(__file__).parents[2] / "docs" / "specs" / "mailbox.md"


def test_the_problems_are_those_of_the_specification() -> None:
    """Names and statuses of the table in mailbox.md §3."""
    specified: dict[str, int] = {}
    for line in SPECIFICATION.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) >= 4 and cells[1].startswith("`") and cells[2].isdigit():
            for name in cells[1].split("/"):
                specified[name.strip().strip("`")] = int(cells[2])
    assert specified == {kind.value.name: kind.value.status for kind in ProblemKind}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/nothing", "not-found"),
        ("GET", "/v1/invitations/NOT-HEX", "not-found"),
        ("GET", "/v1/deposits/" + "0" * 33 + "/sender-cover", "not-found"),
        ("DELETE", "/v1/deposits", "method-not-allowed"),
        ("POST", "/v1/service", "method-not-allowed"),
        ("GET", "/v1/deposits", "not-signed-in"),
        ("GET", "/v1/service?x=1", "bad-request"),
        ("POST", "/v1/sign-in/start", "bad-request"),
    ],
)
async def test_the_framework_s_own_errors_are_problems_too(
    service: Service, method: str, path: str, name: str
) -> None:
    answer = await service.ask(method, path)
    assert answer.problem == name
    if name == "method-not-allowed":
        assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"account":1}',
        b'{"account":"a"}',
        b'{"account":"1234567897","extra":1}',
        b'{"account":"\\ud800@example.org"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_a_malformed_body_is_a_bad_request(service: Service, body: bytes) -> None:
    answer = await service.ask(
        "POST", "/v1/sign-in/start", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.problem == "bad-request"


async def test_a_form_is_not_a_request(service: Service) -> None:
    """A page of another site could send one without the browser asking first."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await service.ask(
            "POST",
            "/v1/sign-in/start",
            data=b'{"account":"1234567897"}',
            headers={"Content-Type": content_type},
        )
        assert answer.problem == "bad-request"


async def test_a_packed_body_is_refused_unread(service: Service) -> None:
    answer = await service.ask(
        "POST",
        "/v1/sign-in/start",
        data=b'{"account":"1234567897"}',
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert answer.problem == "bad-request"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_too_large(service: Service, announced: bool) -> None:
    body = b'{"account":"' + b"a" * 1_048_576 + b'"}'

    async def in_pieces() -> object:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    answer = await service.ask(
        "POST",
        "/v1/sign-in/start",
        data=io.BytesIO(body) if announced else in_pieces(),  # type: ignore[arg-type]  # a stream
        headers={"Content-Type": "application/json"},
    )
    assert answer.problem == "too-large"


async def test_whoever_lacks_a_session_learns_nothing_about_what_exists(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice)
    done = await deposit(practice, addressed(invited))
    paths = [
        f"/v1/invitations/{invited.invitation_id}",
        f"/v1/deliveries/{done.deliveries[0].delivery_id}/cover",
        f"/v1/deliveries/{done.deliveries[0].delivery_id}/contents",
    ]
    for path in paths:
        nowhere = path.replace(path.split("/")[3], "0" * 32)
        for headers in (
            {},
            {"Authorization": "Bearer " + "x" * 43},
            {"Cookie": "__Host-souspli=x"},
        ):
            there, not_there = [
                await service.ask("GET", asked, headers=headers) for asked in (path, nowhere)
            ]
            assert there.problem == not_there.problem == "not-signed-in"
            assert there.body == not_there.body


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_database_that_is_locked_means_try_again(
    service: Service, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As another process holds it; waiting the usual five seconds would test nothing more.
    with service.database._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    blocker = sqlite3.connect(service.settings.data / "mailbox.sqlite", isolation_level=None)
    try:
        blocker.execute("BEGIN EXCLUSIVE")
        answer = await service.ask("POST", "/v1/sign-in/start", {"account": "1234567897"})
        assert answer.problem == "unavailable"
        assert answer.headers["Retry-After"] == "5"
    finally:
        blocker.close()
    assert (await service.ask("POST", "/v1/sign-in/start", {"account": "1234567897"})).status == 200


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_rows_that_others_hold_too_long_mean_try_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Waiting the usual five seconds would test nothing more.
    monkeypatch.setitem(postgresql_server.SESSION, "lock_timeout", "20ms")
    begin = ("POST", "/v1/sign-in/start", {"account": "1234567897"})
    async with running(place.folder, database=place.settings) as service:
        with service.database._engine.begin() as holder:
            holder.execute(text("LOCK TABLE nonces"))
            answer = await service.ask(*begin)
        assert answer.problem == "unavailable"
        assert (await service.ask(*begin)).status == 200


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_database_server_that_restarts_is_not_noticed(
    place: Place, service: Service, practice: Practice
) -> None:
    """Every connection is gone at once; the next request gets its answer all the same."""
    for _ in range(2):
        with service.database._engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await invite(practice)
        assert (await practice.client.deposits()).deposits == ()


async def test_a_lost_object_is_our_fault_and_says_no_more(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice)
    done = await deposit(practice, addressed(invited))
    patient = await claim(service, invited)
    await patient.client.collect(done.deliveries[0].delivery_id)
    for part in service.documents.rglob("*"):
        if part.is_file():
            part.unlink()
    answer = await service.ask(
        "GET",
        f"/v1/deliveries/{done.deliveries[0].delivery_id}/contents",
        as_=patient.client,
    )
    assert answer.problem == "internal"


def test_a_cause_is_described_without_a_single_value() -> None:
    secret = "nadia@example.org"
    try:
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise KeyError(secret) from error
    except KeyError as error:
        described = describe(error)
    assert [line.split(" ")[0] for line in described] == ["KeyError", "ValueError"]
    assert "test_problems.py" in described[0]
    assert secret not in str(described)


async def test_the_log_has_templates_and_rounded_times_and_no_value(
    service: Service, practice: Practice, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as lines:
        invited = await invite(practice, address="nadia.secrete@example.org")
        done = await deposit(practice, addressed(invited))
        patient = await claim(service, invited)
        delivery_id = done.deliveries[0].delivery_id
        await patient.client.collect(delivery_id)
        await service.ask("GET", f"/v1/nadia.secrete@example.org?q={delivery_id}")
        await service.ask("PROPFIND", "/v1/service")
    requests = [line for line in lines if line["event"] == "request"]
    assert {line["route"] for line in requests} >= {
        "/v1/deliveries/{delivery_id}/collect",
        "/v1/claims/{invitation_id}/bind",
        "(none)",
    }
    assert {line["at"] % 60 for line in requests} == {0}
    assert {line["method"] for line in requests} == {"GET", "POST", "PUT", "other"}
    written = json.dumps(lines, default=str) + caplog.text
    # First that the search finds what is there at all.
    assert requests[0]["request_id"] in written
    for value in (
        "nadia.secrete",
        "127.0.0.1",
        invited.invitation_id,
        invited.letter_number,
        delivery_id,
        patient.number,
        patient.client._transport._token,
        practice.client._transport._token,
        *service.codes(invited.address),
    ):
        assert str(value) not in written, value


async def test_no_error_repeats_what_was_sent(
    service: Service, practice: Practice, invited: Invited
) -> None:
    claimant = await Claimant.arrive(service, invited)
    await claimant.prove()
    answers: list[Answer] = [
        await service.ask("POST", "/v1/sign-in/start", {"account": "planted-value@@x"}),
        await service.ask("GET", "/v1/planted-value", headers={"Accept": "text/html"}),
        await service.ask(
            "POST", "/v1/directory/lookup", {"address": "planted-value@x.fr"}, as_=practice.client
        ),
        await service.ask("GET", "/v1/deposits?after=planted-value", as_=practice.client),
        await service.ask(
            "POST", "/v1/sign-in/start", {"account": "1234567897", "planted-value": 1}
        ),
    ]
    for answer in answers:
        assert answer.status >= 400
        assert b"planted-value" not in answer.body + str(answer.headers).encode()


async def test_a_client_that_goes_away_leaves_the_service_working_and_is_no_failure(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice)
    # More than fits into the buffers between: it is still being written.
    done = await deposit(practice, addressed(invited), sealed=draw(256 * 65_536))
    patient = await claim(service, invited)
    host, port = "127.0.0.1", service.settings.listen_port
    token = patient.client._transport._token
    for request in (
        f"GET /v1/deliveries/{done.deliveries[0].delivery_id}/contents HTTP/1.1\r\n"
        f"Host: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        "POST /v1/sign-in/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 500\r\n\r\n{",
        "complete nonsense\r\n\r\n",
    ):
        _, writer = await asyncio.open_connection(host, port)
        writer.write(request.encode())
        await writer.drain()
        with structlog.testing.capture_logs() as lines:
            writer.transport.abort()
            await service.app[DRAIN]._idle.wait()
            assert (await service.ask("GET", "/readyz")).status == 200
        assert not [line for line in lines if line["log_level"] == "error"]
