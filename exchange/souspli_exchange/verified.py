"""Proofs that only the checking code can give out.

A value of a type that carries a `Proof` can't be made by hand by mistake: whoever
holds one knows that the check has been made. (On purpose everything is possible in
Python; this is against forgetting, not against malice.)
"""

from typing import Final

from souspli_exchange.errors import ExchangeUsageError


class Proof:
    """A token compared by identity."""

    __slots__ = ()

    def check(self) -> None:
        """Raise ExchangeUsageError unless this is the one token there is."""
        if self is not VERIFIED_HERE:
            raise ExchangeUsageError("only the code that verifies may make this")

    def __repr__(self) -> str:
        return "Proof()"


VERIFIED_HERE: Final = Proof()
"""To be named only where a check has just succeeded."""
