"""Two `souspli purge --now` at once, as programs, on one database and one store."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from simulation.purging import DATA, END, PART, PurgeWorld
from simulation.rows import Rows

from souspli_mailbox.store import open_blobs

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.databases import Place

LETTERS = 24


def test_two_programs_at_once_purge_each_letter_once(
    place: Place, rows: Rows, tmp_path: Path
) -> None:
    world = PurgeWorld(rows)
    blobs = open_blobs(place.service)
    for number in range(LETTERS):
        world.rows.deliver(
            world.practice,
            *(
                (one.invitation_id, one.claim_fingerprint)
                for one in [rows.invite(world.practice, f"p{number}@example.org")]
            ),
        )
    for (key,) in world.all("SELECT object_key FROM deposits"):
        blobs.begin(key)
        blobs.put_part(key, 0, DATA, PART.sha256)
        blobs.complete(key, [PART])
    ahead = tmp_path / "ahead"
    ahead.write_text(str(END + 60 - time.time()))
    words = ("purge", "--now", "--clock-is-right", "--json")
    line = [sys.executable, "-m", "souspli_cli.later", str(ahead), *words]
    programs = [
        subprocess.Popen(
            line,
            env=place.environment | {"HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [(*program.communicate(timeout=300), program.returncode) for program in programs]
    # Who is ready first may see what the other has not ended yet, and says so.
    assert all(code in {0, 1} and "Traceback" not in err for _, err, code in said), said
    assert min(code for *_, code in said) == 0, said
    done = [json.loads(out) for out, _, _ in said]
    assert all(
        (code == 0) == (one["resisting"] == 0) for one, (*_, code) in zip(done, said, strict=True)
    )
    assert world.one("SELECT count(*) FROM purges WHERE ended_at IS NOT NULL") == LETTERS
    assert world.one("SELECT sum(objects_deleted) FROM purges") == LETTERS
    assert world.one("SELECT sum(deliveries) FROM purges") == LETTERS
    assert world.one("SELECT count(*) FROM invitations WHERE address IS NOT NULL") == 0
    assert world.one("SELECT sealed_bytes FROM organisation_usage") == 0
    assert world.one("SELECT count(*) FROM service_facts WHERE fact = 'purged-since'") == 0
    assert list(blobs.objects()) == []
