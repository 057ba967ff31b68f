"""Each write broken twice: not applied, and applied but reported failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crash.engines import ENGINES
from crash.points import BROKEN_WRITES

if TYPE_CHECKING:
    from crash.story import Outcome


@pytest.mark.parametrize("point", BROKEN_WRITES, ids=str)
@pytest.mark.parametrize("engines", ENGINES, ids=str)
def test_a_broken_write_breaks_no_promise(outcome: Outcome) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.lives == 1
    assert outcome.broken == []
