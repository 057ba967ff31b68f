"""Backups: everything comes back as it was, but for what must not come back."""

from __future__ import annotations

import hashlib
import itertools
import stat
from pathlib import Path

import pytest
from simulation.backups import PIECES, World, check
from simulation.databases import ENGINES
from simulation.rows import DAY, NOW, Rows, hex32, hex64

from souspli_mailbox.backup import policy
from souspli_mailbox.records import claims, deposits, nonces, sessions, throttles
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.records.nonces import NoncePurpose
from souspli_mailbox.records.notifications import begin_notification
from souspli_mailbox.records.service_facts import Fact
from souspli_mailbox.records.throttles import Throttle
from souspli_mailbox.schema import tables
from souspli_storage.revisions import revision_of


def test_every_table_of_the_schema_is_either_kept_or_left_out() -> None:
    assert not policy.KEPT & policy.LEFT_OUT
    assert tables.metadata.tables.keys() == policy.KEPT | policy.LEFT_OUT


@pytest.mark.parametrize("kinds", list(itertools.product(ENGINES, repeat=2)), ids=" to ".join)
def test_rows_and_contents_come_back_as_they_were(
    world: World, elsewhere: World, out: Path
) -> None:
    made = world.back_up(out, with_contents=True)
    assert (made.objects, made.copied, made.missing) == (2, 2, ())
    restored = elsewhere.restore(out)
    assert (restored.rows, restored.objects, restored.copied) == (made.rows, 2, 2)
    assert restored.missing == ()
    before, after = world.rows(), elsewhere.rows()
    facts = after.pop("service_facts")
    assert {fact for fact, _ in facts} == {Fact.RESTORED_AT, Fact.RESTORED_FROM}
    del before["service_facts"]
    assert after == before | {name: [] for name in policy.LEFT_OUT}
    for key in world.blobs.objects():
        assert elsewhere.blobs.read(key, 0, 100_000) == b"".join(PIECES)


def test_nobody_else_can_read_a_backup(world: World, out: Path) -> None:
    world.back_up(out, with_contents=True)
    for path in [out, *out.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_backup_says_of_what_it_is(world: World, out: Path) -> None:
    made = world.back_up(out)
    checked = check(out)
    manifest = checked.manifest
    assert (manifest.origin, manifest.made_at, manifest.contents) == (
        "souspli.localhost", NOW, False,
    )  # fmt: skip
    with world.connect() as database:
        assert manifest.schema == database.read_now(revision_of)
    assert (checked.rows, checked.objects, checked.contents) == (made.rows, 2, False)


def test_who_is_signed_in_is_in_no_backup_and_nobody_is_after_a_restore(
    world: World, elsewhere: World, out: Path
) -> None:
    with world.connect() as database:
        account = world.rows()["unlockers"][0]
        pending = [row[0] for row in world.rows()["invitations"] if row[4] == "pending"]
        token, claim_token, nonce = hex64(), hex64(), b"nonce"
        database.write_now(
            sessions.open_session,
            token_hash=token,
            account_number=account[1],
            unlocker_id=account[0],
            client="browser",
            now=NOW,
            expires_at=NOW + DAY,
        )
        database.write_now(
            claims.open_claim_session,
            token_hash=claim_token,
            claim_session_id=hex32(),
            invitation_id=pending[0],
            client="browser",
            now=NOW,
            expires_at=NOW + DAY,
        )
        database.write_now(
            nonces.keep_nonce,
            nonce=nonce,
            purpose=NoncePurpose.SIGN_IN,
            subject="a",
            drawn_by="somebody",
            now=NOW,
        )
        database.write_now(
            throttles.keep_throttle,
            throttle_key="throttled",
            throttle=Throttle(failures=1, window_started_at=NOW, blocked_until=NOW),
            expires_at=NOW + DAY,
        )
    world.back_up(out)
    held = b"".join(path.read_bytes() for path in out.rglob("*.json*"))
    for secret in (token, claim_token, hashlib.sha256(nonce).hexdigest(), "throttled"):
        assert secret.encode() not in held
    elsewhere.restore(out)
    assert not any(elsewhere.rows()[name] for name in policy.LEFT_OUT)


def test_nobody_works_at_anything_after_a_restore(
    world: World, elsewhere: World, out: Path
) -> None:
    with world.connect() as database:
        taken = Rows(database).jobs()
        job = next(one for one in taken if one.name is JobName.NOTIFY)
        database.write_now(
            begin_notification,
            delivery_id=job.ids["delivery_id"],
            now=NOW,
            until=NOW + DAY,
        )
    world.back_up(out)
    elsewhere.restore(out)
    with elsewhere.connect() as database:
        assert len(Rows(database).jobs()) == len(taken)
    assert [row[2] for row in elsewhere.rows()["notifications"]] == [None]


def test_numbers_are_not_given_out_twice(world: World, elsewhere: World, out: Path) -> None:
    world.back_up(out)
    elsewhere.restore(out)
    highest = max(row[0] for row in world.rows()["deposits"])
    with elsewhere.connect() as database:
        rows = Rows(database)
        opened = rows.open_deposit(rows.admit("other@example.org"))
        read = database.read_now(
            deposits.read_deposit,
            organisation=opened.organisation,
            document_id=opened.document_id,
        )
    assert read.deposit_id == highest + 1
