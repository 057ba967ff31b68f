"""A few hundred mails through a bridge and a service that are killed: `make chaos` has more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chaos.run import Plan, chaos

if TYPE_CHECKING:
    from pathlib import Path

SEED = int(os.environ.get("SOUSPLI_CHAOS_SEED", "1"))


def test_every_mail_that_was_answered_250_is_read_once_by_its_recipient(tmp_path: Path) -> None:
    plan = Plan(300, bridge_kills=4, service_kills=1, seed=SEED, patients=3, processes=1, readers=1)
    ran = chaos(plan, tmp_path)
    assert [str(one) for one in ran.verdict.broken] == []
    assert ran.verdict.counts["mails"] == 300
    assert ran.verdict.counts["delivered"] > 250
    assert {name: len(times) for name, times in ran.away.items()} == {"bridge": 4, "service": 1}
