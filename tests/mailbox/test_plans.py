"""No statement of a busy day reads a table from end to end, whatever it holds.

A whole day is played, each statement is noted as it goes out, and the database is asked
how it would find its rows.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulation.databases import Place
from simulation.rows import DAY, NO_QUOTA, NOW, Rows, hex32, hex64
from sqlalchemy import Connection, Engine, event, text

from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.failures import count_failure, require_no_wait
from souspli_mailbox.records import (
    accounts,
    deciding,
    deliveries,
    deposits,
    emptying,
    invitations,
    jobs,
    nonces,
    notifications,
    organisations,
    purges,
    sessions,
    sweeps,
)
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.records.sent import sent_deposits
from souspli_mailbox.retention import due
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import DatabaseSettings
from souspli_storage.sqlite import SqliteDatabase

Statement = tuple[str, Any]


@contextlib.contextmanager
def noted() -> Iterator[list[Statement]]:
    """Note every statement that goes out, as the driver gets it, with its parameters."""
    statements: dict[str, Any] = {}

    def note(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_: Any
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            statements.setdefault(statement, parameters)

    found: list[Statement] = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        found.extend(statements.items())


def a_day(rows: Rows) -> None:
    write, read = rows.database.write_now, rows.database.read_now
    practice = rows.admit()
    invitation = rows.invite(practice)
    replaced = rows.invite(practice, "other@example.org")
    rows.invite(practice, "other@example.org", supersedes=replaced.invitation_id)
    read(
        invitations.newest_invitation,
        organisation=practice.organisation.fingerprint,
        address="patient@example.org",
        now=NOW,
    )
    read(invitations.invitation_of_letter, letter_number=invitation.letter_number, now=NOW)
    (made,) = rows.deliver(practice, (invitation.invitation_id, invitation.claim_fingerprint))
    upload = rows.open_deposit(practice)
    write(deposits.open_deposit, deposit=upload, quota=NO_QUOTA, now=NOW)

    write(
        nonces.keep_nonce,
        nonce=b"n",
        purpose=nonces.NoncePurpose.CLAIM,
        subject=invitation.invitation_id,
        drawn_by="nonces-a",
        now=NOW,
    )
    write(
        nonces.use_nonce,
        nonce=b"n",
        purpose=nonces.NoncePurpose.CLAIM,
        subject=invitation.invitation_id,
        now=NOW,
    )
    write(require_no_wait, keys=["network-a"], now=NOW)
    write(count_failure, keys=["network-a"], now=NOW)
    account = rows.claim(invitation)
    read(invitations.read_binding, invitation_id=invitation.invitation_id)
    read(accounts.account_numbers, address="patient@example.org")
    read(
        accounts.find_unlocker,
        account_number=account.account_number,
        kind="password",
        login_public_key=account.unlockers[0].login_public_key,
    )
    token = hex64()
    write(
        sessions.open_session,
        token_hash=token,
        account_number=account.account_number,
        unlocker_id=account.unlockers[0].unlocker_id,
        client="browser",
        now=NOW,
        expires_at=NOW + DAY,
    )
    read(sessions.find_session, token_hash=token, now=NOW)
    write(sessions.touch_session, token_hash=token, now=NOW + 60)
    read(organisations.read_member, fingerprint=practice.member.fingerprint)

    read(jobs.next_due, names=list(JobName))
    for job in rows.jobs():
        if job.name is JobName.NOTIFY:
            begun = write(
                notifications.begin_notification,
                delivery_id=made.delivery_id,
                now=NOW,
                until=NOW + 120,
            )
            assert isinstance(begun, notifications.ToMail)
            write(notifications.release_recipient, recipient=begun.recipient)
            write(notifications.record_mailed, recipient=begun.recipient, now=NOW)
        write(jobs.postpone_job, job=job, run_at=NOW, failure=None)
    for job in rows.jobs():
        write(jobs.finish_job, job=job)
    write(jobs.ensure_job, name=JobName.SWEEP, now=NOW)

    mine = {"account_number": account.account_number, "limit": 50}
    read(deliveries.list_deliveries, **mine, after=None)
    read(deliveries.list_deliveries, **mine, after=(NOW, hex32()))
    read(deliveries.read_cover, delivery_id=made.delivery_id)
    write(
        deliveries.record_event,
        delivery_id=made.delivery_id,
        event=DeliveryEvent.COLLECTED,
        now=NOW,
    )
    write(deliveries.keep_receipt, delivery_id=made.delivery_id, receipt=b"r", now=NOW)
    for after in (None, (NOW, hex32())):
        read(sent_deposits, member=practice.member.fingerprint, after=after, limit=50)

    write(sweeps.delete_due, due=due(NOW + 3 * DAY))
    write(sweeps.condemn_stale_uploads, due=due(NOW + 3 * DAY), now=NOW)
    write(sweeps.condemn_orphans, object_keys=[hex32()], now=NOW)
    for key in [one.object_key for one in read(sweeps.condemned_objects, limit=50)]:
        write(sweeps.defer_object, object_key=key, now=NOW)
        write(sweeps.absolve_object, object_key=key)


def test_no_statement_of_a_day_reads_a_whole_table(rows: Rows) -> None:
    with noted() as statements:
        a_day(rows)
    assert len(statements) > 60
    if isinstance(rows.database, SqliteDatabase):
        wrong = rows.database.read_now(_whole_tables_sqlite, statements)
    else:
        rows.database.write_now(_say_full)
        wrong = rows.database.read_now(_whole_tables, statements)
    assert wrong == []


def test_pages_and_queues_come_in_the_order_of_an_index(rows: Rows) -> None:
    """Sorted, a page would cost what the whole mailbox does."""
    with noted() as statements:
        a_day(rows)
    ordered = [
        (statement, parameters)
        for statement, parameters in statements
        if "LIMIT" in statement
        and any(f"FROM {name}" in statement for name in ("deliveries", "deposits", "jobs"))
    ]
    assert len(ordered) >= 6
    for statement, parameters in ordered:
        plan = rows.database.read_now(_explain, statement, parameters)
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan


def _say_full(connection: Connection) -> None:
    """Tell PostgreSQL's planner that every table and index holds a million rows.

    Between ways through an empty table it would choose by what autovacuum saw last.
    A million on one page, since it multiplies by the pages that are there. And autovacuum,
    which would say otherwise in the middle of it on a slow machine, leaves them alone.
    """
    for table in tables.metadata.tables:
        connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
    found = connection.execute(
        text(
            "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', relname::text,"
            " 'relpages', 1, 'reltuples', 1000000::real)"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
        )
    )
    assert all(found.scalars())


def _explain(connection: Connection, statement: str, parameters: Any) -> str:
    """Return the plan, in the database's own words; of what runs several times, once."""
    if isinstance(parameters, list):
        parameters = parameters[0]
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row[3] for row in rows)
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return json.dumps(rows.scalar_one())


