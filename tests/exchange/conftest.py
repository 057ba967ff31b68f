"""What the exchange's tests share: keys are slow to make, so made once."""

import pytest
from exchange.people import Practice, make_practice


@pytest.fixture(scope="session")
def practice() -> Practice:
    return make_practice()


@pytest.fixture(scope="session")
def stranger() -> Practice:
    return make_practice()
