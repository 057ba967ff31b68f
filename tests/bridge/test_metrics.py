"""The page that tells operators of metrics names those that there are."""

from __future__ import annotations

import re
from pathlib import Path

from souspli_cli.bridge.ledger_rows import Counts, State
from souspli_cli.bridge.metrics import BridgeMetrics
from souspli_cli.bridge.notices.rows import Kind, NoticeState
from souspli_cli.bridge.standing import SpoolStanding, Standing

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_page_lists_every_metric_and_no_other() -> None:
    families = re.findall(r"^# TYPE (\w+)", BridgeMetrics().text().decode(), re.MULTILINE)
    written = re.findall(r"`(souspli_bridge_\w+)`", PAGE.read_text(encoding="utf-8"))
    assert set(written) == {one for one in families if "_process_" not in one}


def test_gauges_are_what_was_looked_up() -> None:
    metrics = BridgeMetrics()
    counts = Counts({State.WAITING: 3}, oldest_waiting=40)
    notices = {(Kind.FAILED, NoticeState.REFUSED): 2}
    metrics.set_standing(Standing(counts, notices), now=100)
    metrics.set_spool(SpoolStanding(5, ("A" * 16,)), free_bytes=6)
    metrics.set_reachable(is_reachable=False)
    lines = metrics.text().decode().splitlines()
    assert {
        'souspli_bridge_documents{state="waiting"} 3.0',
        'souspli_bridge_documents{state="failed"} 0.0',
        "souspli_bridge_oldest_waiting_seconds 60.0",
        'souspli_bridge_notices{kind="failed",state="refused"} 2.0',
        "souspli_bridge_spool_bytes 5.0",
        "souspli_bridge_damaged_mails 1.0",
        "souspli_bridge_disk_free_bytes 6.0",
        "souspli_bridge_service_reachable 0.0",
    } <= set(lines)
