"""Notices reach a real relay: once, together, never about a notice, whatever the relay does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from bridge import plain_reader
from bridge.plain_reader import mail
from simulation.relay import RunningRelay, running_relay

from souspli_cli.bridge import ledger
from souspli_cli.bridge.accepting.keeping import Keeping
from souspli_cli.bridge.accepting.submission import Moment, Submission
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.errors import NoticeDelayedError
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import AcceptedDocument, AcceptedMail, State
from souspli_cli.bridge.notices import notifier
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.notices.notifier import LONGEST_DUE_SECONDS, Notifier
from souspli_cli.bridge.notices.relay import NoticeRelay
from souspli_cli.bridge.notices.rows import Kind, NoticeState, Patience
from souspli_cli.bridge.notices.settings import Notices
from souspli_cli.bridge.spool import MailSpool, new_queue_id
from souspli_storage.errors import StorageFullError

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3_600
DOMAIN = "pont.labo.example"


@dataclass
class Bridge:
    """A ledger, a spool, a relay and a clock; no service and no SMTP of our own."""

    keeping: Keeping
    database: Any
    relay: RunningRelay
    notifier: Notifier
    now: int = 1_800_000_000
    begun: int = 1_800_000_000
    kept: list[str] = field(default_factory=list)

    def keep(self, number: int = 1, *, sender: str = "labo@labo.example", **headers: str) -> str:
        """Accept a mail; give the id of its one document."""
        queue_id = new_queue_id()
        headers |= {"message_id": f"<{number}@sil.labo.example>", "title": "Glycémie"}
        submission = Submission(
            "sil", sender, ("jeanne@exemple.fr",), mail(**headers), is_from_nobody=not sender
        )
        moment = Moment(self.now, number)
        accepted = self.keeping.keep(submission, queue_id, queue_id.encode(), moment)
        self.keeping.spool.finish(queue_id)
        self.database.write_now(ledger.add_mails, [accepted])
        self.kept.append(queue_id)
        return accepted.documents[0].document_id

    def fail(self, document_id: str, reason: str = "not_allowed") -> None:
        """Have a document refused for good."""
        self.database.write_now(ledger.end, document_id, State.FAILED, reason, now=self.now)

    async def later(self, seconds: int = 0) -> list[Any]:
        """Let time pass and the notifier work; give what the relay got meanwhile."""
        self.now += seconds
        before = len(self.relay.handler.taken)
        await self.notifier.round()
        return [
            message_from_bytes(content, policy=policy.default)
            for _, _, content, _ in self.relay.handler.taken[before:]
        ]

    @property
    def counted(self) -> dict[tuple[Kind, NoticeState], int]:
        """What the table holds."""
        return self.database.read_now(notice_rows.count)

    def restart(self) -> None:
        """Forget what only memory holds."""
        self.notifier._last.clear()
        self.notifier._away_until = self.notifier._away_seconds = 0


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    spool = MailSpool(tmp_path / "spool", bytes(32))
    spool.folder.mkdir()
    keeping = Keeping(spool, Digests.of(bytes(32)), plain_reader.read)
    patience = Patience(late=4 * HOUR, urgent_late=HOUR, too_late=48 * HOUR)
    async with running_relay(tmp_path, offer="none") as relay:
        with open_ledger(tmp_path / "ledger.sqlite") as database:
            settings = Notices(relay=f"127.0.0.1:{relay.port}", tls="none")
            tells = Notifier(
                database,
                spool,
                patience,
                DOMAIN,
                clock=lambda: made.now,
                relay=NoticeRelay(settings, name=DOMAIN),
            )
            made = Bridge(keeping, database, relay, tells)
            yield made


async def test_a_late_document_is_told_once_to_who_sent_it_from_nobody(bridge: Bridge) -> None:
    document = bridge.keep(date="Fri, 15 Jan 2027 05:00:00 +0100")
    assert await bridge.later(4 * HOUR - 1) == []
    (report,) = await bridge.later(1)
    sender, recipients, _, _ = bridge.relay.handler.taken[0]
    assert (sender, recipients) == ("<>", ["labo@labo.example"])
    assert report.get_content_type() == "multipart/report"
    assert report["X-Souspli-Queue-Id"] == bridge.kept[0]
    assert document in report.as_string()
    assert "<1@sil.labo.example>" in report.as_string()
    assert "05:00:00 +0100" in report.as_string()
    assert "Glyc" not in report.as_string()
    assert await bridge.later(HOUR) == []
    assert bridge.counted == {(Kind.DELAYED, NoticeState.SENT): 1}


async def test_an_urgent_one_after_one_hour(bridge: Bridge) -> None:
    bridge.keep(priority="urgent")
    assert await bridge.later(HOUR - 1) == []
    assert len(await bridge.later(1)) == 1


async def test_a_failure_is_told_at_once_and_followed_by_others_together(bridge: Bridge) -> None:
    bridge.fail(bridge.keep(1))
    assert len(await bridge.later()) == 1
    for number in (2, 3):
        bridge.fail(bridge.keep(number))
    bridge.fail(bridge.keep(4, sender="autre@labo.example"))
    # Another laboratory's is told at once, these wait a quarter of an hour for one another.
    (other,) = await bridge.later(10)
    assert other["To"] == "autre@labo.example"
    assert await bridge.later(880) == []
    (both,) = await bridge.later(10)
    assert both.get_content_type() == "multipart/mixed"
    assert [part.get_payload(0)["X-Souspli-Queue-Id"] for part in both.iter_attachments()] == (
        bridge.kept[1:3]
    )


async def test_a_hundred_late_at_once_are_two_mails(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "MOST_AT_ONCE", 50)
    spooled = bridge.keep()
    row = bridge.database.read_now(ledger.document, spooled)
    # One file for all: a hundred would only take longer.
    monkeypatch.setattr(Notifier, "_read", lambda *_: bridge.keeping.spool.read(row.queue_id))
    mails = [
        AcceptedMail(
            new_queue_id(), bytes([n % 256, n // 256]), "sil", bridge.now, n, (
                AcceptedDocument(f"{n:032x}", None),
            ),
        )
        for n in range(99)
    ]  # fmt: skip
    bridge.database.write_now(ledger.add_mails, mails)
    got = await bridge.later(4 * HOUR)
    for _ in range(4):
        got += await bridge.later(900)
    assert len(got) == 2
    assert sum(len(list(one.iter_attachments())) for one in got) == 100
    assert bridge.counted == {(Kind.DELAYED, NoticeState.SENT): 100}


@pytest.mark.parametrize(
    "about",
    [
        {"sender": ""},
        {"auto_submitted": "auto-replied"},
        {"sender": f"patients@{DOMAIN}"},
    ],
)
@pytest.mark.parametrize("to", ["", "astreinte@labo.example"])
async def test_there_is_never_a_notice_about_a_notice(
    bridge: Bridge, about: dict[str, str], to: str
) -> None:
    bridge.notifier.to = to
    bridge.fail(bridge.keep(**about))
    told = bool(to) and DOMAIN in about.get("sender", "")
    assert len(await bridge.later()) == told
    assert bridge.counted == {(Kind.FAILED, NoticeState.SENT if told else NoticeState.NOBODY): 1}


async def test_who_is_named_in_the_settings_is_told_of_everything(bridge: Bridge) -> None:
    bridge.notifier.to = "astreinte@labo.example"
    bridge.fail(bridge.keep())
    damaged = bridge.keep(2)
    bridge.keeping.spool.path(bridge.kept[1]).write_bytes(b"?")
    bridge.database.write_now(ledger.end, damaged, State.TO_CHECK, "spool_damaged", now=bridge.now)
    got = await bridge.later()
    assert [one["To"] for one in got] == ["astreinte@labo.example"] * 2
    assert {one["X-Souspli-Error"] for one in got} == {"not_allowed", "spool_damaged"}


async def test_without_a_relay_the_table_and_the_log_say_it(bridge: Bridge) -> None:
    bridge.notifier.relay = None
    bridge.fail(bridge.keep())
    assert await bridge.later() == []
    assert bridge.counted == {(Kind.FAILED, NoticeState.NOBODY): 1}


async def test_a_relay_that_is_away_is_asked_less_and_less_and_then_gets_one_mail(
    bridge: Bridge,
) -> None:
    await bridge.relay.stop()
    for number in range(3):
        bridge.fail(bridge.keep(number))
        assert await bridge.later(10) == []
    assert bridge.notifier._away_seconds == 60
    for _ in range(5):
        assert await bridge.later(1_000) == []
    assert bridge.notifier._away_seconds == 60 * 32
    assert bridge.counted == {(Kind.FAILED, NoticeState.DUE): 3}
    await bridge.relay.start()
    (one,) = await bridge.later(HOUR)
    assert len(list(one.iter_attachments())) == 3


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_what_the_relay_refuses_for_now_goes_later_and_for_good_never(
    bridge: Bridge, step: str
) -> None:
    answers = bridge.relay.handler.answers
    bridge.fail(bridge.keep())
    answers[step] = "451 4.7.1 later"
    assert await bridge.later() == []
    assert bridge.counted == {(Kind.FAILED, NoticeState.DUE): 1}
    answers[step] = "550 5.1.1 nobody"
    assert await bridge.later(60) == []
    assert bridge.counted == {(Kind.FAILED, NoticeState.REFUSED): 1}
    answers.clear()
    assert await bridge.later(HOUR) == []


async def test_a_relay_that_does_not_want_us_is_a_relay_that_is_away(bridge: Bridge) -> None:
    bridge.relay.handler.answers["MAIL"] = "550 5.7.1 no"
    bridge.fail(bridge.keep())
    assert await bridge.later() == []
    assert bridge.counted == {(Kind.FAILED, NoticeState.DUE): 1}
    assert await bridge.later(LONGEST_DUE_SECONDS) == []
    assert bridge.counted == {(Kind.FAILED, NoticeState.REFUSED): 1}


async def test_after_a_lost_answer_the_very_same_notice_is_handed_over_again(
    bridge: Bridge,
) -> None:
    bridge.fail(bridge.keep(1))
    bridge.relay.handler.hangs_up = "DATA"
    (first,) = await bridge.later()
    bridge.relay.handler.hangs_up = None
    bridge.fail(bridge.keep(2))
    bridge.restart()
    other, again = await bridge.later(60)
    assert again["Message-ID"] == first["Message-ID"]
    assert other["Message-ID"] != first["Message-ID"]
    assert bridge.counted == {(Kind.FAILED, NoticeState.SENT): 2}


async def test_what_was_delivered_meanwhile_is_not_told(bridge: Bridge) -> None:
    document = bridge.keep()
    await bridge.relay.stop()
    assert await bridge.later(4 * HOUR) == []
    bridge.database.write_now(ledger.end, document, State.DELIVERED, None, now=bridge.now)
    await bridge.relay.start()
    assert await bridge.later(HOUR) == []
    assert bridge.counted == {}


async def test_a_disk_that_takes_no_end_is_not_a_mail_every_ten_seconds(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFullError("full")

    bridge.fail(bridge.keep())
    settle = notice_rows.settle
    monkeypatch.setattr(notice_rows, "settle", full)
    with pytest.raises(StorageFullError):
        await bridge.later()
    assert len(bridge.relay.handler.taken) == 1
    assert await bridge.later(50) == []
    monkeypatch.setattr(notice_rows, "settle", settle)
    await bridge.later(10)
    first, second = (content for _, _, content, _ in bridge.relay.handler.taken)
    assert first.split(b"Message-ID: ")[1] == second.split(b"Message-ID: ")[1]
    assert bridge.counted == {(Kind.FAILED, NoticeState.SENT): 1}


@dataclass
class Tarpit:
    """A relay that never answers about one address, and takes what is for others."""

    address: str
    asked: list[str] = field(default_factory=list[str])

    async def send(self, content: bytes, to: str) -> None:
        assert content
        self.asked.append(to)
        if to == self.address:
            raise NoticeDelayedError("no answer", away=True)


async def test_a_relay_that_hangs_over_one_address_tells_the_others(bridge: Bridge) -> None:
    tarpit = bridge.notifier.relay = Tarpit("labo@labo.example")
    bridge.fail(bridge.keep(1))
    bridge.fail(bridge.keep(2, sender="autre@labo.example"))
    bridge.fail(bridge.keep(3, sender="troisieme@labo.example"))
    await bridge.later()
    assert tarpit.asked == ["labo@labo.example"]
    await bridge.later(60)
    assert tarpit.asked[1:3] == ["autre@labo.example", "troisieme@labo.example"]
    assert bridge.counted[Kind.FAILED, NoticeState.SENT] == 2


async def test_a_relay_that_hangs_over_one_address_reminds_the_others(bridge: Bridge) -> None:
    for number, name in enumerate(("labo", "autre", "troisieme")):
        document = bridge.keep(number, sender=f"{name}@labo.example")
        bridge.database.write_now(ledger.end, document, State.TO_CHECK, "nobody", now=bridge.now)
    await bridge.later()
    tarpit = bridge.notifier.relay = Tarpit("labo@labo.example")
    await bridge.later(24 * HOUR)
    assert tarpit.asked == ["labo@labo.example"]
    await bridge.later(60)
    assert tarpit.asked[1:3] == ["autre@labo.example", "troisieme@labo.example"]


async def test_a_clock_that_was_ahead_keeps_nobody_waiting_for_days(bridge: Bridge) -> None:
    bridge.now += 72 * HOUR
    bridge.fail(bridge.keep(1))
    assert len(await bridge.later()) == 1
    bridge.relay.handler.answers["RCPT"] = "451 4.7.1 later"
    bridge.fail(bridge.keep(2, sender="autre@labo.example"))
    assert await bridge.later() == []
    # Put right: what was put off until then, and what would wait a while for others.
    bridge.relay.handler.answers.clear()
    bridge.now -= 72 * HOUR
    bridge.fail(bridge.keep(3))
    assert len(await bridge.later()) == 2
