"""How much memory mails on their way may take together."""

from __future__ import annotations

from souspli_cli.bridge.errors import NoRoomError


class Memory:
    """A number of bytes, shared by all connections of one loop."""

    def __init__(self, *, most_bytes: int) -> None:
        self._left = most_bytes

    def share(self) -> Share:
        """Give one mail's part, which holds nothing yet."""
        return Share(self)

    def take(self, count: int) -> None:
        """Take some; NoRoomError, and nothing taken, if there is not as much left."""
        if count > self._left:
            raise NoRoomError("too many mails at once")
        self._left -= count

    def give_back(self, count: int) -> None:
        """Give some back."""
        self._left += count


class Share:
    """What one mail holds; grows, and is given back whole."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held = 0

    def grow_to(self, count: int) -> None:
        """Hold at least as many bytes; NoRoomError if there is no room."""
        if count > self._held:
            self._memory.take(count - self._held)
            self._held = count

    def give_back(self) -> None:
        """Hold nothing any more."""
        self._memory.give_back(self._held)
        self._held = 0