def _whole_tables_sqlite(connection: Connection, statements: list[Statement]) -> list[str]:
    wrong: list[str] = []
    for statement, parameters in statements:
        for step in _explain(connection, statement, parameters).split("\n"):
            # From the start of an index as far as LIMIT says is not the whole table.
            bounded = "LIMIT" in statement and "USING" in step and "INDEX" in step
            # Of no table: the empty list of an empty page; the few rows that were found
            # by another step.
            found = "WITH due AS" in statement and step == "SCAN due"
            empty = step.startswith("SCAN (subquery") or "CONSTANT ROW" in step or found
            if step.startswith("SCAN") and not empty and not bounded:
                wrong.append(f"{step}: {statement}")
    return wrong


def _whole_tables(connection: Connection, statements: list[Statement]) -> list[str]:
    wrong: list[str] = []
    for statement, parameters in statements:
        (plan,) = json.loads(_explain(connection, statement, parameters))
        for node in _nodes(plan["Plan"]):
            kind = node["Node Type"]
            unbounded = "Index Cond" not in node and "LIMIT" not in statement
            if kind == "Seq Scan" or ("Index" in kind and "Scan" in kind and unbounded):
                wrong.append(f"{kind} {node.get('Relation Name')}: {statement}")
    return wrong


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def test_a_purge_finds_what_waits_by_the_letter_alone(tmp_path: Path) -> None:
    """By who has no account it would read those of everybody whose letter waits.

    SQLite alone, which counts no tables, could choose that.
    """
    with Place("sqlite", tmp_path / "data", DatabaseSettings()).open() as database:
        statements = _purge_of_eight(Rows(database))
        assert len(statements) > 15
        for statement, parameters in statements:
            plan = database.read_now(_explain, statement, parameters)
            searched = [step for step in plan.split("\n") if step.startswith("SEARCH")]
            assert not any("account_number" in step for step in searched), statement


def _purge_of_eight(rows: Rows) -> list[Statement]:
    practice = rows.admit()
    letters = [rows.invite(practice, f"p{number}@example.org") for number in range(8)]
    rows.deliver(practice, (letters[0].invitation_id, letters[0].claim_fingerprint))
    ids = [letter.invitation_id for letter in letters]
    one = {"invitation_id": ids[0]}
    after = letters[0].not_after + 2 * DAY
    write, read = rows.database.write_now, rows.database.read_now
    with noted() as statements:
        write(deciding.decide, invitation_ids=ids, now=after)
        write(purges.told, invitation_ids=ids, now=after)
        assert read(emptying.bare, invitation_ids=ids) == tuple(ids[1:])
        assert write(emptying.empty, **one, now=after)
        for key in read(emptying.objects_left, **one, limit=9):
            write(sweeps.absolve_object, object_key=key)
        ended = write(emptying.forget_all, invitation_ids=ids, now=after, certify=lambda _: b"{}")
        assert set(ended) == set(ids)
    return statements
