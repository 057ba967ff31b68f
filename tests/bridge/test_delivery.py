"""From the spool to the service: in order, once, whatever is away meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from bridge.conftest import JEANNE, MEDECIN, PAUL
from bridge.plain_reader import mail
from bridge.world import MAILBOX, Laboratory
from cli_world import patient_claims

from souspli_cli.bridge.ledger import DAY
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.people.routes import RoutesFile
from souspli_cli.bridge.reasons import BOOK_DAMAGED, SENT_BEFORE
from souspli_cli.bridge.sending import delivering, pauses, worker
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    NotAllowedError,
    UnavailableError,
    WithdrawnError,
)
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Practice

TRAITS = {"birth_name": "DURAND", "given_names": "Jeanne", "birth_date": "1961-03-02", "sex": "F"}


def routes(laboratory: Laboratory) -> RoutesFile:
    """The laboratory's routes."""
    secret = laboratory.account.device.unlocker.secret_bytes()
    return RoutesFile(laboratory.folder.routes, secret)


async def test_a_patient_reads_byte_for_byte_what_the_laboratory_sent(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 1_000
    async with laboratory.bridge():
        await laboratory.send(mail(content, name="hémogramme.pdf", **TRAITS), MAILBOX)
        await laboratory.settled(1)
    letter = laboratory.letters / f"{PAUL[0]}.pdf"
    async with laboratory.bridge():
        await laboratory.send(mail(content, name="tsh.pdf"), PAUL[0])
        await laboratory.settled(2)
    reading = await asyncio.to_thread(
        patient_claims,
        laboratory.service,
        letter,
        tmp_path / "read",
        surname="Le Goff-Œuvrard",
        birth_date="1950-12-11",
    )
    assert reading.files["tsh.pdf"] == content
    # Claimed meanwhile: the next one is sealed to the account.
    async with laboratory.bridge():
        await laboratory.send(mail(b"second", name="second.pdf"), PAUL[0])
        rows = await laboratory.settled(3)
        assert [row.state for row in rows] == [State.DELIVERED] * 3


async def test_a_practitioner_s_copy_goes_with_the_patient_s(laboratory: Laboratory) -> None:
    routes(laboratory).add_practitioner(MEDECIN[0])
    async with laboratory.bridge():
        await laboratory.send(mail(**TRAITS, copies=f"{MEDECIN[0]} {PAUL[0]}"), MAILBOX)
        (row,) = await laboratory.settled(1)
        sent = laboratory.sent(row.document_id)
        assert sent is not None
        assert [to.address for to in sent.recipients] == [JEANNE[0], MEDECIN[0]]
        assert all(to.delivery_id for to in sent.recipients)


async def test_what_nobody_can_attribute_waits_and_goes_once_the_book_knows(
    laboratory: Laboratory,
) -> None:
    from souspli_cli.bridge import ledger  # noqa: PLC0415

    stranger = TRAITS | {"birth_name": "Inconnue"}
    async with laboratory.bridge():
        await laboratory.send(mail(**stranger), MAILBOX)
        (row,) = await laboratory.settled(1)
        assert (row.state, row.reason) == (State.TO_CHECK, "nobody")
        assert laboratory.folder.spool.joinpath(f"{row.queue_id}.sealed").exists()

        book = laboratory.account.book
        entry = book.patient(JEANNE[0])
        assert entry is not None
        traits = msgspec.structs.replace(entry.traits, birth_name="Inconnue")
        book.change_patient(JEANNE[0], lambda _: msgspec.structs.replace(entry, traits=traits))
        await asyncio.sleep(1.1)  # BookIndex.LEAST_SECONDS
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            assert database.write_now(ledger.try_again, None, now=1) == 1
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
        assert await laboratory.emptied()


async def test_while_an_entry_is_damaged_only_what_is_found_by_traits_waits(
    laboratory: Laboratory,
) -> None:
    from souspli_cli.bridge import ledger  # noqa: PLC0415

    book = laboratory.account.book
    entry = book.folder / book._patient_name(PAUL[0])
    whole = await asyncio.to_thread(entry.read_bytes)
    await asyncio.to_thread(entry.write_bytes, bytes(3_000_000))
    ins = "261037512345678"
    async with laboratory.bridge():
        await laboratory.send(mail(**TRAITS), MAILBOX)
        await laboratory.send(mail(**TRAITS, ins=ins), JEANNE[0])
        rows = await laboratory.settled(2)
        assert [(row.state, row.reason) for row in rows] == [
            (State.TO_CHECK, BOOK_DAMAGED),
            (State.DELIVERED, None),
        ]
        # Mended in its place: nothing is started again.
        await asyncio.to_thread(entry.write_bytes, whole)
        await asyncio.sleep(1.1)  # BookIndex.LEAST_SECONDS
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            database.write_now(ledger.try_again, None, now=1)
        rows = await laboratory.settled(2)
        assert [row.state for row in rows] == [State.DELIVERED] * 2


async def test_a_correction_names_the_report_that_the_same_patient_was_sent(
    laboratory: Laboratory,
) -> None:
    async with laboratory.bridge():
        await laboratory.send(mail(report="LABO|1", title="v1"), JEANNE[0])
        await laboratory.settled(1)
        corrected = mail(report="LABO|1", change="replaces", replaces="LABO|1", title="v2")
        await laboratory.send(corrected, JEANNE[0])
        await laboratory.send(corrected, PAUL[0])
        first, second, other = await laboratory.settled(3)
        sent, theirs = laboratory.sent(second.document_id), laboratory.sent(other.document_id)
        assert sent is not None
        assert theirs is not None
        assert sent.replaces == first.document_id
        assert theirs.replaces is None


async def test_documents_of_one_patient_keep_their_order_across_a_fault(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FIRST_LATER_SECONDS", 1)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.1)
    began: list[str] = []
    fails = ["first"]
    deliver = delivering.outbox.deposit

    async def deposit(account, sending, spool, spooled, **more):
        title = spool.slip.title
        began.append(title)
        if title in fails:
            fails.remove(title)
            raise BrokenAnswerError("nonsense")
        return await deliver(account, sending, spool, spooled, **more)

    monkeypatch.setattr(delivering.outbox, "deposit", deposit)
    async with laboratory.bridge():
        for title in ("first", "second", "third"):
            await laboratory.send(mail(title=title), JEANNE[0])
        await laboratory.send(mail(title="other"), PAUL[0])
        await laboratory.settled(4)
    jeanne = [title for title in began if title != "other"]
    # The first is taken up through `deliver_kept`, which ends in the same call.
    assert jeanne == ["first", "first", "second", "third"]
    assert began.index("other") < len(began) - 1


async def test_nobody_waits_for_another_s_document(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Woken, and not by looking now and then.
    monkeypatch.setattr(worker, "POLL_SECONDS", 120.0)
    began: list[str] = []
    goes_on = False
    deliver = delivering.outbox.deposit

    async def deposit(account, sending, spool, spooled, **more):
        began.append(spool.slip.title)
        while spool.slip.title == "slow" and not goes_on:  # noqa: ASYNC110  (another loop says so)
            await asyncio.sleep(0.02)
        return await deliver(account, sending, spool, spooled, **more)

    def states() -> list[State]:
        return [row.state for row in laboratory.rows()]

    monkeypatch.setattr(delivering.outbox, "deposit", deposit)
    async with laboratory.bridge():
        await laboratory.send(mail(title="slow"), JEANNE[0])
        await laboratory.until(lambda: began == ["slow"])
        await laboratory.send(mail(title="hers"), JEANNE[0])
        await laboratory.send(mail(title="his"), PAUL[0])
        await laboratory.until(lambda: states() == [State.WAITING, State.WAITING, State.DELIVERED])
        goes_on = True
        await laboratory.settled(3)
    assert began == ["slow", "his", "hers"]


async def test_a_refusal_for_good_is_for_a_person_and_stops_nobody(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = delivering.outbox.deposit

    async def refusing(account, sending, spool, spooled, **more):
        if spool.slip.title == "refused":
            raise NotAllowedError("no")
        return await deposit(account, sending, spool, spooled, **more)

    monkeypatch.setattr(delivering.outbox, "deposit", refusing)
    async with laboratory.bridge():
        await laboratory.send(mail(title="refused"), JEANNE[0])
        await laboratory.send(mail(title="taken"), JEANNE[0])
        first, second = await laboratory.settled(2)
        assert (first.state, first.reason) == (State.FAILED, "not_allowed")
        assert second.state is State.DELIVERED
        assert laboratory.folder.spool.joinpath(f"{first.queue_id}.sealed").exists()


@pytest.mark.parametrize("step", ["open_deposit", "put_segment", "complete_deposit"])
async def test_a_service_that_says_withdrawn_of_what_nobody_took_back_ends_nothing(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from souspli_cli.bridge import ledger  # noqa: PLC0415

    async def lies(*_: object, **__: object) -> None:
        raise WithdrawnError("withdrawn")

    async with laboratory.bridge():
        with monkeypatch.context() as hostile:
            hostile.setattr(MailboxClient, step, lies)
            await laboratory.send(mail(), JEANNE[0])
            (row,) = await laboratory.settled(1)
        # Never "taken back": that would delete the file, and tell nobody.
        assert (row.state, row.reason) == (State.FAILED, "withdrawn")
        assert laboratory.folder.spool.joinpath(f"{row.queue_id}.sealed").exists()
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            assert database.write_now(ledger.try_again, None, now=int(time.time())) == 1
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED


async def test_a_document_that_was_refused_for_one_may_go_to_another_afterwards(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from souspli_cli.bridge import ledger  # noqa: PLC0415

    deposit = delivering.outbox.deposit

    async def refusing(*_: object, **__: object) -> None:
        raise NotAllowedError("no")

    monkeypatch.setattr(delivering.outbox, "deposit", refusing)
    async with laboratory.bridge():
        await laboratory.send(mail(**TRAITS), MAILBOX)
        await laboratory.settled(1)
        monkeypatch.setattr(delivering.outbox, "deposit", deposit)
        book = laboratory.account.book
        jeanne, paul = book.patient(JEANNE[0]), book.patient(PAUL[0])
        assert jeanne is not None
        assert paul is not None
        # The two were taken for each other in the address book.
        swapped = msgspec.structs.replace(paul, traits=jeanne.traits)
        other = msgspec.structs.replace(jeanne, traits=paul.traits)
        book.change_patient(JEANNE[0], lambda _: other)
        book.change_patient(PAUL[0], lambda _: swapped)
        await asyncio.sleep(1.1)  # BookIndex.LEAST_SECONDS
        with ledger.open_ledger(laboratory.folder.ledger) as database:
            assert database.write_now(ledger.try_again, None, now=1) == 1
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
        sent = laboratory.sent(row.document_id)
        assert sent is not None
        assert [to.address for to in sent.recipients] == [PAUL[0]]


async def test_a_red_stop_is_for_a_person(laboratory: Laboratory) -> None:
    book = laboratory.account.book
    entry = book.patient(JEANNE[0])
    assert entry is not None
    stopped = msgspec.structs.replace(entry, stopped=entry.invitations[-1].invitation_id)
    book.change_patient(JEANNE[0], lambda _: stopped)
    async with laboratory.bridge():
        await laboratory.send(mail(), JEANNE[0])
        (row,) = await laboratory.settled(1)
        assert (row.state, row.reason) == (State.TO_CHECK, "red_stop")


async def test_answers_that_say_later_lose_nothing(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "FIRST_AWAY_SECONDS", 0.05)
    deposit = delivering.outbox.deposit
    tries = 0

    async def later(account, sending, spool, spooled, **more):
        nonlocal tries
        tries += 1
        if tries in {1, 2, 4}:
            raise UnavailableError("later")
        return await deposit(account, sending, spool, spooled, **more)

    monkeypatch.setattr(delivering.outbox, "deposit", later)
    async with laboratory.bridge():
        for number in range(3):
            await laboratory.send(mail(title=str(number)), JEANNE[0])
        rows = await laboratory.settled(3)
        assert [row.state for row in rows] == [State.DELIVERED] * 3
        assert [row.attempts for row in rows] == [0, 0, 0]


async def test_what_was_sent_since_a_backup_that_is_put_back_does_not_arrive_twice(
    founded: Practice, tmp_path: Path
) -> None:
    service = founded.service
    profile, backup = tmp_path / "profile", tmp_path / "backup"
    shutil.copytree(founded.profile, profile)
    laboratory = Laboratory(service, profile, founded.folder)
    laboratory.password = laboratory.add_account()
    service.stop()
    try:
        async with laboratory.bridge():
            await laboratory.send(mail(title="before"), JEANNE[0])
            await laboratory.recorded(1)
        await asyncio.to_thread(shutil.copytree, profile, backup)
    finally:
        service.start()
    async with laboratory.bridge():
        (sent,) = await laboratory.settled(1)
        assert sent.state is State.DELIVERED
    await asyncio.to_thread(shutil.rmtree, profile)
    await asyncio.to_thread(backup.rename, profile)
    async with laboratory.bridge():
        (row,) = await laboratory.settled(1)
        assert row.document_id == sent.document_id
        # Who has it, a person says: the service alone is not believed.
        assert (row.state, row.reason) == (State.FAILED, SENT_BEFORE)
        assert laboratory.folder.spool.joinpath(f"{row.queue_id}.sealed").exists()


async def test_while_the_service_is_away_for_two_days_mails_are_taken_and_then_sent_in_order(
    founded: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is too late would be given up at once, long before the next try.
    monkeypatch.setattr(worker, "SORT_SECONDS", 0.05)
    monkeypatch.setattr(pauses, "FIRST_AWAY_SECONDS", 3.0)
    sign_in, may_try = ServiceLine.sign_in, True

    async def tried(line: ServiceLine) -> None:
        if not may_try:
            raise UnavailableError("away")
        await sign_in(line)

    monkeypatch.setattr(ServiceLine, "sign_in", tried)
    service = founded.service
    shutil.copytree(founded.profile, tmp_path / "profile")
    laboratory = Laboratory(service, tmp_path / "profile", founded.folder)
    laboratory.password = laboratory.add_account()
    hours = 0
    laboratory.clock = lambda: time.time() + hours * 3_600
    service.stop()
    try:
        async with laboratory.bridge():
            mails = [mail(title=str(number)) for number in range(12)]
            answers = [await laboratory.send(one, JEANNE[0]) for one in mails[:6]]
            # A day is longer than any pause between two tries, and than any session.
            hours = 24
            answers += [await laboratory.send(one, JEANNE[0]) for one in mails[6:11]]
            assert await laboratory.send(mails[3], JEANNE[0]) == answers[3]
            await asyncio.sleep(1)
            rows = await asyncio.to_thread(laboratory.rows)
            assert [row.state for row in rows] == [State.WAITING] * 11
            moments = [row.received_at for row in rows]
            assert moments[6] - moments[5] >= DAY
        # Stopped and started while the service is away.
        async with laboratory.bridge():
            may_try = False
            await asyncio.to_thread(service.start)
            # One try more that finds it away, and they fail (docs/specs/bridge.md §8).
            hours, may_try = 48, True
            assert await laboratory.send(mails[0], JEANNE[0]) == answers[0]
            await laboratory.send(mails[11], JEANNE[0])
            rows = await laboratory.settled(12)
    finally:
        if service._process is None:
            service.start()
    assert [row.state for row in rows] == [State.DELIVERED] * 12
    sent = [laboratory.sent(row.document_id) for row in rows]
    assert [one.title for one in sent if one] == [str(number) for number in range(12)]
    assert await laboratory.emptied()
