"""Whoever was told of documents to check is reminded of what is left: how many, and no more."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from bridge.test_notifier import DOMAIN, HOUR, Bridge, bridge

from souspli_cli.bridge import ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.notices import reminder, reminder_rows
from souspli_cli.bridge.notices import settings as notice_settings
from souspli_cli.bridge.notices.reminder import Reminder
from souspli_cli.bridge.notices.rows import Kind, NoticeState
from souspli_cli.bridge.notices.settings import Notices
from souspli_cli.errors import Refused
from souspli_storage.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bridge"]

DAY = 24 * HOUR


def hold(bridge: Bridge, document_id: str) -> str:
    """Have a document wait for a person."""
    bridge.database.write_now(ledger.end, document_id, State.TO_CHECK, "nobody", now=bridge.now)
    return document_id


def reminders(mails: Sequence[Any]) -> list[tuple[str, int]]:
    """To whom, and of how many."""
    return [(one["To"], int(one["X-Souspli-To-Check"])) for one in mails if counts(one)]


def counts(mail: Any) -> bool:
    """Whether it is a reminder, not a first notice."""
    return mail["X-Souspli-To-Check"] is not None


async def test_what_is_still_to_check_is_told_again_once_a_day_together(bridge: Bridge) -> None:
    hold(bridge, bridge.keep(1))
    (first,) = await bridge.later()
    assert not counts(first)
    bridge.now += HOUR
    held = hold(bridge, bridge.keep(2))
    assert len(await bridge.later()) == 1
    assert await bridge.later(DAY - HOUR - 1) == []
    # The second one's day is not over, and there is one mail all the same.
    assert reminders(await bridge.later(1)) == [("labo@labo.example", 2)]
    assert await bridge.later(DAY - 1) == []
    bridge.restart()
    assert reminders(await bridge.later(1)) == [("labo@labo.example", 2)]
    bridge.database.write_now(ledger.end, held, State.REJECTED, None, now=bridge.now)
    assert reminders(await bridge.later(DAY)) == [("labo@labo.example", 1)]
    assert bridge.counted == {(Kind.TO_CHECK, NoticeState.SENT): 2}


async def test_once_somebody_has_decided_nobody_is_reminded(bridge: Bridge) -> None:
    held = hold(bridge, bridge.keep())
    failed = bridge.keep(2)
    bridge.fail(failed)
    assert len(await bridge.later()) == 2
    bridge.database.write_now(ledger.end, held, State.REJECTED, None, now=bridge.now)
    # What was not sent went another way by now: the notice said so.
    assert await bridge.later(2 * DAY) == []


async def test_each_address_is_reminded_of_its_own(bridge: Bridge) -> None:
    hold(bridge, bridge.keep(1))
    hold(bridge, bridge.keep(2, sender="autre@labo.example"))
    hold(bridge, bridge.keep(3, sender="autre@labo.example"))
    hold(bridge, bridge.keep(4, sender=""))
    hold(bridge, bridge.keep(5, sender=f"patients@{DOMAIN}"))
    await bridge.later()
    await bridge.later(900)
    got = await bridge.later(DAY)
    assert sorted(reminders(got)) == [("autre@labo.example", 2), ("labo@labo.example", 1)]
    assert await bridge.later(10) == []
    bridge.notifier.to = "astreinte@labo.example"
    assert reminders(await bridge.later(DAY)) == [("astreinte@labo.example", 4)]


async def test_a_reminder_says_how_many_and_since_when_in_two_languages(bridge: Bridge) -> None:
    document = hold(bridge, bridge.keep())
    await bridge.later()
    await bridge.later(DAY)
    sender, recipients, content, _ = bridge.relay.handler.taken[-1]
    assert (sender, recipients) == ("<>", ["labo@labo.example"])
    mail = message_from_bytes(content, policy=policy.default)
    assert not mail.defects
    assert mail["Subject"] == "Documents à vérifier : 1 / Documents to check: 1"
    assert (mail["From"], mail["Auto-Submitted"]) == (f"postmaster@{DOMAIN}", "auto-replied")
    text = mail.get_content()
    assert text.index("attendent que quelqu'un les regarde : 1.") < text.index("look at them: 1.")
    assert text.count("souspli bridge quarantine list") == 2
    assert content.isascii()
    said = content.decode() + text
    hidden = ("Glyc", "jeanne", "exemple.fr", document, document[:8], bridge.kept[0])
    assert not [word for word in hidden if word in said]


async def test_no_reminder_where_the_settings_say_so(bridge: Bridge) -> None:
    bridge.notifier.remind_seconds = 0
    hold(bridge, bridge.keep())
    assert len(await bridge.later()) == 1
    assert await bridge.later(3 * DAY) == []


async def test_a_relay_that_comes_late_tells_what_waits(bridge: Bridge) -> None:
    relay, bridge.notifier.relay = bridge.notifier.relay, None
    hold(bridge, bridge.keep(1))
    hold(bridge, bridge.keep(2))
    assert await bridge.later(3 * DAY) == []
    bridge.notifier.relay = relay
    assert reminders(await bridge.later(10)) == [("labo@labo.example", 2)]


async def test_a_relay_that_is_away_gets_one_reminder_when_it_is_back(bridge: Bridge) -> None:
    hold(bridge, bridge.keep())
    await bridge.later()
    await bridge.relay.stop()
    assert await bridge.later(DAY) == []
    assert bridge.notifier._away_seconds == 60
    assert await bridge.later(60) == []
    assert bridge.notifier._away_seconds == 120
    await bridge.relay.start()
    assert reminders(await bridge.later(120)) == [("labo@labo.example", 1)]
    assert await bridge.later(DAY - 1) == []


@pytest.mark.parametrize("answer", ["550 5.1.1 nobody", "451 4.7.1 later"])
async def test_a_reminder_that_is_refused_is_no_mail_every_ten_seconds(
    bridge: Bridge, answer: str
) -> None:
    hold(bridge, bridge.keep())
    await bridge.later()
    bridge.relay.handler.answers["DATA"] = answer
    asked = bridge.relay.connections
    await bridge.later(DAY)
    for _ in range(5):
        await bridge.later(10)
    assert bridge.relay.connections == asked + 1
    bridge.relay.handler.answers.clear()
    got = await bridge.later(10)
    assert len(got) == answer.startswith("4")
    assert len(await bridge.later(DAY)) == 1


async def test_after_a_lost_answer_the_next_reminder_is_tomorrow_s(bridge: Bridge) -> None:
    hold(bridge, bridge.keep())
    await bridge.later()
    bridge.relay.handler.hangs_up = "DATA"
    assert len(await bridge.later(DAY)) == 1
    bridge.relay.handler.hangs_up = None
    assert await bridge.later(DAY - 1) == []
    assert len(await bridge.later(1)) == 1


async def test_a_disk_that_takes_nothing_sends_no_reminder(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFullError("full")

    hold(bridge, bridge.keep())
    await bridge.later()
    with monkeypatch.context() as broken:
        broken.setattr(reminder_rows, "put_off", full)
        with pytest.raises(StorageFullError):
            await bridge.later(DAY)
    assert len(bridge.relay.handler.taken) == 1
    assert len(await bridge.later(10)) == 1


async def test_what_is_to_be_checked_once_more_is_reminded_of(bridge: Bridge) -> None:
    """Nobody is told twice at once (`ledger.try_again`), and nothing is forgotten."""
    held = hold(bridge, bridge.keep())
    await bridge.later()
    bridge.database.write_now(ledger.try_again, held, now=bridge.now)
    hold(bridge, held)
    assert await bridge.later(DAY - 1) == []
    assert reminders(await bridge.later(1)) == [("labo@labo.example", 1)]


@pytest.mark.parametrize(("minutes", "allowed"), [(0, True), (1, False), (59, False), (60, True)])
def test_hours_that_were_written_for_minutes_are_refused(minutes: int, allowed: bool) -> None:
    said = Notices(relay="127.0.0.1:25", tls="none", remind_minutes=minutes)
    if allowed:
        notice_settings.check_notices(said)
        return
    with pytest.raises(Refused) as refused:
        notice_settings.check_notices(said)
    assert refused.value.values["reason"] == "notices.remind_minutes"


def test_an_address_that_is_not_ascii_is_in_no_header() -> None:
    content = reminder.compose(Reminder("jérôme@labo.example", DOMAIN, "N7", 1, 3, 0))
    assert content.isascii()
    assert b"To: undisclosed-recipients:;" in content
