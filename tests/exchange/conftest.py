"""What the exchange's tests share: keys are slow to make, so made once."""

import pytest
from exchange.people import Practice, make_practice
from exchange.sealed_world import Sent, seal, sources_of
from exchange.world import World


@pytest.fixture(scope="session")
def practice() -> Practice:
    return make_practice()


@pytest.fixture(scope="session")
def stranger() -> Practice:
    return make_practice()


@pytest.fixture
def world(practice: Practice) -> World:
    return World(practice)


@pytest.fixture(scope="session")
def sent(practice: Practice) -> Sent:
    return seal(practice, sources_of({"a.txt": b"text " * 50, "é.txt": b""}))


@pytest.fixture(scope="session")
def other(practice: Practice) -> Sent:
    return seal(practice, sources_of({"a.txt": b"text " * 50, "é.txt": b""}))
