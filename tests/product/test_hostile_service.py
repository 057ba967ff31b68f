"""A service that lies to the command line gets nothing and breaks nothing.

Each lie ends in clear words and an exit code, in bounded time and memory: no traceback,
no secret sent elsewhere, nothing of what the service says on the terminal.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli_world import ORIGIN, Ended, command
from product.hostile import HostileService, Lie
from product.world import ADDRESS, Patient, Practice, RecordedService

from souspli_exchange.port_errors import BrokenAnswerError, UnavailableError
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

JSON: Final = {"Content-Type": "application/json"}
PROBLEM: Final = {"Content-Type": "application/problem+json"}
# A send takes about 130 MiB; an answer without end would take all there is.
MEMORY_KIB: Final = 400 * 1024
ESCAPE: Final = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture
def hostile(service: RecordedService) -> Iterator[HostileService]:
    with HostileService(service.url) as lying:
        yield lying


@pytest.fixture
def deceived(practice: Practice, hostile: HostileService, tmp_path: Path) -> Practice:
    """The practice, whose service is the hostile one."""
    shutil.copytree(practice.profile, tmp_path / "profile")
    settings = tmp_path / "profile" / "profile.toml"
    text = settings.read_text("utf-8").replace(practice.service.url, hostile.url)
    settings.write_text(text, encoding="utf-8")
    return Practice(practice.service, tmp_path)


def run_measured(practice: Practice, *arguments: str | Path) -> tuple[Ended, int]:
    """Run a command; how it ended and how many KiB it took at most."""
    # Of this one process: what the children of pytest have taken so far is no measure.
    line = ["/usr/bin/env", "python3", "-c", _MEASURE, *command(*arguments)]
    done = subprocess.run(
        line,
        env=practice.environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    err, _, taken = done.stderr.rpartition("\n")
    return Ended(done.returncode, done.stdout, err), int(taken)


_MEASURE: Final = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
sys.stderr.write("\\n%d" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def deep(levels: int) -> bytes:
    return b'{"account_number":' + b"[" * levels + b"]" * levels + b"}"


def bomb() -> Iterator[bytes]:
    """A gzip stream of zeros: a thousand times as long once it is unpacked, and endless."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(10_000_000)
    while True:
        yield squeezer.compress(zeros)


LIES: Final[dict[str, Callable[[], Lie]]] = {
    "a page of a hotel's network": lambda: Lie(200, b"<html>", {"Content-Type": "text/html"}),
    "nothing": lambda: Lie(200, b"", JSON),
    "no content": lambda: Lie(204),
    "another shape": lambda: Lie(200, b'{"account_number": ["no"], "nonce": 1}', JSON),
    "a list": lambda: Lie(200, b"[]", JSON),
    "not UTF-8": lambda: Lie(200, b'{"account_number":"\xff\xfe"}', JSON),
    "deeper than a stack": lambda: Lie(200, deep(1_000_000), JSON),
    "without end": lambda: Lie(200, itertools.repeat(b" " * 65_536), JSON),
    "a bomb": lambda: Lie(200, bomb(), {**JSON, "Content-Encoding": "gzip"}),
    "a problem without end": lambda: Lie(400, itertools.repeat(b" " * 65_536), PROBLEM),
    "an unknown problem": lambda: Lie(418, b'{"type":"urn:x:teapot","status":418}', PROBLEM),
    "a problem in escape sequences": lambda: Lie(
        401, json.dumps({"type": ESCAPE, "title": ESCAPE, "detail": ESCAPE}).encode(), PROBLEM
    ),
    "a status that there is not": lambda: Lie(299, b"{}", JSON),
    "the way elsewhere": lambda: Lie(307, b"", {"Location": "http://127.0.0.1:9/"}),
    "headers without end": lambda: Lie(200, b"{}", {f"X-{n}": "x" * 8_000 for n in range(5_000)}),
}


@pytest.mark.parametrize("name", LIES)
async def test_an_answer_that_is_none_is_an_error_of_the_port(
    hostile: HostileService, name: str
) -> None:
    hostile.lies["POST /v1/sign-in/start"] = LIES[name]()
    async with MailboxClient(hostile.url, origin=ORIGIN) as client:
        with pytest.raises((BrokenAnswerError, UnavailableError)):
            await client.begin_sign_in("123456789")


@pytest.mark.parametrize(
    "name", ["without end", "a bomb", "deeper than a stack", "a problem in escape sequences"]
)
def test_the_command_line_ends_in_words_and_in_little_memory(
    hostile: HostileService, deceived: Practice, letter: Path, name: str
) -> None:
    hostile.lies["POST /v1/sign-in/start"] = LIES[name]()
    ended, kib = run_measured(deceived, "sent", "--json")
    assert (ended.code, ended.error) == (1, "broken-answer"), ended.err
    assert "Souspli" in ended.err
    assert "Traceback" not in ended.err
    assert "owned" not in ended.out + ended.err
    assert kib < MEMORY_KIB


async def test_no_redirect_is_followed_and_no_session_is_shown_elsewhere(
    hostile: HostileService, practice: Practice
) -> None:
    with HostileService() as elsewhere:
        hostile.lies[".*"] = Lie(307, b"", {"Location": f"{elsewhere.url}/v1/deposits"})
        async with MailboxClient(hostile.url, origin=ORIGIN) as client:
            client._transport.use_token("a session")
            with pytest.raises(BrokenAnswerError):
                await client.deposits()
        assert hostile.heard
        assert elsewhere.heard == []


