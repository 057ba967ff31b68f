"""What all classes that hold a secret have in common."""

from typing import NoReturn


class Secret:
    """Prints as `…`, and can be neither pickled nor copied.

    Python can't wipe memory: a secret lives as short as its holder, and the holder
    is passed on, not its bytes. Two secrets are equal only if they are the same
    object, so that nothing compares them byte by byte.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, _: str, /) -> str:
        return repr(self)

    def __reduce_ex__(self, _: object, /) -> NoReturn:
        raise TypeError("a secret is not written out")
