"""What a vector says of a statement: that it holds, or for which reason it does not."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from vectors.reader import Vector

from souspli_keys.errors import StatementError

_Verified = TypeVar("_Verified")


def verdict(vector: Vector, verify: Callable[[], _Verified]) -> _Verified | None:
    """Return what was verified, if the vector says that it holds.

    None once it was refused for the vector's reason; anything else fails the test.
    """
    if vector.accepted:
        return verify()
    with pytest.raises(StatementError) as refused:
        verify()
    assert refused.value.reason == vector.text("reason")
    return None
