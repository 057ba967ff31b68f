"""The worklist has words for each reason that the service gives for a bounce."""

from __future__ import annotations

from souspli_cli.worklist_rules import Bounce
from souspli_mailbox.bounce_reasons import BounceReason


def test_every_reason_of_the_service_is_one_of_the_worklist_s() -> None:
    assert {one.value for one in BounceReason} == {one.value for one in Bounce}
