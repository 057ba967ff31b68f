"""Terms that change: every patient is told by one mail, and nobody waits because of it."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from simulation.desk import Desk, desk_at
from simulation.rows import DAY, NOW, Practice, Rows
from sqlalchemy import delete, insert

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.jobs import Done
from souspli_mailbox.records.announcements import ACCOUNTS_AT_ONCE, EVERY_SECONDS
from souspli_mailbox.records.bounces import record_bounce
from souspli_mailbox.records.jobs import JobName, enqueue, finish_job
from souspli_mailbox.records.terms import NewAcceptance, keep_acceptance, see
from souspli_mailbox.return_paths import read_return_path
from souspli_mailbox.schema import tables
from souspli_mailbox.terms import load_terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

BEGINS = NOW - NOW % DAY + 40 * DAY


def write_next(folder: Path, version: str = "next") -> None:
    place = folder / version
    place.mkdir(parents=True)
    day = datetime.datetime.fromtimestamp(BEGINS, datetime.UTC).date()
    (place / "terms.toml").write_text(f'version = "{version}"\nin_force_from = {day}\n')
    for language in ("fr", "en"):
        (place / f"{language}.md").write_text(f"{version} {language}", encoding="utf-8")


@pytest.fixture
async def desk(rows: Rows, tmp_path: Path) -> AsyncIterator[Desk]:
    """A service that has started before, without the version that is to come."""
    async with desk_at(rows, tmp_path) as desk:
        restart(desk)
        write_next(tmp_path / "terms")
        desk.terms = load_terms(tmp_path / "terms")
        yield desk


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


def restart(desk: Desk) -> None:
    wrong = desk.rows.database.write_now(see, versions=tuple(desk.terms.versions), now=desk.now)
    assert wrong is None


def patient(rows: Rows, practice: Practice, address: str) -> tuple[str, str]:
    """An account, and the document that waits for it."""
    invitation = rows.invite(practice, address)
    account = rows.claim(invitation)
    (made,) = rows.deliver(practice, (invitation.invitation_id, account.fingerprint))
    # Mails of before are none of this.
    rows.database.write_now(lambda connection: connection.execute(delete(tables.jobs)) and None)
    return account.account_number, made.delivery_id


def notify(rows: Rows, delivery_id: str) -> None:
    ids = {"delivery_id": delivery_id}
    rows.database.write_now(enqueue, name=JobName.NOTIFY, ids=ids, now=NOW)


async def run(desk: Desk, *, rounds: int = 3) -> None:
    for _ in range(rounds):
        await desk.work()
        desk.now += EVERY_SECONDS


async def test_every_patient_is_told_once_whatever_starts_again(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    addresses = {f"p{n}@example.org" for n in range(3)}
    for address in addresses:
        patient(rows, practice, address)
    for _ in range(2):
        restart(desk)
        await run(desk)
    assert sorted(desk.recipients) == sorted(addresses)
    for mail in desk.mails:
        assert "conditions d'utilisation" in str(mail["Subject"])
        assert f"{datetime.datetime.fromtimestamp(BEGINS, datetime.UTC):%d/%m/%Y}" in (
            mail.get_content()
        )


async def test_it_tells_of_no_document_and_is_the_day_s_one_mail(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    _, delivery_id = patient(rows, practice, "p@example.org")
    restart(desk)
    await run(desk)
    told_at = desk.now - 2 * EVERY_SECONDS
    assert desk.state(delivery_id) is DeliveryState.STORED
    notify(rows, delivery_id)
    await run(desk)
    assert len(desk.mails) == 1
    desk.now = told_at + DAY
    await run(desk)
    assert len(desk.mails) == 2
    assert desk.state(delivery_id) is DeliveryState.NOTIFIED


async def test_a_notification_of_today_goes_first(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    _, delivery_id = patient(rows, practice, "p@example.org")
    notify(rows, delivery_id)
    await run(desk, rounds=1)
    restart(desk)
    await run(desk)
    assert len(desk.mails) == 1
    desk.now += DAY
    await run(desk)
    assert len(desk.mails) == 2


async def test_who_knows_or_is_not_reached_gets_none(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    accepted, _ = patient(rows, practice, "accepted@example.org")
    _, bounced = patient(rows, practice, "bounced@example.org")
    acceptance = NewAcceptance(
        statement_hash="00" * 32,
        sequence=1,
        previous=None,
        terms_version="next",
        terms_hash="00" * 32,
        envelope=b"{}",
    )
    rows.database.write_now(
        keep_acceptance, account_number=accepted, acceptance=acceptance, now=NOW
    )
    rows.database.write_now(
        record_bounce, delivery_id=bounced, reason=BounceReason.MAILBOX_FULL, now=NOW
    )
    restart(desk)
    await run(desk)
    assert desk.mails == []


async def test_what_comes_back_is_about_a_document_that_waits(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    _, delivery_id = patient(rows, practice, "p@example.org")
    restart(desk)
    await run(desk)
    ((path, _, _, _),) = desk.relay.handler.taken
    token = read_return_path(path)
    assert token is not None
    assert token.delivery_id == delivery_id


async def test_a_relay_that_refuses_for_good_is_as_a_bounce(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    _, delivery_id = patient(rows, practice, "p@example.org")
    desk.answers["RCPT"] = "550 5.1.1 nobody"
    restart(desk)
    await run(desk)
    assert desk.mails == []
    assert desk.state(delivery_id) is DeliveryState.BOUNCED


async def test_a_version_that_is_withdrawn_or_in_force_is_not_mailed_any_more(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    patient(rows, practice, "p@example.org")
    restart(desk)
    await run(desk, rounds=1)
    desk.now = BEGINS
    await run(desk)
    assert desk.mails == []


async def test_a_hundred_a_minute_so_that_notifications_go_between(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    patient(rows, practice, "p@example.org")
    count = 2 * ACCOUNTS_AT_ONCE

    def add(connection: Connection) -> None:
        connection.execute(
            insert(tables.accounts),
            [
                {
                    "account_number": f"{n:012d}",
                    "kind": "patient",
                    "address": f"a{n}@example.org",
                    "fingerprint": f"{n:064x}",
                    "created_at": NOW,
                    "identity": b"",
                }
                for n in range(count - 1)
            ],
        )

    rows.database.write_now(add)
    restart(desk)
    due: list[tuple[int, str]] = []
    for _ in range(4):
        # The mails themselves are left alone: only who is met when is looked at.
        for job in rows.jobs(now=desk.now, lease_until=desk.now + DAY):
            if job.name is JobName.ANNOUNCE_TERMS:
                outcome = await desk.handle(job)
                assert isinstance(outcome, Done)
                rows.database.write_now(finish_job, job=job)
                if outcome.then is not None:
                    rows.database.write_now(outcome.then)
            else:
                due.append((desk.now, job.ids["account_number"]))
        desk.now += EVERY_SECONDS
    assert len({number for _, number in due}) == len(due) == count
    assert list(Counter(moment for moment, _ in due).values()) == [ACCOUNTS_AT_ONCE] * 2
