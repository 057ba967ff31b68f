"""Connections of which calls fail: before, or after, they were applied."""

from enum import Enum, auto
from typing import Any

from souspli_exchange.port_errors import UnavailableError


class Fault(Enum):
    """What a passing fault leaves behind."""

    NOT_APPLIED = auto()
    APPLIED = auto()
    """Applied, and reported as failed."""


class Broken:
    """A connection of which the calls in `faults` fail, counted from 0 over all methods."""

    def __init__(self, connection: Any, faults: dict[int, Fault]) -> None:
        self._connection = connection
        self._faults = faults
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            fault = self._faults.get(len(self.calls))
            self.calls.append(name)
            if fault is Fault.NOT_APPLIED:
                raise UnavailableError("no answer")
            answer = await method(*arguments, **named)
            if fault is Fault.APPLIED:
                raise UnavailableError("the line broke")
            return answer

        return call
