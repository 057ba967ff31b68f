"""Reading a JSON object whose list of fields is closed (encoding.md §3, «Schemas»)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar, cast

from souspli_keys.canonical import MAX_BYTES, MAX_INTEGER
from souspli_keys.errors import SchemaError
from souspli_keys.values import HASH_BYTES, ID_BYTES, check_hex, decode_base64

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def read_object(value: object, read: Callable[["Fields"], T]) -> T:
    """Return what `read` makes of the object's fields, each of them taken once.

    Raises SchemaError if `value` is no object, if `read` asks for a field that is
    missing or has another type, or if it leaves a field untaken. SpellingError comes
    from the values themselves. Values are those of `canonical.decode`.
    """
    if not isinstance(value, Mapping):
        raise SchemaError("no object where one belongs")
    fields = Fields(cast("Mapping[str, object]", value))
    result = read(fields)
    fields.refuse_the_rest()
    return result


class Fields:
    """The fields of one object, to be taken by name. Made by `read_object`.

    Every method raises SchemaError for a field that is missing or was taken before.
    The texts of errors hold names of fields, never values.
    """

    def __init__(self, value: Mapping[str, object]) -> None:
        self._left = dict(value)

    def take(self, name: str) -> object:
        """Return the field as it was parsed, whatever its type."""
        if name not in self._left:
            raise SchemaError(f"field {name} is missing")
        return self._left.pop(name)

    def text(self, name: str, *, most: int, least: int = 1) -> str:
        """Return a text of `least` to `most` characters (Unicode code points)."""
        value = self.take(name)
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise SchemaError(f"field {name} is no text of {least} to {most} characters")
        return value

    def integer(self, name: str, *, least: int = 0, most: int = MAX_INTEGER) -> int:
        """Return an integer from `least` to `most`; a boolean is none."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise SchemaError(f"field {name} is no integer from {least} to {most}")
        return value

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise SchemaError(f"field {name} is neither true nor false")
        return value

    def constant(self, name: str, expected: str | int | None) -> None:
        """Take a field that can hold one value only."""
        value = self.take(name)
        # The type as well: in Python True == 1.
        if type(value) is not type(expected) or value != expected:
            raise SchemaError(f"field {name} is not {expected}")

    def choice(self, name: str, choices: type[E]) -> E:
        """Return the member of a text enumeration."""
        value = self.take(name)
        for choice in choices:
            if value == choice.value:
                return choice
        raise SchemaError(f"field {name} is none of the words it may be")

    def id(self, name: str) -> str:
        """Return a 128-bit id or salt, 32 hexadecimal digits."""
        return check_hex(self.text(name, most=2 * ID_BYTES), length=ID_BYTES)

    def hash(self, name: str) -> str:
        """Return a SHA-256 hash, 64 hexadecimal digits."""
        return check_hex(self.text(name, most=2 * HASH_BYTES), length=HASH_BYTES)

    def base64(self, name: str, *, length: int) -> bytes:
        """Return `length` bytes that were written as base64."""
        value = self.take(name)
        if not isinstance(value, str):
            raise SchemaError(f"field {name} is no text")
        return decode_base64(value, length=length)

    def list(self, name: str, *, least: int = 0, most: int = MAX_BYTES) -> list[object]:
        """Return the items of a list, still to be read.

        More than the default `most` fit into no canonical JSON.
        """
        value = self.take(name)
        if isinstance(value, list):
            items = cast("list[object]", value)
            if least <= len(items) <= most:
                return items
        raise SchemaError(f"field {name} is no list of {least} to {most} items")

    def parsed(self, name: str, parse: Callable[[object], T]) -> T:
        """Return what another parser makes of the field."""
        return parse(self.take(name))

    def or_null(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return None for `null`, else what `read`, a method of this object, returns."""
        if name in self._left and self._left[name] is None:
            self.take(name)
            return None
        return read(name)

    def refuse_the_rest(self) -> None:
        """Raise SchemaError if a field was not taken: it is unknown."""
        if self._left:
            # Its name comes from outside and may be anything.
            raise SchemaError("an unknown field")
