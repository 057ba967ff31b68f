"""Every reason for which a mail does not arrive has its words."""

from __future__ import annotations

from souspli_cli.bounces import TEXTS, bounce_text
from souspli_mailbox.bounce_reasons import BounceReason


def test_every_reason_of_the_service_has_a_text() -> None:
    assert TEXTS.keys() == {reason.value for reason in BounceReason}


def test_a_reason_of_a_later_service_is_told_as_any_other() -> None:
    assert bounce_text("moon-phase") == bounce_text(None) == bounce_text("other")
