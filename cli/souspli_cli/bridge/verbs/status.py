"""``souspli bridge status``: whether it runs, what waits, and what needs somebody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from souspli_cli import clock
from souspli_cli.bridge.beside import opened
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.errors import Refused
from souspli_cli.terminal import Terminal
from souspli_cli.verb import profile_options, verb

if TYPE_CHECKING:
    from souspli_cli.bridge.standing import SpoolStanding, Standing

_MIB: Final = 1024**2


@verb("bridge_status", name="status")
@profile_options
def status(terminal: Terminal, *, folder: Path | None, passphrase_file: Path | None) -> None:
    """Look at ledger, spool, disk and service; nothing is changed."""
    from souspli_cli.bridge import sent_findings, standing  # noqa: PLC0415  (SQLAlchemy: 0.3 s)
    from souspli_cli.bridge.letters.kept import KeptLetters  # noqa: PLC0415  (as above)

    with opened(terminal, folder, passphrase_file) as bridge:
        stands = standing.look(bridge.database)
        noticed = bridge.database.read_now(sent_findings.count, now=clock.now())
        files = standing.look_at_spool(bridge.database, bridge.spool)
        secret = bridge.account.device.unlocker.secret_bytes()
        letters = KeptLetters(bridge.place.letters, secret).count()
    runs = standing.is_running(bridge.place.lock)
    room = standing.room(bridge.place.spool, reserve_bytes=_reserve_bytes(bridge.place.settings))
    free = standing.free_bytes(bridge.place.path)
    reachable = asyncio.run(standing.is_reachable(bridge.account.profile))
    terminal.show("bridge.runs" if runs else "bridge.runs_not")
    terminal.show("bridge.service_there" if reachable else "bridge.service_away")
    _show(terminal, stands, files)
    if noticed:
        terminal.show("bridge.findings_recent", count=noticed)
    if letters:
        terminal.show("bridge.letters_waiting", count=letters)
    terminal.show("bridge.free", count=free // _MIB)
    if room is standing.Room.NONE:
        terminal.show("bridge.room_none")
    elif room is standing.Room.LITTLE:
        terminal.show("bridge.room_little")
    terminal.give(
        {
            "running": runs,
            "service_reachable": reachable,
            **_as_json(stands, files),
            "sent_with_findings": noticed,
            "letters_waiting": letters,
            "free_bytes": free,
            "room": room.value,
        }
    )


def _reserve_bytes(path: Path) -> int:
    from souspli_cli.bridge import settings  # noqa: PLC0415  (not for --help)

    try:
        return settings.read(path).limits.free_bytes
    except Refused:  # said by `run`, which then does not start
        return settings.Limits().free_bytes


def _show(terminal: Terminal, stands: Standing, files: SpoolStanding) -> None:
    for state in State:
        count = stands.counts.by_state.get(state, 0)
        terminal.show(f"bridge.state_{state.value.replace('-', '_')}", count=count)
    if stands.counts.oldest_waiting is not None:
        minutes = max(0, clock.now() - stands.counts.oldest_waiting) // 60
        terminal.show("bridge.oldest", minutes=minutes)
    if files.damaged:
        terminal.show("bridge.damaged", count=len(files.damaged))
    waiting, not_sent = _notices(stands)
    if waiting:
        terminal.show("bridge.notices_waiting", count=waiting)
    if not_sent:
        terminal.show("bridge.notices_not_sent", count=not_sent)


def _as_json(stands: Standing, files: SpoolStanding) -> dict[str, object]:
    waiting, not_sent = _notices(stands)
    return {
        "documents": {state.value: stands.counts.by_state.get(state, 0) for state in State},
        "oldest_waiting": stands.counts.oldest_waiting,
        "damaged": list(files.damaged),
        "notices": {"waiting": waiting, "not_sent": not_sent},
        "spool_bytes": files.bytes,
    }


def _notices(stands: Standing) -> tuple[int, int]:
    """Give how many notices are still to be sent, and how many never are."""
    from souspli_cli.bridge.notices.rows import NoticeState  # noqa: PLC0415  (as above)

    of = {
        wanted: sum(count for (_, state), count in stands.notices.items() if state is wanted)
        for wanted in NoticeState
    }
    return of[NoticeState.DUE], of[NoticeState.REFUSED] + of[NoticeState.NOBODY]
