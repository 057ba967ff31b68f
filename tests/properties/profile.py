"""How many examples a property is tried on.

Every run takes the same few examples, so that a failure can be seen again. A long one
takes that many times as many, drawn anew each time:

    SOUSPLI_PROPERTY_FACTOR=50 .venv/bin/python -m pytest tests/properties
"""

import os

from hypothesis import HealthCheck, settings

_FACTOR = int(os.environ.get("SOUSPLI_PROPERTY_FACTOR", "1"))


def examples(count: int) -> settings:
    """Return the settings of a property that is to be tried on `count` examples."""
    return settings(
        max_examples=count * _FACTOR,
        derandomize=_FACTOR == 1,
        database=None,
        deadline=None,  # the machine may have other work
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
