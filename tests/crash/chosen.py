"""What the tests run of all points: every one on the embedded default, a draw elsewhere.

All of them on all engines take a quarter of an hour: `make crash` has it (docs/crash.md).
"""

from __future__ import annotations

import os
import random
from typing import Final

from crash.engines import EMBEDDED, ENGINES, Engines
from crash.points import Point, service_points

# Another number draws other points: SOUSPLI_CRASH_SEED=7 make test.
SEED: Final = int(os.environ.get("SOUSPLI_CRASH_SEED", "0"))


def chosen(engines: Engines) -> tuple[Point, ...]:
    """Return every point of the embedded default; elsewhere one for each step."""
    points = service_points(engines)
    if engines == EMBEDDED:
        return points
    draw = random.Random(f"{SEED} {engines}")  # noqa: S311  (no secret)
    steps = dict.fromkeys(point.step for point in points)
    return tuple(draw.choice([one for one in points if one.step == step]) for step in steps)


CHOSEN: Final = tuple((engines, point) for engines in ENGINES for point in chosen(engines))