async def test_a_list_that_leads_nowhere_is_not_followed_for_ever(hostile: HostileService) -> None:
    async with MailboxClient(hostile.url, origin=ORIGIN) as client:
        for entry in ("deposits", "deliveries"):
            page = json.dumps({entry: [], "next": "2"}).encode()
            hostile.lies[f"GET /v1/{entry}.*"] = Lie(200, page, JSON)
        with pytest.raises(BrokenAnswerError):
            await client.deposits(after="1")
        with pytest.raises(BrokenAnswerError):
            await client.deliveries(after="1")


def twisted(**changed: Any) -> Callable[[bytes], bytes]:
    """Replace some fields of an answer."""
    return lambda body: json.dumps({**json.loads(body), **changed}).encode()


@pytest.fixture(scope="module")
def patient(service: RecordedService, letter: Path) -> Patient:
    return Patient.with_letter(service, letter)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"received": [0]}, id="a segment that it does not have"),
        pytest.param({"received": [0], "state": "stored"}, id="all of it"),
        pytest.param({"received": [7]}, id="a segment that there is not"),
        pytest.param({"upload": {"method": "PUT", "url": "http://127.0.0.1:9/"}}, id="elsewhere"),
    ],
)
def test_what_the_service_says_it_has_costs_nobody_a_document(
    hostile: HostileService, deceived: Practice, patient: Patient, tmp_path: Path, changed: Any
) -> None:
    """Completing it tells: segments that are missing are put after all."""
    hostile.twists["POST /v1/deposits"] = twisted(**changed)
    before = len(patient.deliveries())
    ended = deceived.send(deceived.file("vrai", b"a document"))
    assert ended.code == 0, ended.err
    assert len(patient.deliveries()) == before + 1
    (read,) = patient.read_all(tmp_path / "read", newest=1)
    assert read.files == {"vrai": b"a document"}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"<html>Bad gateway</html>", id="a page of something between"),
        pytest.param(b'{"document_id":"%s","deliveries":[]}' % (b"0" * 32), id="another document"),
    ],
)
def test_a_document_that_was_stored_under_a_garbled_answer_is_kept_and_arrives_once(
    hostile: HostileService, deceived: Practice, patient: Patient, answer: bytes
) -> None:
    """Stored or not: the sender can't tell, so that forgetting it would be a lie."""
    complete = r"POST /v1/deposits/\w+/complete"
    before = len(patient.deliveries())
    hostile.twists[complete] = lambda _: answer
    ended = deceived.send(deceived.file("brouillé", b"a document"))
    assert (ended.code, ended.error) == (75, "kept-unclear")
    assert "souspli send --resume" in ended.err
    assert len(patient.deliveries()) == before + 1

    del hostile.twists[complete]
    resumed = deceived.run("send", "--resume", "--json")
    assert resumed.code == 0, resumed.err
    assert deceived.outbox() == []
    assert len(patient.deliveries()) == before + 1
    (document,) = deceived.run("sent", "--json").json["documents"]
    assert [to["address"] for to in document["recipients"]] == [ADDRESS]


def test_opened_is_proved_or_not_believed(
    hostile: HostileService, deceived: Practice, patient: Patient, tmp_path: Path
) -> None:
    """The service says `opened`, without a receipt and with that of another document."""
    read = deceived.send(deceived.file("lu", b"read")).json["document_id"]
    patient.read_all(tmp_path / "read")
    unread = deceived.send(deceived.file("non lu", b"unread")).json["document_id"]

    def opened(body: bytes) -> bytes:
        answer = json.loads(body)
        by_id = {deposit["document_id"]: deposit for deposit in answer["deposits"]}
        (theirs,), (mine,) = by_id[read]["deliveries"], by_id[unread]["deliveries"]
        mine |= {name: theirs[name] for name in ("state", "fetched_at", "opened_at", "receipt")}
        theirs["receipt"] = None
        return json.dumps(answer).encode()

    hostile.twists[r"GET /v1/deposits\?.*"] = opened
    ended = deceived.run("sent", "--json")
    shown = {
        document["document_id"]: document["recipients"][0] for document in ended.json["documents"]
    }
    assert not shown[read]["opened_verified"]
    assert not shown[unread]["opened_verified"]

    # The truth, told later, is still taken.
    hostile.twists.clear()
    told = {
        document["document_id"]: document["recipients"][0]["opened_verified"]
        for document in deceived.run("sent", "--json").json["documents"]
    }
    assert told == {read: True, unread: False}


def test_everything_that_the_programs_wrote_is_for_their_owner_alone(
    practice: Practice, service: RecordedService, letter: Path, patient: Patient
) -> None:
    """Profile, letter, database and store; a sealed document that waits as well."""
    service.kill()
    assert practice.send(practice.file("attend", b"kept")).code == 75
    service.start()
    for root in (practice.profile, service.data, letter):
        for path in (root, *root.rglob("*")):
            readable = path.stat().st_mode & 0o077
            assert not readable, f"{path} {path.stat().st_mode:o}"
    assert practice.run("send", "--resume", "--json").code == 0
    # Nor does anything stay where everybody may look.
    assert list((service.folder / "tmp").iterdir()) == []
