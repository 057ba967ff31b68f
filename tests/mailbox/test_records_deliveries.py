"""Rows of deposits and deliveries: the storing transaction, covers, states, receipts, paging."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from simulation.rows import (
    DAY,
    NO_QUOTA,
    NOW,
    Practice,
    Rows,
    hex32,
    hex64,
    new_account,
    new_cover,
    sha256,
)
from sqlalchemy import Connection, event

from souspli_exchange.ports.states import DeliveryState, DepositState
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.records import deliveries, deposits
from souspli_mailbox.records.errors import (
    CoverChangedError,
    DocumentDiffersError,
    InvitationExpiredError,
    InvitationSupersededError,
    NotFoundError,
    NotSuccessorError,
    RecipientClaimedError,
    RecordsError,
)
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import tables

if TYPE_CHECKING:
    from souspli_mailbox.records.invitations import NewInvitation


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


@pytest.fixture
def invitation(rows: Rows, practice: Practice) -> NewInvitation:
    return rows.invite(practice)


def to(invitation: NewInvitation) -> tuple[str, str]:
    return invitation.invitation_id, invitation.claim_fingerprint


def read(rows: Rows, delivery_id: str) -> deliveries.Delivery:
    return rows.database.read_now(deliveries.read_delivery, delivery_id=delivery_id)


def count(rows: Rows, *names: str) -> list[int]:
    def unit(connection: Connection) -> list[int]:
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608  (names of tables)
            for name in names
        ]

    return rows.database.read_now(unit)


# --- deposits ---------------------------------------------------------------------


def test_a_deposit_opened_again_keeps_its_object(rows: Rows, practice: Practice) -> None:
    first = rows.open_deposit(practice)
    again = dataclasses.replace(first, object_key=hex32())
    found = rows.database.write_now(deposits.open_deposit, deposit=again, quota=NO_QUOTA, now=NOW)
    assert (found.object_key, found.state) == (first.object_key, DepositState.UPLOADING)


@pytest.mark.parametrize("change", ["sealed_length", "segments", "member"])
def test_a_document_id_names_the_same_bytes_for_ever(
    rows: Rows, practice: Practice, change: str
) -> None:
    first = rows.open_deposit(practice)
    other: dict[str, int | str] = {"sealed_length": 99, "segments": 2, "member": hex64()}
    with pytest.raises(DocumentDiffersError):
        rows.database.write_now(
            deposits.open_deposit,
            deposit=dataclasses.replace(first, **{change: other[change]}),
            quota=NO_QUOTA,
            now=NOW,
        )


def test_another_organisation_may_use_the_same_document_id(rows: Rows, practice: Practice) -> None:
    first, other = rows.open_deposit(practice), rows.admit()
    second = dataclasses.replace(
        first,
        organisation=other.organisation.fingerprint,
        member=other.member.fingerprint,
        object_key=hex32(),
    )
    found = rows.database.write_now(deposits.open_deposit, deposit=second, quota=NO_QUOTA, now=NOW)
    assert found.object_key == second.object_key


def test_storing_makes_one_delivery_and_one_job_for_each_cover(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    second = rows.invite(practice, "second@example.org")
    account = rows.claim(second)
    rows.jobs()
    covers = [new_cover(*to(invitation)), new_cover(second.invitation_id, account.fingerprint)]
    deposit = rows.open_deposit(practice)
    made = rows.complete(deposit, covers, now=NOW + 5)
    assert [one.delivery_id for one in made] == [cover.delivery_id for cover in covers]
    waiting, claimed = (read(rows, one.delivery_id) for one in made)
    assert (waiting.account_number, claimed.account_number) == (None, account.account_number)
    assert waiting.state is DeliveryState.STORED
    assert (waiting.stored_at, waiting.object_key) == (NOW + 5, deposit.object_key)
    jobs = rows.jobs(now=NOW + 5)
    assert [job.name for job in jobs] == [JobName.NOTIFY, JobName.NOTIFY]
    assert [job.ids["delivery_id"] for job in jobs] == [one.delivery_id for one in made]
    cover = rows.database.read_now(deliveries.read_cover, delivery_id=made[0].delivery_id)
    assert (cover.cover, cover.cover_hash) == (covers[0].cover, sha256(covers[0].cover))
    assert (cover.organisation_envelope, cover.member_envelope) == (b"org", b"member")
    stored = rows.database.read_now(
        deposits.read_deposit,
        organisation=deposit.organisation,
        document_id=deposit.document_id,
    )
    assert stored.state is DepositState.STORED
    kept = rows.database.read_now(deposits.read_sender_cover, deposit_id=stored.deposit_id)
    assert kept == b"sender's own cover"


def test_the_same_completing_request_again_gets_the_same_answer_whatever_has_changed(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    deposit, covers = rows.open_deposit(practice), [new_cover(*to(invitation))]
    request_hash = hex64()
    first = rows.complete(deposit, covers, request_hash=request_hash)
    rows.claim(invitation)
    redrawn = [dataclasses.replace(covers[0], delivery_id=hex32())]
    again = rows.complete(deposit, redrawn, request_hash=request_hash)
    # But for the letter, which nothing waits for any more.
    assert again == tuple(dataclasses.replace(one, letter_ends_at=None) for one in first)
    with pytest.raises(DocumentDiffersError):
        rows.complete(deposit, covers)
    assert count(rows, "deliveries", "covers", "sender_covers") == [1, 1, 1]


@pytest.mark.parametrize("wrong", ["claimed", "claim key", "expired", "superseded", "stranger"])
def test_one_cover_that_is_not_for_the_key_in_force_and_nothing_is_stored(
    rows: Rows, practice: Practice, invitation: NewInvitation, wrong: str
) -> None:
    other = rows.invite(practice, "other@example.org")
    cover, now = new_cover(*to(other)), NOW
    expected: type[RecordsError] = RecipientClaimedError
    match wrong:
        case "claimed":
            rows.claim(other)
        case "claim key":
            cover = dataclasses.replace(cover, recipient_fingerprint=hex64())
        case "expired":
            other = rows.invite(practice, "early@example.org", now=NOW - DAY)
            cover, now, expected = new_cover(*to(other)), NOW + 29 * DAY + 1, InvitationExpiredError
        case "superseded":
            rows.invite(practice, other.address, supersedes=other.invitation_id)
            expected = InvitationSupersededError
        case _:
            cover, expected = new_cover(*to(rows.invite(rows.admit()))), NotFoundError
    deposit = rows.open_deposit(practice)
    rows.jobs(now=now)
    with pytest.raises(expected) as refused:
        rows.complete(deposit, [new_cover(*to(invitation)), cover], now=now)
    if isinstance(refused.value, RecipientClaimedError):
        assert refused.value.invitation_id == other.invitation_id
    assert count(rows, "deliveries", "covers", "sender_covers") == [0, 0, 0]
    assert rows.jobs(now=now) == []
    # With the right cover the deposit is still there to be completed.
    rows.complete(deposit, [new_cover(*to(invitation))], now=now)


def test_a_sender_pages_through_deposits_newest_first_with_their_states(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    rows.open_deposit(practice)  # not stored: not listed
    stranger = rows.admit()
    rows.deliver(stranger, to(rows.invite(stranger)))
    made = [
        rows.deliver(practice, to(invitation), now=NOW + second)[0] for second in (1, 1, 2, 3, 3)
    ]
    rows.database.write_now(
        deliveries.keep_receipt, delivery_id=made[4].delivery_id, receipt=b"receipt", now=NOW + 9
    )
    seen: list[deposits.SentDeposit] = []
    after: tuple[int, str] | None = None
    while page := rows.database.read_now(
        deposits.sent_deposits, member=practice.member.fingerprint, after=after, limit=2
    ):
        assert len(page) <= 2
        seen += page
        after = (page[-1].stored_at, page[-1].document_id)
    assert [one.stored_at - NOW for one in seen] == [3, 3, 2, 1, 1]
    listed = {one.deliveries[0].delivery_id: one.deliveries[0] for one in seen}
    assert listed.keys() == {one.delivery_id for one in made}
    opened = listed[made[4].delivery_id]
    assert (opened.state, opened.opened_at, opened.receipt) == ("opened", NOW + 9, b"receipt")
    assert listed[made[0].delivery_id].receipt is None


# --- deliveries -----------------------------------------------------------------


def test_a_patient_pages_through_deliveries_newest_first(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    account = rows.claim(invitation)
    mine = (invitation.invitation_id, account.fingerprint)
    other = rows.invite(practice, "other@example.org")
    made = {
        rows.deliver(practice, mine, to(other), now=NOW + second)[0].delivery_id: second
        for second in (1, 5, 5, 5, 2, 9)
    }
    seen: list[str] = []
    after: tuple[int, str] | None = None
    while page := rows.database.read_now(
        deliveries.list_deliveries, account_number=account.account_number, after=after, limit=2
    ):
        seen += [one.delivery_id for one in page]
        after = (page[-1].stored_at, page[-1].delivery_id)
    assert seen == sorted(made, key=lambda one: (made[one], one), reverse=True)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_page_of_a_mailbox_is_read_from_an_index_without_sorting(rows: Rows) -> None:
    statements: list[tuple[str, object]] = []

    def listen(connection: Connection) -> None:
        event.listen(
            connection,
            "before_cursor_execute",
            lambda _c, _k, statement, parameters, *_: statements.append((statement, parameters)),
        )
        deliveries.list_deliveries(connection, account_number="1", after=(NOW, hex32()), limit=50)
        deposits.sent_deposits(connection, member="1", after=(NOW, hex32()), limit=50)

    def plan(connection: Connection) -> list[str]:
        return [
            row[3]
            for statement, parameters in statements[:2]
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]  # as the driver got them
        ]

    rows.database.read_now(listen)
    steps = rows.database.read_now(plan)
    for index, seek in (
        ("ix_deliveries_mailbox", "(stored_at,delivery_id)<(?,?)"),
        ("ix_deposits_sent", "(stored_at,document_id)<(?,?)"),
    ):
        assert any(f"INDEX {index} " in step and seek in step for step in steps), steps
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in steps), steps


def test_replacing_a_cover_is_a_compare_and_swap(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    old = read(rows, made.delivery_id).cover_hash

    def replace(replaces: str, cover: bytes) -> None:
        rows.database.write_now(
            deliveries.replace_cover,
            delivery_id=made.delivery_id,
            replaces=replaces,
            cover=cover,
            cover_hash=sha256(cover),
        )

    replace(old, b"second")
    replace(old, b"second")  # the answer was lost
    with pytest.raises(CoverChangedError):
        replace(old, b"third")
    replace(sha256(b"second"), b"third")
    cover = rows.database.read_now(deliveries.read_cover, delivery_id=made.delivery_id)
    assert (cover.cover, cover.cover_hash) == (b"third", sha256(b"third"))
    assert count(rows, "covers") == [1]
    with pytest.raises(NotFoundError):
        rows.database.write_now(
            deliveries.replace_cover,
            delivery_id=hex32(),
            replaces=old,
            cover=b"",
            cover_hash=sha256(b""),
        )


def move(rows: Rows, delivery_id: str, invitation_id: str, replaces: str, cover: bytes) -> None:
    rows.database.write_now(
        deliveries.move_delivery,
        delivery_id=delivery_id,
        invitation_id=invitation_id,
        replaces=replaces,
        cover=cover,
        cover_hash=sha256(cover),
        now=NOW,
    )


def test_after_a_re_issue_a_delivery_moves_to_the_pending_successor_however_far(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    old = read(rows, made.delivery_id).cover_hash
    second = rows.invite(practice, supersedes=invitation.invitation_id)
    third = rows.invite(practice, supersedes=second.invitation_id)
    with pytest.raises(NotSuccessorError):
        move(rows, made.delivery_id, second.invitation_id, old, b"new")
    with pytest.raises(CoverChangedError):
        move(rows, made.delivery_id, third.invitation_id, hex64(), b"new")
    assert read(rows, made.delivery_id).invitation_id == invitation.invitation_id
    for _ in range(2):
        move(rows, made.delivery_id, third.invitation_id, old, b"new")
    moved = read(rows, made.delivery_id)
    assert (moved.invitation_id, moved.cover_hash) == (third.invitation_id, sha256(b"new"))
    assert len(rows.jobs()) == 2  # one of the deposit, one of the move
    account = rows.claim(third)
    assert read(rows, made.delivery_id).account_number == account.account_number


@pytest.mark.parametrize("target", ["own", "stranger", "claimed", "unknown"])
def test_a_delivery_moves_nowhere_else(
    rows: Rows, practice: Practice, invitation: NewInvitation, target: str
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    old = read(rows, made.delivery_id).cover_hash
    match target:
        case "own":
            successor = invitation.invitation_id
        case "stranger":
            successor = rows.invite(practice, "other@example.org").invitation_id
        case "claimed":
            new = rows.invite(practice, supersedes=invitation.invitation_id)
            rows.claim(new)
            successor = new.invitation_id
        case _:
            successor = hex32()
    with pytest.raises(NotSuccessorError):
        move(rows, made.delivery_id, successor, old, b"new")
    assert read(rows, made.delivery_id).cover_hash == old


def test_each_state_keeps_its_first_moment(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    for second, happened in enumerate(
        [
            DeliveryEvent.MAIL_REFUSED,
            DeliveryEvent.MAILED,
            DeliveryEvent.COLLECTED,
            DeliveryEvent.MAIL_REFUSED,
            DeliveryEvent.COLLECTED,
        ],
        start=1,
    ):
        rows.database.write_now(
            deliveries.record_event,
            delivery_id=made.delivery_id,
            event=happened,
            now=NOW + second,
        )
    kept = read(rows, made.delivery_id)
    assert kept.state is DeliveryState.FETCHED
    assert (kept.bounced_at, kept.notified_at, kept.fetched_at) == (NOW + 1, NOW + 2, NOW + 3)
    with pytest.raises(NotFoundError):
        rows.database.write_now(
            deliveries.record_event,
            delivery_id=hex32(),
            event=DeliveryEvent.COLLECTED,
            now=NOW,
        )


def test_a_second_receipt_is_ignored_with_the_same_answer(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    for second, receipt in enumerate((b"first", b"second")):
        state = rows.database.write_now(
            deliveries.keep_receipt,
            delivery_id=made.delivery_id,
            receipt=receipt,
            now=NOW + second,
        )
        assert state is DeliveryState.OPENED
    (sent,) = rows.database.read_now(
        deposits.sent_deposits, member=practice.member.fingerprint, after=None, limit=10
    )
    assert (sent.deliveries[0].receipt, sent.deliveries[0].opened_at) == (b"first", NOW)


def test_rows_print_neither_addresses_nor_covers(
    rows: Rows, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = rows.deliver(practice, to(invitation))
    cover = rows.database.read_now(deliveries.read_cover, delivery_id=made.delivery_id)
    printed = f"{invitation!r} {new_cover(hex32(), hex64())!r} {new_account()!r} {cover!r}"
    assert invitation.address not in printed
    assert str(cover.cover) not in printed


def test_no_table_is_forgotten_by_foreign_keys() -> None:
    """A row that names another names one that exists: every id column has its reference."""
    named = {"invitation_id", "account_number", "deposit_id", "delivery_id", "unlocker_id"}
    # A claim session's subject and a used code's answer are checked like the rest.
    loose = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if column.name in named and not column.foreign_keys
    }
    owners = {
        "invitations.invitation_id",
        "accounts.account_number",
        "deposits.deposit_id",
        "deliveries.delivery_id",
        "unlockers.unlocker_id",
    }
    assert loose == owners
