"""A laboratory takes a report back: what waits is never sent, what was sent is withdrawn."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import msgspec
import pytest
from bridge.conftest import JEANNE, PAUL
from bridge.plain_reader import mail
from bridge.test_crash import process, stored
from click.testing import CliRunner
from sqlalchemy import update

from souspli_cli.bridge import decisions, ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.policy import Deletions, Policy
from souspli_cli.bridge.schema import documents
from souspli_cli.bridge.sending import delivering, pauses, taking_back
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_cli.bridge.verbs.quarantine import quarantine
from souspli_exchange.port_errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from bridge.world import Laboratory
    from cli_world import Practice
    from sqlalchemy import Connection

REPORT = {"report": "LABO|1"}
DELETION = mail(b"deleted", name="deletion.hl7", change="withdraws", replaces="LABO|1", **REPORT)
CORRECTION = mail(b"v2", change="replaces", replaces="LABO|1", title="v2", **REPORT)


def states(laboratory: Laboratory) -> list[tuple[str, str | None]]:
    """What became of every document, in order."""
    return [(row.state.value, row.reason) for row in laboratory.rows()]


async def withdrawn(laboratory: Laboratory) -> dict[str, str | None]:
    """Of each document that the service has: the hash of its withdrawal."""
    found: dict[str, str | None] = {}
    async with ServiceLine(laboratory.account) as line:
        await line.sign_in()
        after = None
        while True:
            page = await line._open.deposits(after=after)
            found |= {one.document_id: one.withdrawal_hash for one in page.deposits}
            after = page.next_cursor
            if after is None:
                return found


async def test_every_version_that_was_sent_is_withdrawn_and_nothing_else_is_sent(
    laboratory: Laboratory,
) -> None:
    async with laboratory.bridge():
        await laboratory.send(mail(title="other", report="LABO|2"), JEANNE[0])
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.send(CORRECTION, JEANNE[0])
        await laboratory.settled(3)
        await laboratory.send(DELETION, JEANNE[0])
        other, first, second, deletion = await laboratory.settled(4)
        assert [row.state.value for row in (other, first, second, deletion)] == [
            "delivered",
            "withdrawn",
            "withdrawn",
            "withdrawn",
        ]
        said = await withdrawn(laboratory)
        assert said[first.document_id]
        assert said[second.document_id]
        assert said[other.document_id] is None
        assert deletion.document_id not in said
        kept = laboratory.sent(first.document_id)
        assert kept is not None
        assert kept.withdrawal is not None
        assert kept.withdrawal.taken
        assert await laboratory.emptied()
        # Said once more, and for somebody else, who was never sent it.
        await laboratory.send(DELETION + b"\r\n", JEANNE[0])
        await laboratory.send(DELETION, PAUL[0])
        *_, again, theirs = await laboratory.settled(6)
        assert again.state is State.WITHDRAWN
        assert (theirs.state, theirs.reason) == (State.TO_CHECK, "withdraws_unknown")


async def test_what_waits_when_it_is_taken_back_is_never_sent(
    founded: Practice, laboratory: Laboratory
) -> None:
    before = await stored(laboratory)
    service = founded.service
    service.stop()
    try:
        async with laboratory.bridge():
            await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
            await laboratory.send(CORRECTION, JEANNE[0])
            await laboratory.send(mail(title="other"), JEANNE[0])
            await laboratory.send(DELETION, JEANNE[0])
            expected = ["withdrawn", "withdrawn", "waiting", "waiting"]
            await laboratory.until(lambda: [one for one, _ in states(laboratory)] == expected)
            # Removed a moment after what says that they are not needed.
            await laboratory.until(lambda: len(list(laboratory.folder.spool.glob("*.sealed"))) == 2)
            await asyncio.to_thread(service.start)
            rows = await laboratory.settled(4)
    finally:
        if service._process is None:
            service.start()
    assert [row.state.value for row in rows][2:] == ["delivered", "withdrawn"]
    assert await stored(laboratory) - before == {rows[2].document_id}


async def test_what_may_have_left_already_is_sent_first_and_then_withdrawn(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_AWAY_SECONDS", 0.5)
    deposit = delivering.outbox.deposit
    lost = True

    async def answer_lost(account, sending, spool, spooled, **more):
        done = await deposit(account, sending, spool, spooled, **more)
        if lost:
            raise UnavailableError("the answer got lost")
        return done

    monkeypatch.setattr(delivering.outbox, "deposit", answer_lost)
    async with laboratory.bridge():
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.until(lambda: any(laboratory.folder.spool.glob("*.covers")))
        await laboratory.send(DELETION, JEANNE[0])
        await laboratory.until(lambda: len(laboratory.rows()) == 2)
        lost = False
        first, deletion = await laboratory.settled(2)
    assert (first.state, deletion.state) == (State.WITHDRAWN, State.WITHDRAWN)
    assert (await withdrawn(laboratory))[first.document_id]


async def test_what_is_taken_back_behind_a_document_under_way_is_never_sent(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_AWAY_SECONDS", 0.1)
    deposit, sign_in = delivering.outbox.deposit, ServiceLine.sign_in
    is_away, is_slow = True, True
    began: list[str] = []

    async def away(line: ServiceLine) -> None:
        if is_away:
            raise UnavailableError("away")
        await sign_in(line)

    async def slow(account, sending, spool, spooled, **more):
        began.append(spool.slip.title)
        while is_slow:  # noqa: ASYNC110  (another loop says so)
            await asyncio.sleep(0.02)
        return await deposit(account, sending, spool, spooled, **more)

    monkeypatch.setattr(ServiceLine, "sign_in", away)
    monkeypatch.setattr(delivering.outbox, "deposit", slow)
    async with laboratory.bridge():
        await laboratory.send(mail(title="before"), JEANNE[0])
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        # Both are taken up together.
        await laboratory.until(lambda: [one for one, _ in states(laboratory)] == ["waiting"] * 2)
        is_away = False
        await laboratory.until(lambda: began == ["before"])
        await laboratory.send(DELETION, JEANNE[0])
        expected = ["waiting", "withdrawn", "waiting"]
        await laboratory.until(lambda: [one for one, _ in states(laboratory)] == expected)
        is_slow = False
        await laboratory.settled(3)
    assert [one for one, _ in states(laboratory)] == ["delivered", "withdrawn", "withdrawn"]
    assert began == ["before"]


async def test_a_person_decides_where_it_is_not_certain_what_is_taken_back(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_found(*_: object) -> None:
        raise NotFoundError("another member's")

    policy = Policy(deletions=Deletions.CHECK)
    settings, laboratory.settings = (
        laboratory.settings,
        msgspec.structs.replace(laboratory.settings, policy=policy),
    )
    async with laboratory.bridge():
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.send(mail(title="unclear", broken="yes", **REPORT), JEANNE[0])
        await laboratory.send(DELETION, JEANNE[0])
        await laboratory.settled(3)
        assert states(laboratory)[2] == ("to-check", "deletion")
    laboratory.settings = settings

    def again(document_id: str) -> None:
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            assert database.write_now(ledger.try_again, document_id, now=1) == 1

    deletion = laboratory.rows()[2].document_id
    again(deletion)
    async with laboratory.bridge():
        await laboratory.settled(3)
        # One of its report is in quarantine: whoever sends that later would undo this.
        assert states(laboratory)[2] == ("to-check", "withdraws_unchecked")
        unclear = laboratory.rows()[1].document_id
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            assert database.write_now(decisions.reject, unclear, by="anne", now=1)
        with monkeypatch.context() as patched:
            patched.setattr(taking_back, "post_withdrawal", not_found)
            again(deletion)
            await laboratory.settled(3)
            assert states(laboratory)[2] == ("to-check", "withdraws_gone")
        again(deletion)
        await laboratory.settled(3)
    assert [state for state, _ in states(laboratory)] == ["withdrawn", "rejected", "withdrawn"]


async def test_what_was_too_late_and_may_have_left_is_never_taken_back_in_silence(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost = is_away = False
    monkeypatch.setattr(pauses, "TRIES_FIRST_SECONDS", 0)
    monkeypatch.setattr(pauses, "FIRST_AWAY_SECONDS", 0.1)
    deposit, sign_in = delivering.outbox.deposit, ServiceLine.sign_in

    async def answer_lost(account, sending, spool, spooled, **more):
        if is_lost:
            monkeypatch.setattr(delivering.outbox, "_let_go", lost)
        return await deposit(account, sending, spool, spooled, **more)

    def lost(*_: object, **__: object) -> None:
        nonlocal is_away
        is_away = True
        raise UnavailableError("the answer got lost")

    async def away(line: ServiceLine) -> None:
        if is_away:
            raise UnavailableError("away")
        await sign_in(line)

    monkeypatch.setattr(delivering.outbox, "deposit", answer_lost)
    monkeypatch.setattr(ServiceLine, "sign_in", away)

    def two_days_pass(connection: Connection) -> None:
        connection.execute(update(documents).values(since=documents.c.since - 49 * 3_600))

    let_go = delivering.outbox._let_go
    where = ["--profile", str(laboratory.profile)]

    def say(*words: str) -> str:
        return CliRunner().invoke(quarantine, [*words, *where], catch_exceptions=False).output

    async with laboratory.bridge():
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.settled(1)
        is_lost = True
        await laboratory.send(CORRECTION, JEANNE[0])
        await laboratory.until(lambda: is_away)
        await laboratory.send(mail(title="never left"), PAUL[0])
        await laboratory.recorded(3)
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            database.write_now(two_days_pass)
        _, second, other = await laboratory.settled(3)
        assert (second.state, second.reason) == (State.FAILED, "maybe_sent")
        assert (other.state, other.reason) == (State.FAILED, "too_late")
        assert "peut-être déjà" in await asyncio.to_thread(say, "show", second.document_id)
        said = await asyncio.to_thread(say, "reject", second.document_id, "--yes")
        assert "ne pourra plus être retiré" in said
        assert "Son patient l'a peut-être reçu" in said
        rejecting = ("reject", other.document_id, "--yes", "--json")
        assert '"may_have_left": false' in await asyncio.to_thread(say, *rejecting)
        is_lost = is_away = False
        monkeypatch.setattr(delivering.outbox, "_let_go", let_go)
        await laboratory.send(DELETION, JEANNE[0])
        first, second, _, deletion = await laboratory.settled(4)
    assert (first.state, second.state) == (State.WITHDRAWN, State.REJECTED)
    assert (deletion.state, deletion.reason) == (State.TO_CHECK, "withdraws_maybe_sent")
    at_service = await withdrawn(laboratory)
    assert at_service[first.document_id]
    assert at_service[second.document_id] is None


@pytest.mark.parametrize(
    "place",
    ["withdrawal signed, not posted", "withdrawal posted, not noted", "withdrawn, not recorded"],
)
async def test_a_report_is_withdrawn_once_whenever_the_bridge_is_killed(
    laboratory: Laboratory, place: str
) -> None:
    with process(laboratory, place) as running:
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.settled(1)
        await laboratory.send(DELETION, JEANNE[0])
        assert await asyncio.to_thread(running.wait, 60) == -signal.SIGKILL
    assert [state for state, _ in states(laboratory)][1] == "waiting"
    document_id = laboratory.rows()[0].document_id
    signed = laboratory.sent(document_id)
    assert signed is not None
    assert signed.withdrawal is not None
    async with laboratory.bridge():
        await laboratory.settled(2)
    assert [state for state, _ in states(laboratory)] == ["withdrawn", "withdrawn"]
    assert (await withdrawn(laboratory))[document_id] == signed.withdrawal.withdrawal_hash
    assert await laboratory.emptied()
